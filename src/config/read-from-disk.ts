import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { fileMark } from '../core/file-mark.ts';
import { endlessFault } from '../core/regular-file.ts';
import { isInclude } from './include.ts';
import type { Path } from './problem.ts';

/**
 * The configuration and what it includes as text, which throws where it is not UTF-8; what else it names as octets (latin-1), because
 * that is PEM, which is ASCII, or binary. `noteMark`: is told the mark of a named file as it was before it was read, where a later
 * change cannot fail to change that.
 */
export function readFromDisk(file: string, path?: Path, noteMark?: (mark: string) => void): string {
  // A pipe is welcome here: `-c <(…)`, `-c /dev/stdin`.
  if (path === undefined) return UTF_8.decode(readFileSync(file));
  if (isInclude(path)) return UTF_8.decode(readWhole(file));
  return readSmall(file, noteMark) ?? readFileSync(file, 'latin1');
}

function readWhole(file: string): Buffer {
  const descriptor = openSync(file, AT_ONCE);
  try {
    statusOfFile(descriptor);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Into memory of ours: ten thousand certificates and keys are read at a start. Undefined: it is a directory, or large, or being written. */
function readSmall(file: string, noteMark: ((mark: string) => void) | undefined): string | undefined {
  const descriptor = openSync(file, AT_ONCE);
  try {
    const stats = statusOfFile(descriptor);
    if (stats.isDirectory() || stats.size >= BUFFER.length) return undefined;
    const length = readSync(descriptor, BUFFER, 0, BUFFER.length, null);
    if (BigInt(length) !== stats.size) return undefined;
    if (hasRested(stats)) noteMark?.(fileMark(stats));
    return BUFFER.toString('latin1', 0, length);
  } finally {
    closeSync(descriptor);
  }
}

function statusOfFile(descriptor: number): BigIntStats {
  const stats = fstatSync(descriptor, { bigint: true });
  const fault = endlessFault(stats);
  if (fault !== undefined) throw new Error(fault);
  return stats;
}

/** File systems count time in ticks: what has just changed may change again within the same one. */
function hasRested({ ctimeMs }: BigIntStats): boolean {
  return Date.now() - Number(ctimeMs) > REST_MS;
}

/** A letter of another encoding would become U+FFFD in a name or an answer, without a word. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BUFFER = Buffer.allocUnsafeSlow(65_536);
/** A pipe that nobody writes is not waited for: a reload would hold up the primary. */
const AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;
/** The coarsest tick there is is that of FAT. */
const REST_MS = 2000;
