import { didYouMean } from '../config/nearest-name.ts';
import { describe, type Located, LocatedMapping, shown } from './located.ts';
import type { Place, Report } from './report.ts';

/** A value of the wanted kind. */
export interface Field<T> {
  readonly value: T;
  readonly place: Place;
}

/**
 * The fields of one structure of BFE, taken one by one. What has the wrong type is reported and reads as absent, and so does null;
 * `end` reports the fields that nobody has asked for.
 */
export class Fields {
  readonly place: Place;
  readonly #what: string;
  readonly #report: Report;
  readonly #mapping: LocatedMapping;
  readonly #asked = new Set<string>();

  /** `what`: the structure, in the report's words. */
  constructor(node: Located, what: string, report: Report) {
    this.place = node.place;
    this.#what = what;
    this.#report = report;
    const { value } = node;
    if (!(value instanceof LocatedMapping)) this.#refuse(node, what, 'a mapping');
    this.#mapping = value instanceof LocatedMapping ? value : new LocatedMapping([]);
  }

  text(name: string): Field<string> | undefined {
    const node = this.node(name);
    if (node === undefined) return undefined;
    const { value, place } = last(node);
    return typeof value === 'string' ? { value, place } : this.#refuse(node, name, 'a text');
  }

  /** A whole number. */
  number(name: string): Field<number> | undefined {
    const node = this.node(name);
    if (node === undefined) return undefined;
    const { value: written, place, isBare } = last(node);
    const value =
      isBare && typeof written === 'string' && /^[-+]?\d+$/.test(written) ? Number(written) : written;
    return Number.isSafeInteger(value)
      ? { value: value as number, place }
      : this.#refuse(node, name, 'a whole number');
  }

  flag(name: string): Field<boolean> | undefined {
    const node = this.node(name);
    if (node === undefined) return undefined;
    const { value: written, place, isBare } = last(node);
    const value = isBare && typeof written === 'string' ? FLAGS.get(written.toLowerCase()) : written;
    return typeof value === 'boolean' ? { value, place } : this.#refuse(node, name, 'true or false');
  }

  /** A list of texts; of an INI file also a key that comes once. */
  texts(name: string): readonly Field<string>[] {
    const node = this.node(name);
    if (node === undefined) return [];
    return readTexts(node, this.#called(name), this.#report);
  }

  list(name: string): readonly Located[] {
    const node = this.node(name);
    return node === undefined ? [] : readList(node, this.#called(name), this.#report);
  }

  /** A structure within this one. */
  fields(name: string): Fields | undefined {
    const node = this.node(name);
    return node && new Fields(node, this.#called(name), this.#report);
  }

  /** A mapping whose names are chosen freely; empty when absent. Null values are left out. */
  named(name: string): readonly Named[] {
    const node = this.node(name);
    if (node === undefined) return [];
    if (node.value instanceof LocatedMapping) return namedIn(node.value);
    this.#refuse(node, name, 'a mapping');
    return [];
  }

  /** All entries, where this is a mapping whose names are chosen freely. */
  all(): readonly Named[] {
    return namedIn(this.#mapping);
  }

  node(name: string): Located | undefined {
    this.#asked.add(name.toLowerCase());
    const node = this.#mapping.get(name)?.value;
    return node === undefined || node.value === null ? undefined : node;
  }

  /** Names that are known, and mean nothing here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#asked.add(name.toLowerCase());
  }

  /** Reports the names that nobody knows. */
  end(): void {
    for (const { name, place } of this.#mapping.entries) {
      if (this.#asked.has(name.toLowerCase())) continue;
      const hint = didYouMean(name, this.#asked);
      const why = `${shown(name)} is no key of ${this.#what}, and means nothing to BFE`;
      this.#report.dropped(place, hint === undefined ? why : `${why}; ${hint}`);
    }
  }

  #called(name: string): string {
    return `${name} of ${this.#what}`;
  }

  #refuse(node: Located, name: string, expected: string): undefined {
    refuse(node, name === this.#what ? name : this.#called(name), expected, this.#report);
    return undefined;
  }
}

/** The items of a list; none after it was reported that this is no list. */
export function readList(node: Located, what: string, report: Report): readonly Located[] {
  const { value } = node;
  if (Array.isArray(value)) return value as readonly Located[];
  refuse(node, what, 'a list', report);
  return [];
}

/** The texts of a list; of an INI file also a key that comes once. */
export function readTexts(node: Located, what: string, report: Report): readonly Field<string>[] {
  const items = node.isBare === undefined ? readList(node, what, report) : [node];
  return items.flatMap((item) => {
    const { value, place } = item;
    if (typeof value === 'string') return [{ value, place }];
    refuse(item, what, 'a text', report);
    return [];
  });
}

function refuse(node: Located, what: string, expected: string, report: Report): void {
  report.dropped(node.place, `${what}: expected ${expected}, but found ${describe(node)}`);
}

/** One entry of a mapping whose names are chosen freely. */
export interface Named {
  readonly name: string;
  /** Of the name. */
  readonly place: Place;
  readonly node: Located;
}

function namedIn(mapping: LocatedMapping): readonly Named[] {
  const byName = new Map<string, Named>();
  for (const { name, place, value } of mapping.entries) {
    if (value.value !== null) byName.set(name, { name, place, node: value });
  }
  return [...byName.values()];
}

/** Of a key of an INI file that comes again the last value counts. */
function last(node: Located): Located {
  const { value } = node;
  const item = Array.isArray(value) ? (value as readonly Located[]).at(-1) : undefined;
  return item?.isBare === undefined ? node : item;
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0'].map((word) => [word, false] as const),
]);
