import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { ExchangeError } from './errors.ts';

/**
 * What an exchange tells its consumer about the client's side. Calls, not promises: this path runs for every request.
 * Order: any number of `bodyData`, then one `bodyEnd`; `clientGone` at most once and then nothing more.
 */
export interface ExchangeSink {
  /** A piece of the request body (of a tunnel after an upgrade). False: no more until `exchange.resumeBody()`. */
  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  /** The body is complete (in a tunnel: the client ended its direction). */
  bodyEnd(trailers: HeaderList): void;
  /** After `exchange.write` said false: the client has taken what was pending. */
  writable(): void;
  /** The calls that one read has caused are over. */
  batchEnd(): void;
  /** The client is gone, or so much at fault that nothing can be sent to it any more. */
  clientGone(error: ExchangeError): void;
}
