/**
 * When a worker that died is started again: the first time at once, so that its share of the traffic is missing for a
 * moment only; then with a pause that doubles while it keeps dying, so that a worker that cannot live does not take the
 * processor from its neighbours. Pure: times come in as arguments, in milliseconds of any clock that does not go back.
 */
export class RestartPolicy {
  #failures = 0;

  /** How long to wait before the next start of a worker that was started at `startedAt` and died at `now`. */
  delayAfter(startedAt: number, now: number): number {
    if (now - startedAt >= STABLE_MS) this.#failures = 0;
    this.#failures += 1;
    return this.#failures === 1 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 2), MAX_PAUSE_MS);
  }
}

/** A worker that lived this long was well: its next death is a first one. */
export const STABLE_MS = 10_000;
export const FIRST_PAUSE_MS = 500;
/** Long enough to be cheap, short enough that a repaired cause (a disk no longer full) is noticed soon. */
export const MAX_PAUSE_MS = 30_000;
