/**
 * The table sizes that the next block must announce (RFC 7541, section 4.2): the lowest since the last block, because entries were
 * evicted for it, and the final one.
 */
export class SizeUpdates {
  /** What the peer believes, bytes. */
  #announced: number;
  #lowest: number;
  #final: number;

  constructor(announcedBytes: number) {
    this.#announced = announcedBytes;
    this.#lowest = announcedBytes;
    this.#final = announcedBytes;
  }

  resized(bytes: number): void {
    this.#lowest = Math.min(this.#lowest, bytes);
    this.#final = bytes;
  }

  /** The sizes to announce now, in order; they count as announced. */
  take(): readonly number[] {
    if (this.#lowest === this.#announced && this.#final === this.#announced) return NONE;
    const sizes =
      this.#lowest < Math.min(this.#announced, this.#final) ? [this.#lowest, this.#final] : [this.#final];
    this.#announced = this.#final;
    this.#lowest = this.#final;
    return sizes;
  }
}

const NONE: readonly number[] = [];
