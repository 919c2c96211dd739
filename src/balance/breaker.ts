import type { BreakerSettings } from '../core/settings.ts';
import { FailureWindow } from './failure-window.ts';

/**
 * Stops sending to a cluster that mostly fails, so that its instances can recover and clients need not wait for each failure:
 *
 *            failures above the share, of enough requests
 *   closed ─────────────────────────────────────────────► open
 *      ▲                                                    │ `openMs` later
 *      │ one request ends well                              ▼
 *      └───────────────────────────────────────────── trying, one request at a time
 *                                                     one fails: open again
 */
export class Breaker {
  readonly #settings: BreakerSettings;
  #state: 'closed' | 'open' | 'trying' = 'closed';
  #openedAt = 0;
  readonly #window: FailureWindow;
  #trialIsOut = false;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#window = new FailureWindow(settings);
  }

  get state(): 'closed' | 'open' | 'trying' {
    return this.#state;
  }

  /** Whether a request may go; each that may is to be reported, well or badly or not at all. `now`: Clock.now(). */
  allows(now: number): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'open') {
      if (now - this.#openedAt < this.#settings.openMs) return false;
      this.#state = 'trying';
      this.#trialIsOut = false;
    }
    if (this.#trialIsOut) return false;
    this.#trialIsOut = true;
    return true;
  }

  /** A request has been answered, or failed by the cluster's fault. */
  report(isWell: boolean, now: number): void {
    if (this.#state === 'open') return;
    if (this.#state === 'trying') {
      if (isWell) this.#close();
      else this.#open(now);
      return;
    }
    if (this.#window.record(isWell, now)) this.#open(now);
  }

  /** A request that was allowed ended without telling anything: its client has gone. */
  withdraw(): void {
    this.#trialIsOut = false;
  }

  /** Whole seconds, at least 1, until the next one is let through; undefined when it is not open. */
  retryAfterSeconds(now: number): number | undefined {
    if (this.#state === 'closed') return undefined;
    return Math.max(1, Math.ceil((this.#openedAt + this.#settings.openMs - now) / 1000));
  }

  #open(now: number): void {
    this.#state = 'open';
    this.#openedAt = now;
  }

  #close(): void {
    this.#state = 'closed';
    this.#window.clear();
  }
}
