import { type Complaint, complain, complainAboutKey, type Path, type Problem } from './problem.ts';
import { entriesOf, isMapping, listOf } from './raw.ts';
import type { Source } from './source-file.ts';

/**
 * One configuration out of a file and what it includes. Maps (tenants, clusters) and lists (listen, certificates,
 * trustedProxies, modules) are joined; every other key may be in any of the files, but in one only. Where each part came from is
 * kept, for messages and for relative file names.
 */
export class Assembly {
  readonly data: unknown;
  readonly problems: readonly Problem[];
  readonly #root: Source;
  /** By top-level key, then by name or by list position. */
  readonly #origins = new Map<string, KeyOrigins>();

  /** `sources`: the root file first. */
  constructor(sources: readonly [Source, ...Source[]]) {
    this.#root = sources[0];
    const [root, ...included] = sources;
    if (included.length === 0 || !isMapping(root.data)) {
      this.data = withoutInclude(root.data);
      this.problems = [];
      return;
    }
    const data: Record<string, unknown> = {};
    const problems: Problem[] = [];
    for (const source of sources) this.#join(data, source, problems);
    this.data = data;
    this.problems = problems;
  }

  /**
   * The problems behind complaints. When some of the configuration could not be read, only those that stand before the
   * first break of their file and do not miss anything: the rest would be guesses.
   */
  problemsOf(complaints: readonly Complaint[], isWhole: boolean): Problem[] {
    const problems: Problem[] = [];
    for (const complaint of complaints) {
      const { source, path } = this.#originOf(complaint.path);
      if (!isWhole && complaint.isAbsence === true) continue;
      const problem = source.problemAt({ ...complaint, path }, complaint.path);
      if (isWhole || problem.line < source.brokenLine) problems.push(problem);
    }
    return problems;
  }

  /** What relative file names at `path` are relative to. */
  directoryOf(path: Path): string {
    return this.#originOf(path).source.directory;
  }

  #originOf(path: Path): { source: Source; path: Path } {
    const [top, part, ...rest] = path;
    const origins = typeof top === 'string' ? this.#origins.get(top) : undefined;
    if (origins === undefined) return { source: this.#root, path };
    const origin = part === undefined ? undefined : origins.parts.get(part);
    if (origin === undefined) return { source: origins.source, path };
    return { source: origin.source, path: [top!, origin.part, ...rest] };
  }

  #join(data: Record<string, unknown>, source: Source, problems: Problem[]): void {
    for (const [key, value] of entriesOf(source.data)) {
      if (key === 'include') continue;
      const known = this.#origins.get(key);
      const origins = known ?? { source, parts: new Map() };
      this.#origins.set(key, origins);
      if (MAPS.has(key) && isMapping(value)) {
        data[key] = this.#joinMap(mappingIn(data, key), value, key, source, problems);
      } else if (LISTS.has(key) && Array.isArray(value)) {
        data[key] = joinList(listOf(data[key]), value, source, origins);
      } else if (known === undefined) {
        data[key] = value;
      } else {
        problems.push(
          source.problemAt(this.#repeated([key], `${JSON.stringify(key)} is set already`, known.source)),
        );
      }
    }
  }

  #joinMap(joined: Record<string, unknown>, added: object, key: string, source: Source, problems: Problem[]) {
    const { parts } = this.#origins.get(key)!;
    for (const [name, value] of Object.entries(added)) {
      const earlier = parts.get(name);
      if (earlier === undefined) {
        joined[name] = value;
        parts.set(name, { source, part: name });
      } else {
        const message = `${key.slice(0, -1)} ${JSON.stringify(name)} is defined already`;
        problems.push(source.problemAt(this.#repeated([key, name], message, earlier.source)));
      }
    }
    return joined;
  }

  #repeated(path: Path, message: string, earlier: Source): Complaint {
    const { file, line } = earlier.problemAt(complain(path, ''));
    return complainAboutKey(path, message, `see ${file}:${line}`);
  }
}

interface KeyOrigins {
  /** The first file that has the key. */
  readonly source: Source;
  readonly parts: Map<string | number, { readonly source: Source; readonly part: string | number }>;
}

const MAPS: ReadonlySet<string> = new Set(['tenants', 'clusters']);
const LISTS: ReadonlySet<string> = new Set(['listen', 'certificates', 'trustedProxies', 'modules']);

function joinList(
  joined: readonly unknown[],
  added: readonly unknown[],
  source: Source,
  origins: KeyOrigins,
) {
  for (const part of added.keys()) origins.parts.set(joined.length + part, { source, part });
  return [...joined, ...added];
}

function mappingIn(data: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = data[key];
  return isMapping(value) ? value : {};
}

function withoutInclude(data: unknown): unknown {
  if (!isMapping(data) || !Object.hasOwn(data, 'include')) return data;
  const { include: _, ...rest } = data;
  return rest;
}
