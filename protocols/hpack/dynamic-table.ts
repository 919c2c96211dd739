import { ENTRY_OVERHEAD_BYTES } from './limits.ts';

/**
 * The dynamic table (RFC 7541, section 2.3.2): a queue of fields bounded in bytes, newest first, in a ring that grows with what is
 * in it and never beyond one slot per 32 bytes of its limit.
 */
export class DynamicTable {
  /** Entries; they are numbered from 0, the newest. */
  count = 0;
  /** What they take, bytes, with the overhead of each. */
  bytes = 0;
  /** Changes with everything that changes what an index means. */
  generation = 0;
  maxBytes: number;
  #names: string[] = new Array(INITIAL_SLOTS).fill('');
  #values: string[] = new Array(INITIAL_SLOTS).fill('');
  #mask = INITIAL_SLOTS - 1;
  /** Slot of the newest entry, before masking. */
  #newest = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  name(number: number): string {
    return this.#names[(this.#newest - number) & this.#mask]!;
  }

  value(number: number): string {
    return this.#values[(this.#newest - number) & this.#mask]!;
  }

  /** Adds a field, for which the oldest make room. One that is larger than the table leaves it empty (section 4.4). */
  insert(name: string, value: string): void {
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.evictTo(this.maxBytes - bytes);
    this.generation++;
    if (bytes > this.maxBytes) return;
    if (this.count > this.#mask) this.#grow();
    this.#newest = (this.#newest + 1) & this.#mask;
    this.#names[this.#newest] = name;
    this.#values[this.#newest] = value;
    this.count++;
    this.bytes += bytes;
  }

  /** A new limit (section 4.3). */
  resize(maxBytes: number): void {
    this.maxBytes = maxBytes;
    this.generation++;
    this.evictTo(maxBytes);
  }

  /** Evicts the oldest until no more than `bytes` are taken. */
  evictTo(bytes: number): void {
    while (this.bytes > bytes && this.count > 0) {
      this.count--;
      const slot = (this.#newest - this.count) & this.#mask;
      this.bytes -= this.#names[slot]!.length + this.#values[slot]!.length + ENTRY_OVERHEAD_BYTES;
      // A slot may wait long for its next entry. Kept until then, evicted strings would add up to many tables.
      this.#names[slot] = '';
      this.#values[slot] = '';
    }
  }

  #grow(): void {
    const slots = 2 * (this.#mask + 1);
    const names: string[] = new Array(slots).fill('');
    const values: string[] = new Array(slots).fill('');
    for (let number = 0; number < this.count; number++) {
      names[this.count - 1 - number] = this.name(number);
      values[this.count - 1 - number] = this.value(number);
    }
    this.#names = names;
    this.#values = values;
    this.#newest = this.count - 1;
    this.#mask = slots - 1;
  }
}

/** A power of two, as all sizes of the ring are. */
const INITIAL_SLOTS = 16;
