import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { ExchangeError } from './errors.ts';
import type { UpstreamTimeouts } from './settings.ts';

/** A request as it goes to an instance; the same object serves every attempt and every repetition of its head. */
export class ForwardRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  /** Without Host, framing, hop-by-hop fields and x-request-id. */
  readonly headers: HeaderList;
  readonly bodyLength: number;
  /** The protocol to switch to, or ''. */
  readonly upgrade: string;
  /** As `RequestHead.neverIndexed`: a header compression must not remember the values of these. */
  readonly neverIndexed: ReadonlySet<string> | undefined;
  /** The upgrade came by extended CONNECT (RFC 8441), which has none of the handshake that HTTP/1.1 needs. */
  readonly isExtendedConnect: boolean;
  /** Kept by the HTTP/1 client: request line and fields, encoded once. */
  http1Block = '';
  /** Kept by the HTTP/2 client: the same in its own terms. */
  http2Fields: object | undefined = undefined;

  constructor(
    method: string,
    path: string,
    authority: string,
    headers: HeaderList,
    bodyLength: number,
    upgrade: string,
    neverIndexed: ReadonlySet<string> | undefined,
    isExtendedConnect: boolean,
  ) {
    this.method = method;
    this.path = path;
    this.authority = authority;
    this.headers = headers;
    this.bodyLength = bodyLength;
    this.upgrade = upgrade;
    this.neverIndexed = neverIndexed;
    this.isExtendedConnect = isExtendedConnect;
  }
}

/**
 * Whether a request that got no answer may be sent again.
 * - `idempotent`: it may have crossed the closing of a connection that had been kept (RFC 9112, section 9.3.1), so only if a
 *   second time does no harm.
 * - `any`: the instance says that it has not processed it (REFUSED_STREAM, GOAWAY), so whatever the method; or it is a safe one
 *   that had to wait behind another's answer.
 */
export type Repeat = 'never' | 'idempotent' | 'any';

/** A connection to an instance, as who sends requests sees it. */
export interface UpstreamConnection {
  /**
   * Begins an exchange; only right after the connection was got from its pool. `id` becomes x-request-id, '' leaves it out. What
   * is sent goes out with the stream's flush.
   */
  send(request: ForwardRequest, id: string, timeouts: UpstreamTimeouts, sink: UpstreamSink): UpstreamStream;
}

/** What one attempt is told by the connection that carries it. */
export interface UpstreamSink {
  interim(head: ResponseHead): void;
  /** The final head; `isUpgrade`: 101, and both directions are raw bytes from here on. */
  response(head: ResponseHead, isUpgrade: boolean): void;
  /** False: no more until `resume()`. The bytes are delivered either way. */
  responseData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  /** The response is complete; in a tunnel: the instance ended its direction. */
  responseEnd(trailers: HeaderList): void;
  /** After `sendData` said false. */
  upstreamWritable(): void;
  /** The attempt is over without a complete response; never within `send`. */
  upstreamFailed(error: ExchangeError, repeat: Repeat): void;
  /** The calls that one read has caused are over. */
  responseBatchEnd(): void;
}

/** One attempt's hold on a connection to an instance. All of it is void after responseEnd (but in a tunnel) or upstreamFailed. */
export interface UpstreamStream {
  /** A piece of the request body. False: hold back until `upstreamWritable`. Accepted either way. */
  sendData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  /** The request is complete (in a tunnel: the client ended its direction). */
  sendEnd(trailers: HeaderList): void;
  /** What was sent since may go out now. */
  flush(): void;
  /** After `responseData` said false. `isAmple`: as ExchangeSink's `writable` was told. */
  resume(isAmple: boolean): void;
  /** Nobody wants the rest: the connection is closed, or the stream reset. No further call to the sink. */
  abort(): void;
}
