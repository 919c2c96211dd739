import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';

/** What goes on after a pause. */
export interface Pausing {
  pauseOver(): void;
}

/** The time between an attempt that has failed and the next one, with nothing under way. */
export class RetryPause implements Expiring {
  readonly #pausing: Pausing;
  readonly #deadline: Deadline;

  constructor(deadlines: Deadlines, ms: number, pausing: Pausing) {
    this.#pausing = pausing;
    this.#deadline = new Deadline(deadlines, this);
    this.#deadline.set(deadlines.clock.now() + ms);
  }

  expire(): void {
    this.#pausing.pauseOver();
  }

  /** Nobody waits any more. */
  leave(): void {
    this.#deadline.cancel();
  }
}
