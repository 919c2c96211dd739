import type { Random } from './balancer.ts';

/**
 * How long a request waits before it is sent again: any time up to a bound that doubles with each attempt ("full jitter"). What has failed
 * together is not sent again together, and who is overloaded gets more time with each failure.
 */
export class Backoff {
  readonly #baseMs: number;
  readonly #random: Random;

  /** `baseMs`: the bound after the first attempt. */
  constructor(baseMs: number, random: Random = Math.random) {
    this.#baseMs = baseMs;
    this.#random = random;
  }

  /** After so many attempts, at least 1; milliseconds. */
  pauseMs(attempts: number): number {
    return this.#random() * this.#baseMs * Math.min(2 ** (attempts - 1), MOST_TIMES);
  }
}

/** The bound grows no further: a client waits for all pauses of its request. */
const MOST_TIMES = 10;
