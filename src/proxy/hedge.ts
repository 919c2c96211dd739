import type { RequestHead } from '../../protocols/http/message.ts';
import { isSafe } from '../../protocols/http/method.ts';
import type { Instance } from '../balance/instance.ts';
import type { Clock } from '../core/clock.ts';
import type { HedgeSettings } from '../core/settings.ts';
import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';
import type { Attempt } from './attempt.ts';

/** Who has an attempt under way that takes long. */
export interface Hedging {
  /** It is time for one more beside it. */
  hedge(): void;
}

/** When a request without an answer is sent to one more instance, and which attempts are under way for it beside the first. */
export class Hedge implements Expiring {
  readonly #settings: HedgeSettings;
  readonly #hedging: Hedging;
  readonly #clock: Clock;
  readonly #deadline: Deadline;
  #left: number;
  #attempts: Attempt[] = [];

  constructor(settings: HedgeSettings, deadlines: Deadlines, hedging: Hedging) {
    this.#settings = settings;
    this.#hedging = hedging;
    this.#clock = deadlines.clock;
    this.#deadline = new Deadline(deadlines, this);
    this.#left = settings.max;
  }

  /** Attempts beside the first one. */
  get count(): number {
    return this.#attempts.length;
  }

  /** Modules think about the last of them, and it has not gone out. */
  get isWaiting(): boolean {
    return this.#attempts.at(-1)?.isWaiting === true;
  }

  get instances(): Instance[] {
    return this.#attempts.map(({ instance }) => instance);
  }

  /** From now on time counts, if there may be one more. */
  arm(): void {
    if (this.#left > 0) this.#deadline.set(this.#clock.now() + this.#settings.afterMs);
  }

  /** There will be no more. */
  cancel(): void {
    this.#deadline.cancel();
  }

  expire(): void {
    this.#left -= 1;
    this.#hedging.hedge();
  }

  add(attempt: Attempt): void {
    this.#attempts.push(attempt);
  }

  remove(attempt: Attempt): void {
    this.#attempts = this.#attempts.filter((other) => other !== attempt);
  }

  /** The one that is in the first one's place from now on; undefined: there is none. */
  takeFirst(): Attempt | undefined {
    return this.#attempts.shift();
  }

  /** One has answered, and the others have lost. True: it is one of these, and not the first one. */
  settle(winner: Attempt, first: Attempt): boolean {
    for (const attempt of this.#attempts.splice(0)) if (attempt !== winner) attempt.lose();
    if (winner === first) return false;
    first.lose();
    return true;
  }

  /** Nobody wants an answer any more. */
  abort(): void {
    this.cancel();
    for (const attempt of this.#attempts.splice(0)) attempt.abort(true);
  }
}

/** Whether a request may be sent twice at the same time: it changes nothing, and is its head alone. */
export function isHedgeable({ method, bodyLength, upgrade }: RequestHead): boolean {
  return bodyLength === 0 && upgrade === '' && isSafe(method);
}
