import type { Place } from './report.ts';

/** A value of one of BFE's files, and the line it stands on. */
export interface Located {
  readonly place: Place;
  readonly value: LocatedValue;
  /** Written without quotes in an INI file, where words stand for numbers and flags. */
  readonly isBare?: boolean;
}

type LocatedValue = string | number | boolean | null | readonly Located[] | LocatedMapping;

interface Entry {
  readonly name: string;
  /** Of the name. */
  readonly place: Place;
  readonly value: Located;
}

/** Names are found whatever their case, as Go's decoder finds the fields of a structure; of two with one name the last counts. */
export class LocatedMapping {
  readonly entries: readonly Entry[];
  readonly #byName = new Map<string, Entry>();

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
    for (const entry of entries) this.#byName.set(entry.name.toLowerCase(), entry);
  }

  get(name: string): Entry | undefined {
    return this.#byName.get(name.toLowerCase());
  }
}

/** What the reader of the file would call it. */
export function describe({ value }: Located): string {
  if (value === null) return 'nothing';
  if (value instanceof LocatedMapping) return 'a mapping';
  if (typeof value === 'object') return 'a list';
  return typeof value === 'string' ? shown(value) : String(value);
}

/** A text of a file within a sentence; never longer than 100 characters. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
