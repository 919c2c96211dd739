import type { RefusedFiles, RenewableSettings, Renewal } from '../core/renewable-settings.ts';
import type { ReadFile } from './include.ts';
import type { LoadResult, NamedFile } from './load.ts';
import { formatProblems, type Problem } from './problem.ts';
import { readFromDisk } from './read-from-disk.ts';

/** Loads one configuration, always the same one, from files that are had by `readFile`. */
export type Load = (readFile: ReadFile) => LoadResult;

export type RenewableResult =
  | { readonly ok: true; readonly renewable: RenewableSettings; readonly result: GoodResult }
  | BadResult;

type GoodResult = Extract<LoadResult, { ok: true }>;
type BadResult = Extract<LoadResult, { ok: false }>;

/**
 * Loads a configuration, and keeps the text of every file. With that the files it names (certificates, keys …) can be read
 * anew later on without the configuration, which may be half-way through a change of somebody's at that time.
 */
export function loadRenewable(load: Load, readFile: ReadFile = readFromDisk): RenewableResult {
  const texts = new Map<string, string>();
  const marks = new Map<string, string>();
  const result = load((file, path) => {
    const text = readFile(file, path, (mark) => marks.set(file, mark));
    texts.set(file, text);
    return text;
  });
  if (!result.ok) return result;
  return { ok: true, result, renewable: renewable(load, readFile, { texts, result }, marks) };
}

/** By absolute path; the error where a file cannot be read. */
type Texts = ReadonlyMap<string, string | Error>;

interface Known {
  readonly texts: Texts;
  readonly result: GoodResult;
}

function renewable(
  load: Load,
  readFile: ReadFile,
  known: Known,
  marks: ReadonlyMap<string, string>,
): RenewableSettings {
  const { settings, warnings, named } = known.result;
  const files = [...new Set(named.map(({ file }) => file))];
  return {
    settings,
    warnings: formatProblems(warnings),
    files,
    marks,
    renew(changed: ReadonlySet<string>): Renewal {
      const looked = groupsOf(named).filter((group) => group.some((file) => changed.has(file)));
      const fresh = readAnew(new Set(looked.flat()), readFile);
      const groups = looked.filter((group) =>
        group.some((file) => hasChanged(known.texts.get(file), fresh.get(file))),
      );
      if (groups.length === 0) return { renewed: undefined, refused: [] };
      const refused: RefusedFiles[] = [];
      const renewed = adopt(load, known, fresh, groups, refused);
      return {
        renewed: renewed === known ? undefined : renewable(load, readFile, renewed, new Map()),
        refused,
      };
    },
  };
}

/** Each file once, so that all attempts below see the same. */
function readAnew(files: Iterable<string>, readFile: ReadFile): Texts {
  const fresh = new Map<string, string | Error>();
  for (const file of files) {
    try {
      fresh.set(file, readFile(file, []));
    } catch (error) {
      fresh.set(file, error as Error);
    }
  }
  return fresh;
}

/** The files of each place of the configuration that names some; many places may name the same files. */
function groupsOf(named: readonly NamedFile[]): string[][] {
  return [...new Map(Array.from(filesAt(named).values(), (files) => [keyOf(files), [...files]])).values()];
}

function filesAt(named: readonly NamedFile[]): Map<string, Set<string>> {
  const byPlace = new Map<string, Set<string>>();
  for (const { file, place } of named) {
    const files = byPlace.get(place);
    if (files === undefined) byPlace.set(place, new Set([file]));
    else files.add(file);
  }
  return byPlace;
}

/** The same for groups of the same files. */
function keyOf(files: Iterable<string>): string {
  return [...files].join('\n');
}

/** A file that cannot be read is as it was when it could not be read before. */
function hasChanged(before: string | Error | undefined, now: string | Error | undefined): boolean {
  return typeof now === 'string' ? now !== before : typeof before === 'string';
}

/**
 * As many of the groups as can be had. Those that the complaints lie in are taken out in one go: when a directory is gone, all of them
 * are bad, and a load takes a second where there are ten thousand. What no group is blamed for is found by halving.
 */
function adopt(
  load: Load,
  known: Known,
  fresh: Texts,
  groups: readonly string[][],
  refused: RefusedFiles[],
): Known {
  if (groups.length === 0) return known;
  const texts = new Map(known.texts);
  for (const file of groups.flat()) texts.set(file, fresh.get(file)!);
  const result = load((file) => textOf(texts, file));
  // An isolated tenant would be left out for a bad file; it has a good one, which is kept.
  if (result.ok && result.leftOut.every((name) => known.result.leftOut.includes(name)))
    return { texts, result };
  const blamed = result.ok ? [] : blame(result.problems, groups, known.result.named);
  if (blamed.length > 0) {
    for (const { files, own } of blamed) refused.push({ files, report: formatProblems(own) });
    const bad = new Set(blamed.map(({ files }) => files));
    const others = groups.filter((group) => !bad.has(group));
    return adopt(load, known, fresh, others, refused);
  }
  if (groups.length === 1) {
    const problems = result.ok ? result.warnings : result.problems;
    refused.push({ files: groups[0]!, report: formatProblems(problems) });
    return known;
  }
  const middle = groups.length >> 1;
  const first = adopt(load, known, fresh, groups.slice(0, middle), refused);
  return adopt(load, first, fresh, groups.slice(middle), refused);
}

interface Blamed {
  readonly files: string[];
  readonly own: readonly Problem[];
}

/** The groups that are named where a problem lies, with their problems. */
function blame(
  problems: readonly Problem[],
  groups: readonly string[][],
  named: readonly NamedFile[],
): Blamed[] {
  const byKey = new Map(groups.map((group) => [keyOf(group), group]));
  const groupAt = new Map<string, string[]>();
  for (const [place, files] of filesAt(named)) {
    const group = byKey.get(keyOf(files));
    if (group !== undefined) groupAt.set(place, group);
  }
  const blamed = new Map<string[], Problem[]>();
  for (const problem of problems) {
    const group = innermost(problem.path, groupAt);
    if (group === undefined) continue;
    const own = blamed.get(group);
    if (own === undefined) blamed.set(group, [problem]);
    else own.push(problem);
  }
  return groups.flatMap((files) => {
    const own = blamed.get(files);
    return own === undefined ? [] : [{ files, own }];
  });
}

/** What is there for `certificates[0].cert`, or `certificates[0]`, and so on outwards. */
function innermost<T>(path: string, at: ReadonlyMap<string, T>): T | undefined {
  for (let place = path; place !== ''; ) {
    const found = at.get(place);
    if (found !== undefined) return found;
    place = place.slice(0, Math.max(place.lastIndexOf('.'), place.lastIndexOf('['), 0));
  }
  return undefined;
}

function textOf(texts: Texts, file: string): string {
  const text = texts.get(file);
  if (typeof text === 'string') return text;
  throw text ?? Object.assign(new Error('not read before'), { code: 'ENOENT' });
}
