import { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { type BytesOwner, UNSHARED } from '../../protocols/http/output.ts';
import type { ExchangeSink } from './body.ts';
import type { ExchangeError } from './errors.ts';

/** Who decides by a body. Told one of the first two, once. */
export interface BodyWaiter {
  /** All of it is here, or more than it waits for. The read that brought it is over. */
  bodyHeld(): void;
  /** It will never be complete. */
  bodyLost(error: ExchangeError): void;
  /** Nothing of it is held any more. Told after either, once. */
  bodyForgotten(): void;
}

/**
 * A request body that somebody must see before it is known where it goes: read up to a bound and held. It stays between the driver
 * and whoever is attached afterwards; what was held is shown to them first, when they ask for the body, and then the rest as it comes.
 *
 *   waiting ─► held ─► flowing        any ─► forgotten
 *
 * More than the bound is held by what one read brings beyond it, and by one more that was on its way.
 */
export class HeldBody implements ExchangeSink {
  readonly #limit: number;
  readonly #waiter: BodyWaiter;
  #phase: 'waiting' | 'held' | 'flowing' | 'forgotten' = 'waiting';
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Undefined: there is more to come. */
  #trailers: HeaderList | undefined = undefined;
  #next: ExchangeSink | undefined = undefined;

  /** `limit` in bytes. */
  constructor(limit: number, waiter: BodyWaiter) {
    this.#limit = limit;
    this.#waiter = waiter;
  }

  /** All of it, while it is held; undefined: it is larger than the bound. */
  get whole(): Buffer | undefined {
    const isWhole = this.#phase === 'held' && this.#trailers !== undefined && this.#bytes <= this.#limit;
    return isWhole ? this.#joined() : undefined;
  }

  /** Names who takes the body, and hears of everything else from now on. */
  attach(sink: ExchangeSink): void {
    this.#next = sink;
  }

  /** Shows what is held to whoever is attached. True: the rest may come. */
  release(): boolean {
    const held = this.#joined();
    this.#phase = 'flowing';
    this.#pieces = [];
    this.#waiter.bodyForgotten();
    const mayGoOn = held.length === 0 || this.#next!.bodyData(held, 0, held.length, UNSHARED);
    if (this.#trailers === undefined) return mayGoOn;
    this.#next!.bodyEnd(this.#trailers);
    return false;
  }

  /** The exchange is over: nobody will ask for it. */
  forget(): void {
    const isHeld = this.#phase === 'waiting' || this.#phase === 'held';
    this.#phase = 'forgotten';
    this.#pieces = [];
    if (isHeld) this.#waiter.bodyForgotten();
  }

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    if (this.#phase === 'forgotten') return true;
    if (this.#phase === 'flowing') return this.#next!.bodyData(bytes, start, end, owner);
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    this.#bytes += end - start;
    return this.#bytes <= this.#limit && this.#phase === 'waiting';
  }

  bodyEnd(trailers: HeaderList): void {
    if (this.#phase === 'flowing') this.#next!.bodyEnd(trailers);
    else this.#trailers = trailers;
  }

  writable(isAmple: boolean): void {
    this.#next?.writable(isAmple);
  }

  requestBatchEnd(): void {
    // Not within the call that brings bytes: who is told may answer, and go on with what the driver is about to decide.
    if (this.#phase === 'waiting' && (this.#trailers !== undefined || this.#bytes > this.#limit)) {
      this.#phase = 'held';
      this.#waiter.bodyHeld();
    }
    this.#next?.requestBatchEnd();
  }

  requestFailed(error: ExchangeError): void {
    if (this.#next === undefined) this.#waiter.bodyLost(error);
    else this.#next.requestFailed(error);
  }

  #joined(): Buffer {
    const [only] = this.#pieces;
    if (this.#pieces.length === 1) return only!;
    const joined = Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [joined];
    return joined;
  }
}
