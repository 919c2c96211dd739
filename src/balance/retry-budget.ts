/**
 * How many requests of a cluster may be sent again: a share of those that were sent, counted over ten seconds. When everything fails,
 * retries would otherwise multiply the load on what is failing already. A few are always allowed, or a cluster with one request a
 * minute would have none.
 */
export class RetryBudget {
  readonly #share: number;
  #since = Number.NEGATIVE_INFINITY;
  #requests = 0;
  #retries = 0;

  /** `share`: of the requests, 0.2 for a fifth; 0: no retry at all. */
  constructor(share: number) {
    this.#share = share;
  }

  /** A request is sent for the first time. */
  count(): void {
    this.#requests += 1;
  }

  /** True, and one less is left, when one more may be sent again. `now`: Clock.now(). */
  take(now: number): boolean {
    this.#forget(now);
    if (this.#retries >= this.#share * Math.max(this.#requests, LEAST_REQUESTS)) return false;
    this.#retries += 1;
    return true;
  }

  /** What was counted over a longer time is scaled down to the window: requests cost no clock. */
  #forget(now: number): void {
    const age = now - this.#since;
    if (age <= WINDOW_MS) return;
    const kept = WINDOW_MS / age;
    this.#requests *= kept;
    this.#retries *= kept;
    this.#since = now - WINDOW_MS;
  }
}

const WINDOW_MS = 10_000;
/** As if there had been so many. */
const LEAST_REQUESTS = 50;
