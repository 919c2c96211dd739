import { loadSettings } from '../config/load.ts';
import type { Problem } from '../config/problem.ts';
import type { Draft } from './draft.ts';
import { shown } from './located.ts';
import type { Place, Report } from './report.ts';

/** Each round takes out what the one before has uncovered; a sound import needs one or two. */
const MAX_ROUNDS = 20;

/** Files are there or not; that is looked at when all is written. */
const OF_FILES = /^(?:certificates|tickets)\b|\.tls\b/;

/**
 * Has the loader judge the configuration, and takes out what it refuses, with its reason in the report. `fallback`: the line that is
 * blamed for what stems from none.
 */
export function settle(draft: Draft, fallback: Place, report: Report): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const loaded = loadSettings(draft, { readFile: () => '' });
    const problems = loaded.ok ? [] : loaded.problems.filter(({ path }) => !OF_FILES.test(path));
    const removals = new Removals();
    for (const problem of problems) findRemoval(draft, problem, fallback, report, removals);
    if (!removals.make() && !giveRoutes(draft)) return;
  }
}

/** What is to be taken out, until it is known in full: positions in lists stay what they are meanwhile. */
class Removals {
  readonly #items = new Map<unknown[], Set<number>>();
  readonly #keys: (readonly [Draft, string])[] = [];

  item(list: unknown[], index: number): void {
    const indexes = this.#items.get(list) ?? new Set();
    this.#items.set(list, indexes.add(index));
  }

  key(mapping: Draft, key: string): void {
    this.#keys.push([mapping, key]);
  }

  /** Whether there was anything. */
  make(): boolean {
    for (const [list, indexes] of this.#items) {
      const kept = list.filter((_, i) => !indexes.has(i));
      list.splice(0, list.length, ...kept);
    }
    for (const [mapping, key] of this.#keys) delete mapping[key];
    return this.#items.size > 0 || this.#keys.length > 0;
  }
}

/** The innermost item of a list, or entry of a mapping that can do without, that a problem lies in. */
function findRemoval(
  draft: Draft,
  { path, message, hint }: Problem,
  fallback: Place,
  report: Report,
  removals: Removals,
): void {
  const steps = readPath(path);
  const parts = follow(draft, steps);
  for (let depth = steps.length - 1; depth >= 0; depth--) {
    const holder = parts[depth];
    const step = steps[depth]!;
    const isItem = Array.isArray(holder) && typeof step === 'number' && step < holder.length;
    const isEntry = typeof step === 'string' && depth > 0 && OPTIONAL.has(String(steps[depth - 1]));
    if (holder === undefined || !(isItem || (isEntry && Object.hasOwn(holder, step)))) continue;
    const origin = parts.map((part) => report.originOf(part)).findLast((place) => place !== undefined);
    const what = isItem ? path : shown(String(step));
    report.dropped(origin ?? fallback, `${what}: ${message}${hint === undefined ? '' : `; ${hint}`}`);
    if (isItem) removals.item(holder, step);
    else removals.key(holder as Draft, String(step));
    return;
  }
}

/** Mappings any entry of which may be missing. */
const OPTIONAL: ReadonlySet<string> = new Set([
  'set',
  'add',
  'rename',
  'tag',
  'health',
  'timeouts',
  'retry',
  'limits',
]);

/** A tenant of which no route is left answers all the same. Whether there was one. */
function giveRoutes(draft: Draft): boolean {
  let isGiven = false;
  for (const tenant of Object.values(draft['tenants'] as Draft)) {
    const routes = (tenant as Draft)['routes'];
    if (!Array.isArray(routes) || routes.length > 0) continue;
    routes.push({ respond: { status: 404 } });
    isGiven = true;
  }
  return isGiven;
}

/** The mappings and lists from the root on, as far as the path leads. */
function follow(draft: Draft, steps: readonly (string | number)[]): object[] {
  const parts: object[] = [draft];
  for (const step of steps) {
    const next = (parts.at(-1) as Record<string | number, unknown>)[step];
    if (typeof next !== 'object' || next === null) break;
    parts.push(next);
  }
  return parts;
}

/** `tenants.shop.routes[0].when`, `tenants["a.b"]` as steps. */
function readPath(path: string): (string | number)[] {
  return Array.from(
    path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([\w-]+)/g),
    ([, quoted, index, plain]) => {
      if (index !== undefined) return Number(index);
      return plain ?? (JSON.parse(`"${quoted}"`) as string);
    },
  );
}
