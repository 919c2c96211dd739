import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ExchangeSink } from '../core/body.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Handler } from './handler.ts';
import { RequestBody } from './request-body.ts';
import { RequestFault } from './request-fault.ts';
import { serveWith } from './serve-with.ts';
import { ServedRequest } from './served-request.ts';
import { ServedResponse } from './served-response.ts';

/** What an exchange that a handler answers needs of whoever has brought it there. */
export interface ServePort {
  /** x-request-id and date. */
  ownFields(exchange: Exchange): HeaderList;
  /** Answers with an error's status; the exchange is not finished by it. */
  sendError(exchange: Exchange, error: ExchangeError): void;
  finish(exchange: Exchange): void;
  /** A handler threw `error`. */
  handlerFailed(exchange: Exchange, error: unknown): void;
}

/** One exchange in the hands of a handler, until both the handler and the exchange are done. */
export class ServedExchange implements ExchangeSink {
  readonly #exchange: Exchange;
  readonly #port: ServePort;
  readonly #body: RequestBody;
  readonly #response: ServedResponse;
  #isFinished = false;

  constructor(exchange: Exchange, port: ServePort) {
    this.#exchange = exchange;
    this.#port = port;
    this.#body = new RequestBody(exchange);
    this.#response = new ServedResponse(exchange, {
      ownFields: port.ownFields(exchange),
      finished: () => this.#finish(),
    });
  }

  begin(handler: Handler): void {
    this.#exchange.attach(this);
    try {
      const done = serveWith(handler, new ServedRequest(this.#exchange, this.#body), this.#response);
      if (done === undefined) this.#response.end();
      else
        void Promise.resolve(done)
          .then(() => this.#response.end())
          .catch((error) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
  }

  bodyData(bytes: Buffer, start: number, end: number): boolean {
    return this.#isFinished || this.#body.push(bytes, start, end);
  }

  bodyEnd(trailers: HeaderList): void {
    this.#body.complete(trailers);
  }

  writable(): void {
    this.#response.writable();
  }

  requestBatchEnd(): void {}

  requestFailed(error: ExchangeError): void {
    this.#exchange.error ??= error;
    this.#response.lost();
    this.#body.fail(error);
    this.#finish();
  }

  /** Costs this exchange: an error where an answer is possible, else a cut, so that half an answer does not look whole. */
  #failed(error: unknown): void {
    if (this.#isFinished) {
      // A client that has gone is why most handlers throw then.
      if (this.#exchange.error?.side !== 'downstream') this.#port.handlerFailed(this.#exchange, error);
      return;
    }
    const fault =
      error instanceof RequestFault ? error.fault : exchangeError('handler-failed', 'the handler failed');
    if (fault.name === 'handler-failed') this.#port.handlerFailed(this.#exchange, error);
    this.#exchange.error ??= fault;
    const hasBegun = this.#response.hasBegun;
    this.#response.lost();
    this.#body.fail(fault);
    if (!hasBegun) this.#port.sendError(this.#exchange, fault);
    this.#finish();
    if (hasBegun) this.#exchange.cut(fault);
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#port.finish(this.#exchange);
  }
}
