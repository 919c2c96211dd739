/**
 * How long an instance takes to answer, as a moving average that forgets with time and believes bad news at once: an answer that
 * took longer than the average becomes it (peak-sensitive, as Finagle's).
 */
export class LatencyAverage {
  #ms = 0;
  #at = Number.NEGATIVE_INFINITY;

  /** An answer took `ms`. `now`: Clock.now(). */
  record(ms: number, now: number): void {
    const before = this.at(now);
    const share = Math.exp(-Math.max(0, now - this.#at) / DECAY_MS);
    this.#ms = ms > before ? ms : before * share + ms * (1 - share);
    this.#at = Math.max(now, this.#at);
  }

  /** An answer that nobody has waited for took longer than `ms`: bad news, or none. */
  recordAtLeast(ms: number, now: number): void {
    if (ms > this.at(now)) this.record(ms, now);
  }

  /** Milliseconds; 0: nothing is known. What was bad once is forgiven while nobody asks, or nobody would ever ask again. */
  at(now: number): number {
    if (this.#ms === 0) return 0;
    return this.#ms * Math.exp(-Math.max(0, now - this.#at) / DECAY_MS);
  }
}

/** In which an observation loses two thirds of its weight. */
const DECAY_MS = 10_000;
