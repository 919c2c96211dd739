/**
 * Which calls of modules are timed: one in `SAMPLE` on average. Asking the clock twice costs 60 to 100 ns, more than most handlers take
 * and more than telemetry spends on the whole request; this costs one. By chance and not by turns, because the points of a request
 * come in turns as well, and some would never be looked at.
 */
export class CallSample {
  /** Of a linear congruential generator; its high bits are good enough. */
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  next(): boolean {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0;
    return this.#state >>> 28 === 0;
  }
}

/** A call that is timed stands for so many. */
export const SAMPLE = 16;
