import type { ProbeResult } from '../core/probe-result.ts';

/** Sends results to another process; `sent` is called when the channel has taken them. */
export type SendProbes = (results: readonly ProbeResult[], sent: () => void) => void;

/**
 * Results of probes on their way to another process. One message is under way at a time, and what comes meanwhile waits, the newest
 * of each instance: a process that reads slowly, or hangs, costs no more memory than there are instances.
 */
export class ProbeOutbox {
  readonly #send: SendProbes;
  readonly #delayMs: number;
  #waiting: Map<string, ProbeResult> = new Map();
  #isUnderWay = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `delayMs`: how long results are collected before they are sent together; 0: not at all. */
  constructor(delayMs: number, send: SendProbes) {
    this.#delayMs = delayMs;
    this.#send = send;
  }

  add(results: readonly ProbeResult[]): void {
    if (this.#delayMs === 0 && !this.#isUnderWay) {
      this.#dispatch(results);
      return;
    }
    for (const result of results) this.#waiting.set(`${result.cluster} ${result.address}`, result);
    this.#next();
  }

  #next(): void {
    if (this.#isUnderWay || this.#timer !== undefined || this.#waiting.size === 0) return;
    if (this.#delayMs === 0) {
      this.#flush();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, this.#delayMs).unref();
  }

  #flush(): void {
    const results = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#dispatch(results);
  }

  #dispatch(results: readonly ProbeResult[]): void {
    if (results.length === 0) return;
    this.#isUnderWay = true;
    this.#send(results, () => {
      this.#isUnderWay = false;
      this.#next();
    });
  }
}
