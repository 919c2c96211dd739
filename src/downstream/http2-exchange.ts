import type { Buffer } from 'node:buffer';
import { isGrpc } from '../../protocols/http/grpc.ts';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { type RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import { isBodiless } from '../../protocols/http/status.ts';
import type { Http2Fault } from '../../protocols/http2/errors.ts';
import type { Http2Stream, StreamSink } from '../../protocols/http2/stream.ts';
import type { ExchangeSink } from '../core/body.ts';
import type { ExchangeError } from '../core/errors.ts';
import { Exchange } from '../core/exchange.ts';
import type { Session } from '../core/session.ts';
import type { Http2Session } from './http2-session.ts';

/** An exchange on one stream of an HTTP/2 connection. What it asks for when its stream is over is ignored. */
export class Http2Exchange extends Exchange implements StreamSink {
  readonly stream: Http2Stream;
  sink: ExchangeSink | undefined = undefined;
  /** The handler knows of it. */
  isHandedOver = false;
  /** The final head was sent. */
  hasResponded = false;
  /** The read under way concerns it: it is told of its end. */
  isInBatch = false;
  /** When the client must have sent more of the body, and have taken more of what waits for it; Infinity: it need not. */
  bodyDueAt = Number.POSITIVE_INFINITY;
  writeDueAt = Number.POSITIVE_INFINITY;
  /** What waited for the client when that time was set, and what of bodies had gone out on the connection. */
  queuedBefore = 0;
  sentBefore = 0;
  /** Both sides send as they like. */
  isTunnel = false;
  /** A gRPC call: its client may have nothing to say for longer than another. */
  isCall = false;
  readonly #driver: Http2Session;
  /** What is written is not sent: the response has no body. */
  #isBodiless = false;

  constructor(
    driver: Http2Session,
    stream: Http2Stream,
    session: Session,
    head: RequestHead,
    id: string,
    receivedAt: number,
  ) {
    super(session, head, id, receivedAt);
    this.#driver = driver;
    this.stream = stream;
    stream.sink = this;
  }

  // What the layers above ask for.

  attach(sink: ExchangeSink): void {
    if (this.heldBody === undefined) this.sink = sink;
    else this.heldBody.attach(sink);
  }

  receiveBody(): void {
    if (this.heldBody !== undefined) {
      if (this.heldBody.release()) this.resumeBody();
      return;
    }
    this.isCall = isGrpc(this.head.headers);
    this.#driver.waits.awaitBody(this);
    this.#driver.engine.readBody(this.stream);
  }

  resumeBody(): void {
    this.#driver.waits.awaitBody(this);
    this.#driver.engine.resume(this.stream);
    this.flush();
  }

  inform(head: ResponseHead): void {
    this.#driver.engine.sendHead(this.stream, head);
  }

  respond(given: ResponseHead): void {
    const head = this.head.upgrade === '' ? given : withoutTunnel(given);
    this.status = head.status;
    this.hasResponded = true;
    if (this.isCall) this.bodyDueAt = Number.POSITIVE_INFINITY;
    this.#isBodiless = this.head.method === 'HEAD' || isBodiless(head.status);
    this.#driver.engine.sendHead(this.stream, head);
  }

  /** 101 is of HTTP/1.1: here a tunnel begins with 200 (RFC 8441, section 5). */
  upgrade(head: ResponseHead): void {
    this.isTunnel = true;
    this.hasResponded = true;
    this.status = 200;
    this.bodyDueAt = Number.POSITIVE_INFINITY;
    this.#driver.engine.sendHead(this.stream, this.#driver.tunnelHead(head));
    this.#driver.engine.readBody(this.stream);
  }

  write(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    this.bytesOut += end - start;
    if (this.#isBodiless) return true;
    const mayGoOn = this.#driver.engine.sendData(this.stream, bytes, start, end, owner);
    if (!mayGoOn) this.#driver.waits.awaitWindow(this);
    return mayGoOn;
  }

  end(trailers: HeaderList): void {
    this.#driver.engine.sendEnd(this.stream, this.#isBodiless ? NO_TRAILERS : trailers);
  }

  cut(error: ExchangeError): void {
    this.#driver.cut(this, error);
  }

  closeAfter(): void {
    this.#driver.drain();
  }

  flush(): void {
    this.#driver.flushExchange();
  }

  // What the engine reports of the stream.

  bodyBegins(): void {
    this.#driver.handOver(this);
  }

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    this.bytesIn += end - start;
    this.#driver.batch(this);
    const mayGoOn = this.sink?.bodyData(bytes, start, end, owner) ?? true;
    if (mayGoOn) this.#driver.waits.awaitBody(this);
    else this.bodyDueAt = Number.POSITIVE_INFINITY;
    return mayGoOn;
  }

  bodyEnd(trailers: HeaderList): void {
    this.bodyDueAt = Number.POSITIVE_INFINITY;
    this.#driver.batch(this);
    this.sink?.bodyEnd(trailers);
  }

  writable(isAmple: boolean): void {
    this.writeDueAt = Number.POSITIVE_INFINITY;
    this.sink?.writable(isAmple);
  }

  reset(fault: Http2Fault): void {
    this.#driver.streamLost(this, fault);
  }
}

/** Who asked for a tunnel takes any 2xx for one (RFC 9113, section 8.5): whoever answers itself has none to offer. */
function withoutTunnel(head: ResponseHead): ResponseHead {
  const { status, headers, bodyLength, neverIndexed } = head;
  return status >= 200 && status < 300 ? new ResponseHead(501, '', headers, bodyLength, neverIndexed) : head;
}

const NO_TRAILERS: HeaderList = Object.freeze([]);
