/** The static table (RFC 7541, appendix A), made from that of hpack.js. */
import hpack from 'hpack.js';

const entries = hpack['static-table'].table;

/** Entries 1 to 61; dynamic ones follow. */
export const STATIC_ENTRIES = entries.length;

/** By index on the wire; [0] is not an entry. */
export const STATIC_NAMES: readonly string[] = ['', ...entries.map(({ name }) => name)];
export const STATIC_VALUES: readonly string[] = ['', ...entries.map(({ value }) => value)];

export interface StaticName {
  /** The lowest index with this name. */
  readonly index: number;
  /** Value to index. */
  readonly values: ReadonlyMap<string, number>;
}

/**
 * What the static table has under a name. hpack.js looks up in plain objects instead, where `constructor` and `__proto__`
 * are found: it throws, or names a wrong entry, so that a peer would read a field that nobody sent.
 */
export function findStaticName(name: string): StaticName | undefined {
  return BY_NAME.get(name);
}

const BY_NAME: ReadonlyMap<string, StaticName> = byName();

function byName(): Map<string, StaticName> {
  const found = new Map<string, { index: number; values: Map<string, number> }>();
  for (let index = 1; index <= STATIC_ENTRIES; index++) {
    const name = STATIC_NAMES[index]!;
    const known = found.get(name) ?? { index, values: new Map<string, number>() };
    known.values.set(STATIC_VALUES[index]!, index);
    found.set(name, known);
  }
  return found;
}
