import { dirname, join, resolve } from 'node:path';
import { systemReason } from '../core/sentence-of.ts';
import { showValue } from './leaf.ts';
import { type Complaint, complain, type Path, type Problem } from './problem.ts';
import { isMapping, memberOf } from './raw.ts';
import { type Source, TextSource } from './source-file.ts';

/** An include within an include within … deeper than this is a maze, or a generator gone wrong. */
export const MAX_INCLUDE_DEPTH = 8;
/** Files in all. One file per tenant is a fair way to work; more of them than this belong into fewer files. */
export const MAX_INCLUDED_FILES = 1000;
/** Characters of one file; 10,000 tenants are 2.5 million. */
const MAX_FILE_LENGTH = 64 * 1024 * 1024;

/**
 * The content of a file; throws as node:fs does. `path`: where the configuration names it, as one more piece of itself (`isInclude`) or as
 * something else; absent: it is the configuration. `noteMark`: may be told the file's mark (core/file-mark.ts) as of that content.
 */
export type ReadFile = (file: string, path?: Path, noteMark?: (mark: string) => void) => string;

/** Whether what is named there is a piece of the configuration. */
export function isInclude(path: Path): boolean {
  return path[0] === 'include';
}

export interface Gathered {
  /** The given source first, then what it includes, in order of mention. */
  readonly sources: readonly [Source, ...Source[]];
  readonly problems: readonly Problem[];
  /** False when some file, or the rest of one, could not be had: then what is missing may be there. */
  readonly isWhole: boolean;
}

/** Reads everything that `root` includes; problems of the texts themselves, the root's too, are among `problems`. `file`: its absolute path, which nothing may include again. */
export function gatherIncludes(root: Source, file: string, readFile: ReadFile): Gathered {
  const sources: [Source, ...Source[]] = [root];
  const problems: Problem[] = [...root.problems];
  let isOpen = true;
  const seen = new Map([[file, root.name]]);

  const follow = (source: Source, depth: number): void => {
    for (const mention of mentionsOf(source)) {
      const fault = 'message' in mention ? mention : open(source, mention, depth);
      if (fault === undefined) continue;
      isOpen = false;
      problems.push(source.problemAt(fault));
    }
  };
  const open = (from: Source, { path, named }: Mention, depth: number): Complaint | undefined => {
    const target = resolve(from.directory, named);
    const earlier = seen.get(target);
    if (earlier !== undefined)
      return complain(path, `${showValue(named)} is read already, as ${earlier}`, 'include every file once');
    if (depth > MAX_INCLUDE_DEPTH)
      return complain(path, `includes are nested more than ${MAX_INCLUDE_DEPTH} deep`);
    if (sources.length > MAX_INCLUDED_FILES)
      return complain(path, `more than ${MAX_INCLUDED_FILES} files are included`);
    const name = join(dirname(from.name), named);
    seen.set(target, name);
    const source = openText(target, name, readFile, path);
    if (typeof source === 'string') return complain(path, `cannot read ${name}: ${source}`);
    sources.push(source);
    problems.push(...source.problems);
    if (!isMapping(source.data) && source.data !== null && source.brokenLine === Number.POSITIVE_INFINITY) {
      problems.push(
        source.problemAt(complain([], `expected a mapping, but found ${showValue(source.data)}`)),
      );
    }
    follow(source, depth + 1);
    return undefined;
  };

  follow(root, 1);
  const isWhole = isOpen && sources.every(({ brokenLine }) => brokenLine === Number.POSITIVE_INFINITY);
  return { sources, problems, isWhole };
}

/** A configuration file, or why it cannot be read. `path`: where another one names it. */
export function openText(file: string, name: string, readFile: ReadFile, path?: Path): TextSource | string {
  let text: string;
  try {
    text = readFile(file, path);
  } catch (error) {
    return readFault(error);
  }
  if (text.length > MAX_FILE_LENGTH) return `it is larger than ${MAX_FILE_LENGTH >> 20} MiB`;
  return new TextSource(text, name, dirname(file));
}

/** What a failed read means to people. */
export function readFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return (
    READ_FAULTS.get(code) ?? systemReason(code) ?? (error instanceof Error ? error.message : String(error))
  );
}

const READ_FAULTS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file'],
  ['ENOTDIR', 'no such file'],
  ['ERR_ENCODING_INVALID_ENCODED_DATA', 'it is not UTF-8'],
]);

interface Mention {
  readonly path: Path;
  readonly named: string;
}

function mentionsOf(source: Source): (Mention | Complaint)[] {
  if (!isMapping(source.data) || !Object.hasOwn(source.data, 'include')) return [];
  const include = memberOf(source.data, 'include');
  if (Array.isArray(include)) return include.map((named, i) => mention(named, ['include', i]));
  return [mention(include, ['include'])];
}

function mention(named: unknown, path: Path): Mention | Complaint {
  if (typeof named !== 'string' || named === '') {
    return complain(path, `expected a file name or a list of them, but found ${showValue(named)}`);
  }
  return /[*?]/.test(named)
    ? complain(path, 'patterns are not read here', 'name each file')
    : { path, named };
}
