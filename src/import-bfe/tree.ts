import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readFault } from '../config/include.ts';
import { Fields } from './fields.ts';
import { shown } from './located.ts';
import { readIni } from './read-ini.ts';
import { readJson, TextFault } from './read-json.ts';
import type { Place, Report } from './report.ts';

/** 20,000 clusters with a few settings each; two seconds of reading. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** All files together. */
const MAX_TREE_BYTES = 32 * 1024 * 1024;
/** Names of one directory that are looked at. */
const MAX_NAMES = 1000;

/** What a missing file means: BFE cannot do without it, it is reported as dropped, or nobody misses it. */
type Need = 'required' | 'expected' | 'optional';

/** The files below BFE's conf directory. Whatever is wrong with one is in the report; nothing throws. */
export class Tree {
  readonly #root: string;
  readonly #report: Report;
  #bytesLeft = MAX_TREE_BYTES;

  constructor(root: string, report: Report) {
    this.#root = root;
    this.#report = report;
  }

  /** Absolute, of a name that is relative to the conf directory, as BFE takes it. */
  path(name: string): string {
    return resolve(this.#root, name);
  }

  /** How the report calls a file. */
  shown(name: string): string {
    return name.startsWith('/') ? name : join(this.#root, name);
  }

  ini(name: string, need: Need): Fields | undefined {
    return this.#fields(name, need, readIni);
  }

  json(name: string, need: Need): Fields | undefined {
    return this.#fields(name, need, readJson);
  }

  /** Undefined after it was reported. `at`: where the file is named. */
  text(name: string, need: Need, at?: Place): string | undefined {
    const read = this.#read(name);
    if (typeof read !== 'string') return read.toString('utf8');
    const isMissing = read === MISSING;
    const place = at ?? { file: this.shown(name), line: 0 };
    const what = at === undefined ? read : `${shown(name)}: ${read}`;
    if (!isMissing || need === 'required') this.#report.error(place, what);
    else if (need === 'expected') this.#report.dropped(place, `${what}; BFE would not start without it`);
    return undefined;
  }

  exists(name: string): boolean {
    try {
      closeSync(openSync(this.path(name), FLAGS));
      return true;
    } catch {
      return false;
    }
  }

  /** Names in a directory, sorted; none when it cannot be read. */
  names(directory: string): readonly string[] {
    try {
      return readdirSync(this.path(directory)).toSorted().slice(0, MAX_NAMES);
    } catch {
      return [];
    }
  }

  #fields(name: string, need: Need, read: typeof readJson): Fields | undefined {
    const text = this.text(name, need);
    if (text === undefined) return undefined;
    const file = this.shown(name);
    const node = read(text, file);
    if (!(node instanceof TextFault)) return new Fields(node, name, this.#report);
    this.#report.error({ file, line: node.line }, node.message);
    return undefined;
  }

  /** The octets, or a sentence about why not. */
  #read(name: string): Buffer | string {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(this.path(name), FLAGS);
      const { size } = fstatSync(descriptor);
      if (!fstatSync(descriptor).isFile()) return 'it is not a regular file';
      if (size > MAX_FILE_BYTES) return `it is larger than ${MAX_FILE_BYTES >> 20} MiB`;
      if (size > this.#bytesLeft) return `all files together are larger than ${MAX_TREE_BYTES >> 20} MiB`;
      const octets = Buffer.alloc(size);
      let filled = 0;
      for (let read = -1; read !== 0 && filled < size; filled += read)
        read = readSync(descriptor, octets, filled, size - filled, filled);
      this.#bytesLeft -= filled;
      return octets.subarray(0, filled);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ELOOP') return 'its symbolic links lead in a circle';
      return code === 'ENOENT' || code === 'ENOTDIR' ? MISSING : readFault(error);
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }
}

const MISSING = 'no such file';

/** A pipe that nobody writes to must not hold us up. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
