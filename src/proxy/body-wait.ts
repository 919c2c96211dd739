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

  constructor(pipeline: Pipeline, exchange: Exchange, location: Location) {
    this.#pipeline = pipeline;
    this.#exchange = exchange;
    this.#location = location;
    this.#body = new HeldBody(location.snapshot.settings.limits.conditionBodyBytes, this);
  }

  begin(): void {
    const exchange = this.#exchange;
    exchange.attach(this.#body);
    exchange.receiveBody();
    // From here on others attach themselves to what is held.
    exchange.heldBody = this.#body;
    // The client may have to be asked for it.
    exchange.flush();
  }

  bodyHeld(): void {
    this.#pipeline.goOnWithBody(this.#exchange, this.#location.snapshot, this.#body);
  }

  /** The driver has answered, where that was possible. */
  bodyLost(error: ExchangeError): void {
    this.#exchange.error ??= error;
    this.#pipeline.finish(this.#exchange, this.#location.chains);
  }
}
