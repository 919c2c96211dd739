import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ExchangeError } from './errors.ts';

/**
 * Who lends the bytes that a sink is shown. They are valid during the call; a receiver that needs them longer (a write
 * that has not completed) calls `retain()` in the call and `release` exactly once later. `release` is bound, so that
 * it can be given to `socket.write` as it is: no closure per chunk. `undefined` in place of an owner: the bytes are never
 * reused and may simply be kept.
 */
export interface BytesOwner {
  retain(): void;
  readonly release: () => void;
}

/**
 * What an exchange tells its consumer about the client's side. Calls, not promises: this path runs for every request.
 * Order: any number of `bodyData`, then one `bodyEnd`; `clientGone` at most once and then nothing more.
 */
export interface ExchangeSink {
  /** A piece of the request body (of a tunnel after an upgrade). False: no more until `exchange.resumeBody()`. */
  bodyData(bytes: Uint8Array, start: number, end: number, owner: BytesOwner | undefined): boolean;
  /** The body is complete (in a tunnel: the client ended its direction). */
  bodyEnd(trailers: HeaderList): void;
  /** After `exchange.write` said false: the client has taken what was pending. */
  writable(): void;
  /** The client is gone, or so much at fault that nothing can be sent to it any more. */
  clientGone(error: ExchangeError): void;
}
