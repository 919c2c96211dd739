/**
 * How an instance that is new or back gets its share: a tenth at once, then more in step with time, until all of it. What it has to
 * load, to compile or to connect to would otherwise meet the full load while it is at its slowest, and it would be ejected again.
 * One for all instances of a cluster, so that a choice knows by one comparison that none is warming up.
 */
export class SlowStart {
  readonly #ms: number;
  #until = Number.NEGATIVE_INFINITY;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** An instance takes requests since then, Clock.now(). */
  begin(since: number): void {
    this.#until = Math.max(this.#until, since + this.#ms);
  }

  /** Whether any instance is warming up. */
  isOn(now: number): boolean {
    return now < this.#until;
  }

  /** What an instance gets that takes requests `since` then, as a part of its weight. */
  share(since: number, now: number): number {
    return Math.min(1, LEAST_SHARE + (1 - LEAST_SHARE) * Math.max(0, (now - since) / this.#ms));
  }
}

/** Less, and the first request of a quiet cluster would not come before the time is over. */
const LEAST_SHARE = 0.1;
