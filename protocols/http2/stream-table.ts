import type { Http2Stream } from './stream.ts';

/**
 * The open streams of a connection by identifier: open addressing in an array of twice their number and more. Not a Map, because of
 * what V8 makes of one that changes with every request: each of its rehashings leaves the old table pointing to the new one, so
 * tables that have grown old keep all streams that came after them alive, with their exchanges, until the next full collection
 * (scavenges of 30 ms, where they take 0.4).
 */
export class StreamTable {
  #slots: (Http2Stream | undefined)[] = new Array(INITIAL_SLOTS).fill(undefined);
  #mask = INITIAL_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Http2Stream | undefined {
    return this.#slots[this.#find(id)];
  }

  /** Adds a stream that is not there. */
  add(stream: Http2Stream): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    this.#slots[this.#find(stream.id)] = stream;
    this.#size += 1;
  }

  /** False: it was not there. */
  delete(id: number): boolean {
    let hole = this.#find(id);
    if (this.#slots[hole] === undefined) return false;
    this.#size -= 1;
    // What stands behind and would not be found past the hole moves up into it.
    for (let i = this.#next(hole); ; i = this.#next(i)) {
      const stream = this.#slots[i];
      if (stream === undefined) break;
      const isPastHole = ((i - this.#home(stream.id)) & this.#mask) >= ((i - hole) & this.#mask);
      if (!isPastHole) continue;
      this.#slots[hole] = stream;
      hole = i;
    }
    this.#slots[hole] = undefined;
    return true;
  }

  /** All streams there are now, in no order; a copy, for what is done with them may close them. */
  values(): Http2Stream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  /** Where the stream is, or would be. */
  #find(id: number): number {
    let i = this.#home(id);
    for (;;) {
      const stream = this.#slots[i];
      if (stream === undefined || stream.id === id) return i;
      i = this.#next(i);
    }
  }

  /** Identifiers of one side are every second number, so neighbours in time are neighbours here and do not collide. */
  #home(id: number): number {
    return (id >>> 1) & this.#mask;
  }

  #next(i: number): number {
    return (i + 1) & this.#mask;
  }

  #grow(): void {
    const streams = this.values();
    this.#slots = new Array(this.#slots.length * 2).fill(undefined);
    this.#mask = this.#slots.length - 1;
    for (const stream of streams) this.#slots[this.#find(stream.id)] = stream;
  }
}

/** A power of two, as all sizes of it. */
const INITIAL_SLOTS = 16;
