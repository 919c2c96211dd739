import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { ResponseHead } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { ClientSink, ClientStream } from '../../protocols/http2/client-engine.ts';
import { ERROR_CODE, type Http2Fault } from '../../protocols/http2/errors.ts';
import type { UpstreamTimeouts } from '../core/settings.ts';
import type { ForwardRequest, UpstreamSink, UpstreamStream } from '../core/upstream.ts';
import type { Http2Connection } from './http2-connection.ts';
import { streamFailure } from './http2-failure.ts';
import { isTunnelRequest, tunnelHeaders } from './http2-request-fields.ts';

/** One attempt on a stream of an HTTP/2 connection to an instance. */
export class Http2UpstreamStream implements UpstreamStream, ClientSink {
  /** What the attempt is told; undefined: nobody listens any more. */
  sink: UpstreamSink | undefined;
  /** Undefined: an upgrade that the instance does not offer, about to be told so. */
  stream: ClientStream | undefined = undefined;
  readonly timeouts: UpstreamTimeouts;
  /** When the instance must have answered, or made progress; Infinity: it is the client's turn. */
  dueAt = Number.POSITIVE_INFINITY;
  /** What waited for the instance's windows when that time was set, and what of bodies had gone out on the connection. */
  queuedBefore = 0;
  sentBefore = 0;
  hasHead = false;
  /** The client does not take more for now. */
  isPaused = false;
  readonly #request: ForwardRequest;
  /** Its connection had carried others: the request may have crossed the end of it. */
  readonly #isOnKept: boolean;
  /** Who is told of the end of the read under way, which concerned it. */
  #batchSink: UpstreamSink | undefined = undefined;
  /** The instance has ended its direction, and the attempt knows. */
  #hasEnded = false;
  #isTunnel = false;
  readonly #connection: Http2Connection;

  constructor(
    connection: Http2Connection,
    request: ForwardRequest,
    sink: UpstreamSink,
    timeouts: UpstreamTimeouts,
    isOnKept: boolean,
  ) {
    this.#connection = connection;
    this.#request = request;
    this.sink = sink;
    this.timeouts = timeouts;
    this.#isOnKept = isOnKept;
  }

  /** Nothing more will be told of it. */
  get isOver(): boolean {
    return this.sink === undefined || this.#hasEnded;
  }

  /** The calls that one read has caused are over. */
  endBatch(): void {
    const sink = this.#batchSink;
    this.#batchSink = undefined;
    sink?.responseBatchEnd();
  }

  // What the attempt asks for.

  sendData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    if (this.stream === undefined) return true;
    const mayGoOn = this.#connection.engine.sendData(this.stream, bytes, start, end, owner);
    // What the client says in a tunnel, or beside an early response, shows that the exchange is alive.
    if (this.hasHead && !this.isPaused) this.#connection.awaitProgress(this);
    if (!mayGoOn) this.#connection.awaitWindow(this);
    return mayGoOn;
  }

  sendEnd(trailers: HeaderList): void {
    if (this.stream === undefined) return;
    this.#connection.engine.sendEnd(this.stream, trailers);
    if (this.stream.queuedBytes > 0) this.#connection.awaitWindow(this);
    else if (!this.hasHead) this.#connection.awaitHead(this);
  }

  flush(): void {
    this.#connection.flushSoon();
  }

  resume(): void {
    if (this.stream === undefined) return;
    this.isPaused = false;
    this.#connection.awaitProgress(this);
    this.#connection.engine.resume(this.stream);
    this.#connection.flushSoon();
  }

  abort(): void {
    this.sink = undefined;
    this.#batchSink = undefined;
    this.#connection.giveUp(this);
  }

  // What the engine reports of the stream.

  interimHead(head: ResponseHead): void {
    this.#joinBatch();
    this.sink?.interim(head);
  }

  responseHead(head: ResponseHead): void {
    this.hasHead = true;
    this.#joinBatch();
    this.#connection.awaitProgress(this);
    this.#isTunnel = isTunnelRequest(this.#request) && head.status < 300;
    if (this.#isTunnel) {
      const headers = tunnelHeaders(this.#request, head.headers);
      this.sink?.response(new ResponseHead(101, '', headers, 0, head.neverIndexed), true);
    } else this.sink?.response(head, false);
    // Given up, perhaps, by the one who was told.
    if (this.sink !== undefined) this.#connection.engine.readBody(this.stream!);
  }

  /** A body is wanted as soon as its head has come. */
  bodyBegins(): void {}

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    this.#joinBatch();
    const mayGoOn = this.sink?.responseData(bytes, start, end, owner) ?? true;
    this.isPaused = !mayGoOn;
    if (mayGoOn) this.#connection.awaitProgress(this);
    else this.dueAt = Number.POSITIVE_INFINITY;
    return mayGoOn;
  }

  bodyEnd(trailers: HeaderList): void {
    this.#joinBatch();
    const { sink } = this;
    const stream = this.stream!;
    this.#hasEnded = true;
    if (this.#isTunnel) this.#connection.awaitProgress(this);
    else {
      this.sink = undefined;
      this.dueAt = Number.POSITIVE_INFINITY;
      // The response is complete without the rest of the request.
      if (!stream.localEnded) this.#connection.reset(stream, ERROR_CODE.NO_ERROR);
    }
    sink?.responseEnd(trailers);
    if (stream.isClosed) this.#connection.left();
  }

  writable(): void {
    this.queuedBefore = 0;
    if (!this.hasHead) this.dueAt = Number.POSITIVE_INFINITY;
    this.sink?.upstreamWritable();
  }

  reset(fault: Http2Fault, isOwn: boolean): void {
    const { sink } = this;
    this.sink = undefined;
    this.dueAt = Number.POSITIVE_INFINITY;
    this.#connection.left();
    if (sink === undefined) return;
    const isInnocent = fault.scope === 'connection' ? !this.#connection.takeBlame() : this.#isOnKept;
    const { error, repeat } = streamFailure(fault, this.hasHead, isInnocent, isOwn);
    sink.upstreamFailed(error, repeat);
  }

  #joinBatch(): void {
    if (this.#batchSink !== undefined || this.sink === undefined) return;
    this.#batchSink = this.sink;
    this.#connection.batch(this);
  }
}
