/**
 * Ids for exchanges: a prefix that is random per process and a counter, so that one costs nothing. They are for finding
 * things in logs; nothing may rely on their being hard to guess.
 */
export class RequestIds {
  readonly #prefix: string;
  #count = 0;

  /** `prefix`: some ten characters that no other process uses. */
  constructor(prefix: string) {
    this.#prefix = `${prefix}-`;
  }

  next(): string {
    this.#count += 1;
    return this.#prefix + this.#count.toString(36);
  }
}
