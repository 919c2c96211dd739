/**
 * Values by prefix: one binary search finds all prefixes of a text. In sorted order every prefix of a text stands before it,
 * and each prefix of the text is also one of the entry right before it, or that entry itself; so from there the chain of ever
 * shorter prefixes, linked when the table is built, has them all.
 */
export class PrefixTable<T> {
  readonly #entries: readonly PrefixEntry<T>[];

  constructor(values: ReadonlyMap<string, T>) {
    const entries: PrefixEntry<T>[] = [];
    for (const prefix of [...values.keys()].sort(byUnits)) {
      let shorter = entries.at(-1);
      while (shorter !== undefined && !prefix.startsWith(shorter.prefix)) shorter = shorter.shorter;
      entries.push({ prefix, value: values.get(prefix)!, shorter });
    }
    this.#entries = entries;
  }

  /** The longest prefix of the text; the others follow by `shorter`. */
  longest(text: string): PrefixEntry<T> | undefined {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.prefix <= text) low = middle + 1;
      else high = middle;
    }
    let entry = this.#entries[low - 1];
    while (entry !== undefined && !text.startsWith(entry.prefix)) entry = entry.shorter;
    return entry;
  }
}

export interface PrefixEntry<T> {
  readonly prefix: string;
  readonly value: T;
  /** The longest entry that is a prefix of this one. */
  readonly shorter: PrefixEntry<T> | undefined;
}

/** As `<` compares. */
function byUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
