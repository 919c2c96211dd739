import type { FailRateSettings } from '../core/settings.ts';

/** Counts how many of the requests fail, in one window of time after the other. */
export class FailureWindow {
  readonly #settings: FailRateSettings;
  #requests = 0;
  #failures = 0;
  #since = Number.NEGATIVE_INFINITY;

  constructor(settings: FailRateSettings) {
    this.#settings = settings;
  }

  /** A request has ended. True: so many have failed that it is too much. `now`: Clock.now(). */
  record(isWell: boolean, now: number): boolean {
    const { failureShare, minRequests, windowMs } = this.#settings;
    if (now - this.#since > windowMs) {
      this.#since = now;
      this.#requests = 0;
      this.#failures = 0;
    }
    this.#requests += 1;
    if (!isWell) this.#failures += 1;
    return this.#requests >= minRequests && this.#failures >= this.#requests * failureShare;
  }

  /** Forgets all; the next request begins a window. */
  clear(): void {
    this.#since = Number.NEGATIVE_INFINITY;
  }
}
