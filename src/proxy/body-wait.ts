import { UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import type { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { type BodyWaiter, HeldBody } from '../core/held-body.ts';
import type { Location } from './location.ts';
import type { Pipeline } from './pipeline.ts';

/** An exchange of which a condition wants to see the body. It waits here, and then goes on where it was. */
export class BodyWait implements BodyWaiter {
  readonly #pipeline: Pipeline;
  readonly #exchange: Exchange;
  /** As it was located without the body. */
  readonly #location: Location;
  readonly #body: HeldBody;
  /** What it may grow to, in bytes. */
  readonly #room: number;

  constructor(pipeline: Pipeline, exchange: Exchange, location: Location) {
    this.#pipeline = pipeline;
    this.#exchange = exchange;
    this.#location = location;
    const { conditionBodyBytes } = location.snapshot.settings.limits;
    this.#body = new HeldBody(conditionBodyBytes, this);
    const { bodyLength } = exchange.head;
    this.#room = bodyLength === UNKNOWN_LENGTH ? conditionBodyBytes : bodyLength;
  }

  /** False: there is no room for another body. */
  begin(): boolean {
    const exchange = this.#exchange;
    if (!this.#pipeline.bodyRoom.take(this.#room)) return false;
    exchange.attach(this.#body);
    exchange.receiveBody();
    // From here on others attach themselves to what is held.
    exchange.heldBody = this.#body;
    // The client may have to be asked for it.
    exchange.flush();
    return true;
  }

  bodyHeld(): void {
    this.#pipeline.goOnWithBody(this.#exchange, this.#location.snapshot, this.#body);
  }

  /** The driver has answered, where that was possible. */
  bodyLost(error: ExchangeError): void {
    this.#body.forget();
    this.#exchange.error ??= error;
    this.#pipeline.finish(this.#exchange, this.#location.chains);
  }

  bodyForgotten(): void {
    this.#pipeline.bodyRoom.giveBack(this.#room);
  }
}
