import type { Condition } from './compile-condition.ts';
import type { ConditionSubject } from './condition-subject.ts';
import type { IndexKey } from './index-key.ts';
import { foldCase } from './octet-text.ts';
import { PrefixTable } from './prefix-table.ts';

export interface ConditionalValue<T> {
  readonly condition: Condition;
  readonly value: T;
}

/** With fewer rules, or fewer of one source, asking them costs no more than looking them up. */
const WORTH_A_TABLE = 8;

/** Each table is one lookup for every subject; rules of other sources are simply asked. */
const MAX_TABLES = 16;

/**
 * The first of many rules whose condition holds, in their order. What must hold of a subject for a rule to do (its keys) is kept in
 * tables by host, path, header …, so that a subject meets only the rules it has something in common with, and those without keys.
 */
export class ConditionIndex<T> {
  readonly #rules: readonly ConditionalValue<T>[];
  readonly #tables: readonly KeyTable[];
  /** Positions of the rules that are always asked. */
  readonly #unkeyed: Positions;
  // Used within one call, and kept so that nothing is allocated for it.
  readonly #lists: Positions[] = [];
  readonly #ats: number[] = [];

  constructor(rules: readonly ConditionalValue<T>[]) {
    this.#rules = rules;
    const sources = chooseSources(rules);
    const tables = new Map<string, KeyTableBuilder>();
    const unkeyed: number[] = [];
    rules.forEach(({ condition: { keys } }, position) => {
      if (keys === undefined || keys.some((key) => !sources.has(sourceOf(key)))) {
        unkeyed.push(position);
        return;
      }
      for (const key of keys) {
        const source = sourceOf(key);
        const table = tables.get(source) ?? new KeyTableBuilder(key);
        tables.set(source, table);
        table.add(key.value, position);
      }
    });
    this.#tables = [...tables.values()].map((table) => table.build());
    this.#unkeyed = unkeyed;
  }

  find(subject: ConditionSubject): T | undefined {
    const lists = this.#collect(subject);
    return lists.length === 1 ? this.#ask(lists[0]!, subject) : this.#askMerged(subject);
  }

  /** Those that `find` would come to as long as nothing holds; it passes over the others. For `explain`. */
  candidates(subject: ConditionSubject): readonly T[] {
    return this.#collect(subject).flatMap((list) => list.map((position) => this.#rules[position]!.value));
  }

  #collect(subject: ConditionSubject): readonly Positions[] {
    const lists = this.#lists;
    lists.length = 0;
    if (this.#unkeyed.length > 0) lists.push(this.#unkeyed);
    for (const table of this.#tables) {
      const text = table.read(subject);
      if (text !== undefined) table.collect(foldCase(text), lists);
    }
    return lists;
  }

  #ask(positions: Positions, subject: ConditionSubject): T | undefined {
    for (const position of positions) {
      const { condition, value } = this.#rules[position]!;
      if (condition.holds(subject)) return value;
    }
    return undefined;
  }

  /** The lists are ascending, and few; a rule with several keys may be in more than one. */
  #askMerged(subject: ConditionSubject): T | undefined {
    const lists = this.#lists;
    const ats = this.#ats;
    for (let i = 0; i < lists.length; i++) ats[i] = 0;
    for (;;) {
      let next = Number.POSITIVE_INFINITY;
      for (let i = 0; i < lists.length; i++) next = Math.min(next, lists[i]![ats[i]!] ?? next);
      if (next === Number.POSITIVE_INFINITY) return undefined;
      const { condition, value } = this.#rules[next]!;
      if (condition.holds(subject)) return value;
      for (let i = 0; i < lists.length; i++) if (lists[i]![ats[i]!] === next) ats[i]! += 1;
    }
  }
}

/** Positions of rules, ascending. */
type Positions = readonly number[];

interface KeyTable {
  readonly read: IndexKey['read'];
  /** Adds what is kept for a text, in lower case. */
  collect(text: string, lists: Positions[]): void;
}

class KeyTableBuilder {
  readonly #key: IndexKey;
  readonly #positions = new Map<string, number[]>();

  constructor(key: IndexKey) {
    this.#key = key;
  }

  /** Positions come in ascending order. */
  add(value: string, position: number): void {
    const positions = this.#positions.get(value);
    if (positions === undefined) this.#positions.set(value, [position]);
    else if (positions.at(-1) !== position) positions.push(position);
  }

  build(): KeyTable {
    const { read, match } = this.#key;
    const positions = this.#positions;
    if (match === 'equal') {
      const collect: KeyTable['collect'] = (text, lists) => {
        const found = positions.get(text);
        if (found !== undefined) lists.push(found);
      };
      return { read, collect };
    }
    const table = new PrefixTable<Positions>(positions);
    const collect: KeyTable['collect'] = (text, lists) => {
      for (let entry = table.longest(text); entry !== undefined; entry = entry.shorter)
        lists.push(entry.value);
    };
    return { read, collect };
  }
}

/** Those that most rules have keys of. */
function chooseSources<T>(rules: readonly ConditionalValue<T>[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { condition } of rules) {
    const sources = new Set(condition.keys?.map(sourceOf));
    for (const source of sources) counts.set(source, (counts.get(source) ?? 0) + 1);
  }
  const worthy = [...counts].filter(([, count]) => count >= WORTH_A_TABLE);
  const most = worthy.sort(([, a], [, b]) => b - a).slice(0, MAX_TABLES);
  return new Set(most.map(([source]) => source));
}

function sourceOf({ source, match }: IndexKey): string {
  return `${match} ${source}`;
}
