import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import { type RequestHead, ResponseHead, UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import { type BytesOwner, UNSHARED } from '../../protocols/http/output.ts';
import { ERROR_CODE, type Http2Fault, http2Fault } from '../../protocols/http2/errors.ts';
import type { GlitchKind } from '../../protocols/http2/glitch-account.ts';
import { MAX_PENDING_OUTPUT_BYTES } from '../../protocols/http2/limits.ts';
import { ServerEngine, type ServerEvents } from '../../protocols/http2/server-engine.ts';
import type { Http2Stream } from '../../protocols/http2/stream.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import { errorAnswer, sendAnswer } from '../core/local-answer.ts';
import type { Session } from '../core/session.ts';
import { Deadline, type Expiring } from '../transport/deadlines.ts';
import type { FrameBlocks } from '../transport/frame-blocks.ts';
import { FrameWriter } from '../transport/frame-writer.ts';
import type { SocketReader, SocketReceiver } from '../transport/socket-reader.ts';
import { type Flushable, turnEnd } from '../transport/turn-end.ts';
import { Ending, type EndingConnection } from './ending.ts';
import { DRAIN_GRACE_MS, type Driver, type Front } from './front.ts';
import { faultError, refusedRequestError, streamError } from './http2-error.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { Http2Waits } from './http2-waits.ts';

/**
 * An HTTP/2 connection: a socket driven by the server engine, each stream an exchange of its own. What a turn of the event loop
 * brings for it, from whatever instances, goes out in one write at the turn's end.
 *
 *   open ─► announced (GOAWAY 2^31−1, PING) ─► refusing (GOAWAY last) ─► lingering ─► closed
 */
export class Http2Session
  implements Driver, EndingConnection, ServerEvents, SocketReceiver, Expiring, Flushable
{
  readonly engine: ServerEngine;
  readonly waits: Http2Waits;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly session: Session;
  readonly #front: Front;
  readonly #writer: FrameWriter;
  readonly #output: FrameBlocks;
  readonly #deadline: Deadline;
  /** Requests that the read under way has brought, and that the handler may not know of yet. */
  #arrived: Http2Exchange[] = [];
  /** Those that the read under way concerns. */
  #batch: Http2Exchange[] = [];
  #flushDue = false;
  #socketPaused = false;
  #state: 'open' | 'announced' | 'refusing' | 'ended' = 'open';
  #ending: Ending | undefined = undefined;
  #isClosed = false;
  /** Read since its end. */
  #discardedBytes = 0;
  #readEnded = false;
  /** A request has come, good or bad. */
  #hasAsked = false;
  /** What exchanges are told that its end cuts off. */
  #closeError: ExchangeError | undefined = undefined;
  /** When a connection without streams is closed, and a header block must be complete. */
  #idleDueAt = Number.POSITIVE_INFINITY;
  #headDueAt = Number.POSITIVE_INFINITY;
  #halfClosedDueAt = Number.POSITIVE_INFINITY;
  /** When requests that were answered are stopped, complete or not. */
  #restDueAt = Number.POSITIVE_INFINITY;

  constructor(socket: Socket, reader: SocketReader, session: Session, front: Front) {
    this.#socket = socket;
    this.#reader = reader;
    reader.receiver = this;
    this.session = session;
    this.#front = front;
    this.#writer = new FrameWriter(socket, () => this.#arm(this.clientWriteMs));
    this.#output = this.#writer.output;
    const { headBytes, lineBytes, headers } = front.limits;
    this.engine = new ServerEngine(this, this.#output, {
      head: { headBytes, lineBytes, headers },
      ...front.http2,
    });
    this.waits = new Http2Waits(this.engine, front, (ms) => this.#arm(ms));
    this.#deadline = new Deadline(front.deadlines, this);
    this.#idleDueAt = front.deadlines.after(front.timeouts.clientHeaderMs);
    this.#deadline.set(this.#idleDueAt);
    front.drivers.add(this);
    if (front.draining) this.drain();
    this.flushSoon();
  }

  /** Takes bytes that were read before this driver had the socket. */
  begin(bytes: Buffer): void {
    this.received(bytes, bytes.length, undefined);
  }

  /** The client is told to come again elsewhere; what it has sent before it knows is served. */
  drain(): void {
    if (this.#state !== 'open' || !this.#isOpen) return;
    this.#state = 'announced';
    this.engine.announceEnd();
    // The answer proves that GOAWAY was read, and that all it crossed is here.
    this.engine.sendPing(DRAIN_PING);
    this.#idleDueAt = this.#arm(DRAIN_GRACE_MS);
    this.flushSoon();
  }

  /**
   * The drain is over: who has no answer yet is told why, who has half of one is cut off by the end of the connection alone. A reset would
   * say of a call that somebody has cancelled it, and clients of gRPC try such a one again no more (CANCELLED, not UNAVAILABLE).
   */
  destroy(): void {
    const error = exchangeError('draining', 'not finished by the end of the drain');
    for (const exchange of this.#exchanges()) {
      if (!exchange.hasResponded) this.#fail(exchange, error);
    }
    this.#flushNow();
    this.#close(error);
  }

  get isBusy(): boolean {
    return !this.#isIdle;
  }

  get clientWriteMs(): number {
    return this.#front.timeouts.clientWriteMs;
  }

  awaitUntil(ms: number): void {
    this.#deadline.set(this.#front.deadlines.after(ms));
  }

  // What exchanges ask for.

  /** The head that begins a tunnel; without what belongs to the handshake of HTTP/1.1. */
  tunnelHead(head: ResponseHead): ResponseHead {
    const headers = head.headers.filter((_, i) => head.headers[i - (i % 2)] !== 'sec-websocket-accept');
    return new ResponseHead(200, '', headers, UNKNOWN_LENGTH, head.neverIndexed);
  }

  cut(exchange: Http2Exchange, error: ExchangeError): void {
    const code = error.side === 'downstream' ? ERROR_CODE.CANCEL : ERROR_CODE.INTERNAL_ERROR;
    this.engine.reset(exchange.stream, code);
    this.flushSoon();
  }

  /** Tells the handler of a request, if it does not know of it. */
  handOver(exchange: Http2Exchange): void {
    if (exchange.isHandedOver) return;
    exchange.isHandedOver = true;
    this.batch(exchange);
    this.#front.handler.received(exchange);
  }

  batch(exchange: Http2Exchange): void {
    if (exchange.isInBatch) return;
    exchange.isInBatch = true;
    this.#batch.push(exchange);
  }

  flushSoon(): void {
    if (this.#flushDue || this.#isClosed) return;
    this.#flushDue = true;
    turnEnd.add(this);
  }

  /**
   * An exchange has brought what it has for now. When it was the last, nothing is under way that could join it in a write: to wait
   * for the turn's end would only cost time.
   */
  flushExchange(): void {
    if (this.#isIdle && this.#isOpen && this.#arrived.length === 0 && this.#batch.length === 0) this.#send();
    else this.flushSoon();
  }

  /** At the end of a turn of the loop. */
  flush(): void {
    this.#flushDue = false;
    if (!this.#isClosed) this.#send();
  }

  // What the engine reports.

  requestHead(stream: Http2Stream, head: RequestHead): void {
    this.#arrived.push(this.#begin(stream, head));
  }

  requestFault(stream: Http2Stream | undefined, fault: Http2Fault, fields: HeaderList): void {
    const session = this.session;
    const error = refusedRequestError(fault);
    session.error = error;
    session.refusalId = '';
    this.#hasAsked = true;
    if (stream !== undefined) {
      session.become('active');
      const id = this.#front.ids.next();
      session.refusalId = id;
      const { head, body } = errorAnswer(error, fields, id, this.#front.clock.wall());
      this.engine.sendHead(stream, head);
      if (headerValue(fields, ':method') !== 'HEAD')
        this.engine.sendData(stream, body, 0, body.length, UNSHARED);
      this.engine.sendEnd(stream, []);
      // Nobody waits for the client to open a window for what it should not have sent.
      if (stream.queuedBytes > 0) this.engine.reset(stream, ERROR_CODE.CANCEL);
    }
    this.#front.telemetry.requestRefused(session);
    this.#front.handler.refused(session);
  }

  restAwaited(): void {
    if (this.#restDueAt === Number.POSITIVE_INFINITY) this.#restDueAt = this.#arm(REST_MS / 2);
  }

  streamClosed(): void {
    if (!this.#isIdle || !this.#isOpen) return;
    this.session.become('idle');
    if (this.#state === 'open') this.#idleDueAt = this.#arm(this.#front.timeouts.clientIdleMs);
  }

  /** The client has given a stream up, or broken a rule on it. */
  streamLost(exchange: Http2Exchange, fault: Http2Fault): void {
    const error = this.#closeError ?? streamError(fault);
    if (exchange.isHandedOver) exchange.sink?.requestFailed(error);
    else {
      exchange.isHandedOver = true;
      exchange.error = error;
      this.#front.handler.abandoned(exchange);
    }
    this.flushSoon();
  }

  fault(fault: Http2Fault): void {
    const session = this.session;
    session.error = faultError(fault);
    this.#front.telemetry.requestRefused(session);
    this.#front.handler.refused(session);
    if (session.error.name === 'http2-flood') this.#hold();
    else this.#linger();
  }

  glitch(kind: GlitchKind, points: number): void {
    this.#front.telemetry.glitch(kind, points);
  }

  pong(number: number): void {
    if (number === DRAIN_PING && this.#state === 'announced') this.#refuseStreams();
  }

  /** We open no streams; a client that says so ends the connection when it has its answers. */
  goaway(): void {}

  // What the socket reports.

  get inBulk(): boolean {
    // A body under way: any read may be a large one.
    return !this.#isIdle;
  }

  received(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean {
    if (!this.#isOpen) return this.#discard(length);
    const { engine } = this;
    engine.receive(bytes, 0, length, owner, this.#front.clock.now());
    this.#handOverArrived();
    this.#endBatch();
    if (!this.#isOpen) return !this.#socketPaused;
    if (!engine.inHead) this.#headDueAt = Number.POSITIVE_INFINITY;
    else if (this.#headDueAt === Number.POSITIVE_INFINITY)
      this.#headDueAt = this.#arm(this.#front.timeouts.clientHeaderMs);
    // A request alone leaves nothing to send.
    if (this.#isIdle || !this.#output.isEmpty || engine.isUnsettled) this.flushSoon();
    return !this.#socketPaused;
  }

  drained(): void {
    if (this.#isClosed) return;
    this.#writer.drained();
    this.engine.drained();
    this.flushSoon();
  }

  /** The client ended its direction: it can neither ask nor grant any more, but may still want its answers. */
  ended(): void {
    this.#readEnded = true;
    if (!this.#isOpen) return;
    if (this.#isIdle) this.#linger();
    else this.#halfClosedDueAt = this.#arm(HALF_CLOSED_MS);
  }

  closed(): void {
    this.#close();
  }

  crashed(error: unknown): void {
    this.#front.internalError(error);
    this.#close(exchangeError('internal-error', 'a fault in Portico'));
  }

  expire(): void {
    const now = this.#front.deadlines.after(0);
    if (this.#ending !== undefined) {
      if (this.#ending.expired()) this.#close();
      return;
    }
    if (this.#halfClosedDueAt <= now) this.#close();
    else if (this.#headDueAt <= now) this.#tooSlow('a header block came too slowly');
    else if (this.#writer.dueAt <= now) this.#expireOutput();
    else if (this.#idleDueAt <= now && this.#isIdle) this.#expireIdle();
    else if (this.#idleDueAt <= now && this.#state === 'announced') this.#refuseStreams();
    if (!this.#isOpen) return;
    if (this.#restDueAt <= now) {
      this.#restDueAt = Number.POSITIVE_INFINITY;
      this.engine.stopRequests();
      this.flushSoon();
    }
    this.#expireExchanges(now);
    // The answer to the last of them may have ended the connection, which has a deadline of its own then.
    if (this.#isOpen) this.#rearm();
  }

  /** What is written has not gone out in time. */
  #expireOutput(): void {
    if (!this.#writer.isStuck()) return;
    const error = exchangeError('client-too-slow', 'the client does not take the response');
    this.session.error ??= error;
    this.#close(error);
  }

  #begin(stream: Http2Stream, head: RequestHead): Http2Exchange {
    const session = this.session;
    const front = this.#front;
    this.#hasAsked = true;
    session.become('active');
    session.exchanges += 1;
    if (this.#state === 'open') this.#idleDueAt = Number.POSITIVE_INFINITY;
    return new Http2Exchange(this, stream, session, head, front.ids.next(), front.clock.now());
  }

  /**
   * Only when the read is over: what was reset in the same read (CVE-2023-44487) has then not cost a backend anything, nor us a
   * connection to it.
   */
  #handOverArrived(): void {
    const arrived = this.#arrived;
    if (arrived.length === 0) return;
    for (let i = 0; i < arrived.length; i++) this.handOver(arrived[i]!);
    arrived.length = 0;
  }

  #endBatch(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    for (let i = 0; i < batch.length; i++) {
      const exchange = batch[i]!;
      exchange.isInBatch = false;
      exchange.sink?.requestBatchEnd();
    }
    batch.length = 0;
  }

  #refuseStreams(): void {
    this.#state = 'refusing';
    this.#idleDueAt = Number.POSITIVE_INFINITY;
    this.engine.refuseStreams();
    this.flushSoon();
  }

  #expireIdle(): void {
    if (!this.#hasAsked && this.#state === 'open') this.#tooSlow('no request came on the connection');
    else if (this.#state === 'open') this.drain();
    else {
      this.#refuseStreams();
      this.#linger();
    }
  }

  /** The connection is given up for what the client does not do. */
  #tooSlow(detail: string): void {
    const session = this.session;
    const error = exchangeError('request-timeout', detail);
    session.error = error;
    this.#front.telemetry.requestRefused(session);
    this.#front.handler.refused(session);
    this.engine.refuseStreams();
    this.#stop(error);
    this.#linger();
  }

  #expireExchanges(now: number): void {
    for (const exchange of this.#exchanges()) {
      const error = this.waits.judge(exchange, now);
      if (error !== undefined) this.#fail(exchange, error);
    }
  }

  /** An exchange cannot go on: answered where that is still possible, else reset. Its neighbours do not notice. */
  #fail(exchange: Http2Exchange, error: ExchangeError): void {
    const { sink } = exchange;
    exchange.sink = undefined;
    exchange.bodyDueAt = Number.POSITIVE_INFINITY;
    if (error.status !== 0 && !exchange.hasResponded)
      sendAnswer(exchange, errorAnswer(error, exchange.head.headers, exchange.id, this.#front.clock.wall()));
    else this.engine.reset(exchange.stream, ERROR_CODE.CANCEL);
    sink?.requestFailed(error);
    this.flushSoon();
  }

  #send(): void {
    // Of what had been held and was wanted only now: no read brought it.
    this.#endBatch();
    this.engine.settle();
    this.#writer.flush();
    this.#updateReading();
    if (this.#isIdle && (this.#state === 'refusing' || this.#readEnded)) this.#linger();
  }

  #updateReading(): void {
    const pause = this.#output.pendingBytes > MAX_PENDING_OUTPUT_BYTES;
    if (pause === this.#socketPaused || !this.#isOpen) return;
    this.#socketPaused = pause;
    if (pause) this.#socket.pause();
    else this.#socket.resume();
  }

  /** What comes behind the end is read, or the client might be reset before it has seen why; but a flood is not. */
  #discard(length: number): boolean {
    this.#discardedBytes += length;
    return this.#discardedBytes <= MAX_DISCARDED_BYTES;
  }

  /** The time `ms` from now; the deadline is not later than it. */
  #arm(ms: number): number {
    const at = this.#front.deadlines.after(ms);
    if (at < this.#deadline.at) this.#deadline.set(at);
    return at;
  }

  /** Sets the deadline to the earliest of what is due. */
  #rearm(): void {
    let at = Math.min(
      this.#idleDueAt,
      this.#headDueAt,
      this.#writer.dueAt,
      this.#halfClosedDueAt,
      this.#restDueAt,
    );
    for (const { bodyDueAt, writeDueAt } of this.#exchanges()) at = Math.min(at, bodyDueAt, writeDueAt);
    if (at !== Number.POSITIVE_INFINITY) this.#deadline.set(at);
  }

  /** A copy: what is done with them may end them. */
  #exchanges(): Http2Exchange[] {
    const sinks = this.engine.streams.values().map(({ sink }) => sink);
    return sinks.filter((sink) => sink instanceof Http2Exchange);
  }

  get #isIdle(): boolean {
    return this.engine.streams.size === 0;
  }

  get #isOpen(): boolean {
    return this.#ending === undefined && !this.#isClosed;
  }

  #flushNow(): void {
    this.engine.settle();
    this.#output.flush();
  }

  /** All that was asked for is answered: what is pending goes out, and the client is to notice the end. */
  #linger(): void {
    if (!this.#isOpen) return;
    this.#beginEnding().linger();
    if (this.#socketPaused) this.#socket.resume();
  }

  /** A flood has been told so by GOAWAY; its end takes its time. */
  #hold(): void {
    if (!this.#isOpen) return;
    this.#beginEnding().hold();
    this.#socketPaused = true;
  }

  #beginEnding(): Ending {
    this.#state = 'ended';
    this.#flushNow();
    this.#ending = new Ending(this.#socket, this.#writer.progress, this);
    return this.#ending;
  }

  /** Nothing more is read from the client, and no exchange goes on. */
  #stop(error: ExchangeError): void {
    this.#closeError = error;
    this.engine.stop(CONNECTION_LOST);
  }

  /** `error`: what exchanges that are still under way are told. */
  #close(error: ExchangeError = CLIENT_GONE): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop(error);
    this.#deadline.cancel();
    this.#output.discard();
    this.#socket.destroy();
    this.#reader.close();
    const session = this.session;
    session.bytesIn = this.#socket.bytesRead;
    session.bytesOut = this.#socket.bytesWritten;
    session.become('closed');
    this.#front.drivers.delete(this);
    this.#front.telemetry.sessionClosed(session);
    this.#front.handler.closed(session);
  }
}

/** What streams are told by the engine when the connection closes; their exchanges learn more. */
const CONNECTION_LOST: Http2Fault = http2Fault('reset-by-peer');

const CLIENT_GONE: ExchangeError = exchangeError('client-gone', 'the client closed the connection');

/** How long a client that has ended its direction may wait for its answers. */
const HALF_CLOSED_MS = 1000;

/** How long the rest of a request that was answered may be on its way before the client is told to keep it; half of that at least. */
const REST_MS = 1000;

/** What a client may have on its way when it is told the end, and no reason to give a flood more of our time. */
const MAX_DISCARDED_BYTES = 262_144;

/** The number of the PING whose answer ends a drain's first step. */
const DRAIN_PING = 1;
