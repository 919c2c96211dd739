import type { ExchangeError } from '../core/errors.ts';

/** What a client has asked wrongly, found in the course of a handler. Where the handler lets it through, it is answered as its error says. */
export class RequestFault extends Error {
  readonly fault: ExchangeError;

  constructor(fault: ExchangeError, options?: ErrorOptions) {
    super(fault.detail, options);
    this.fault = fault;
  }
}
