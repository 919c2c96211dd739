import { ENTRY_OVERHEAD_BYTES, MAX_VALUES_COMPARED } from './limits.ts';

/** An entry, in two chains: all entries from the oldest on, and those of one name from the newest on. */
export interface TableEntry {
  readonly name: string;
  readonly value: string;
  readonly sequence: number;
  /** The entry that was added after this one. */
  next: TableEntry | undefined;
  /** Of the same name. */
  newer: TableEntry | undefined;
  older: TableEntry | undefined;
}

/**
 * The dynamic table of the sending direction: it finds entries by what is in them. Names are looked up in a Map, for they are a
 * peer's choice and `constructor` is one of them.
 */
export class EncodingTable {
  /** Changes with everything that changes what an index means. */
  generation = 0;
  maxBytes: number;
  #bytes = 0;
  #inserted = 0;
  #oldest: TableEntry | undefined;
  #newest: TableEntry | undefined;
  readonly #newestOfName = new Map<string, TableEntry>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** The newest entry with this name. */
  findName(name: string): TableEntry | undefined {
    return this.#newestOfName.get(name);
  }

  /** The entry with this value among the newest ones of a name, beginning with `entry`. */
  findValue(entry: TableEntry | undefined, value: string): TableEntry | undefined {
    for (let compared = 0; entry !== undefined && compared < MAX_VALUES_COMPARED; compared++) {
      if (entry.value === value) return entry;
      entry = entry.older;
    }
    return undefined;
  }

  /** Position from the newest, which is 0. */
  numberOf(entry: TableEntry): number {
    return this.#inserted - entry.sequence;
  }

  /** Adds a field, for which the oldest make room (RFC 7541, section 4.4). Whoever asks knows that the table can hold it. */
  insert(name: string, value: string): void {
    const bytes = entryBytes(name, value);
    this.#evictTo(this.maxBytes - bytes);
    const older = this.#newestOfName.get(name);
    const entry = { name, value, sequence: ++this.#inserted, next: undefined, newer: undefined, older };
    if (older !== undefined) older.newer = entry;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.next = entry;
    this.#newest = entry;
    this.#newestOfName.set(name, entry);
    this.#bytes += bytes;
    this.generation++;
  }

  resize(maxBytes: number): void {
    this.maxBytes = maxBytes;
    this.generation++;
    this.#evictTo(maxBytes);
  }

  #evictTo(bytes: number): void {
    while (this.#oldest !== undefined && this.#bytes > bytes) {
      const entry = this.#oldest;
      this.#oldest = entry.next;
      if (this.#oldest === undefined) this.#newest = undefined;
      this.#bytes -= entryBytes(entry.name, entry.value);
      // The oldest of all is the oldest of its name, too.
      if (entry.newer === undefined) this.#newestOfName.delete(entry.name);
      else entry.newer.older = undefined;
    }
  }
}

/** What a field takes in a table (section 4.1). */
export function entryBytes(name: string, value: string): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES;
}
