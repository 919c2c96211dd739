import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { endlessFault } from '../core/regular-file.ts';

/** The text of a file; undefined when there is none. Every other failure throws. */
export function readIfPresent(file: string): string | undefined {
  try {
    const fault = endlessFault(statSync(file));
    if (fault !== undefined) throw new Error(`${file}: ${fault}`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Replaces a file as a whole: a reader sees the old text or the new one, a crash leaves the old one. `mode` holds from
 * the first byte, so that a key is never readable by others, not even for a moment.
 */
export function writeAtomically(file: string, text: string, mode: number): void {
  makeDirectories(dirname(file));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode, flag: 'wx' });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * A directory with those above it. Node's own way to do this never ends where the system says that a directory which is there is missing,
 * as it does below /proc.
 */
export function makeDirectories(directory: string, mode = 0o777): void {
  if (isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory && !existsSync(parent)) makeDirectories(parent, mode);
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    // Somebody else may have been faster.
    if (!isDirectory(directory)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
