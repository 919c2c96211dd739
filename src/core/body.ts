import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { ExchangeError } from './errors.ts';

/**
 * What an exchange tells its consumer about the client's side. Calls, not promises: this path runs for every request.
 * Order: any number of `bodyData`, then one `bodyEnd`; `requestFailed` at most once and then nothing more.
 */
export interface ExchangeSink {
  /** A piece of the request body (of a tunnel after an upgrade). False: no more until `exchange.resumeBody()`. */
  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  /** The body is complete (in a tunnel: the client ended its direction). */
  bodyEnd(trailers: HeaderList): void;
  /**
   * After `exchange.write` said false: the client has taken what was pending. `isAmple`: as much as a large read brings may
   * follow; else a small one at a time, for it will have to wait.
   */
  writable(isAmple: boolean): void;
  /** The calls that one read has caused are over. */
  requestBatchEnd(): void;
  /**
   * The request will never be complete, or its answer never taken: the client is gone, too slow, or broke the protocol. If an
   * answer was possible the driver has sent it. No further call in either direction.
   */
  requestFailed(error: ExchangeError): void;
}
