import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import { ClientEngine, type ClientEvents } from '../../protocols/http2/client-engine.ts';
import { ERROR_CODE, errorCodeName, type Http2Fault } from '../../protocols/http2/errors.ts';
import {
  CLIENT_LIMITS,
  MAX_CLIENT_RESETS,
  MAX_CLIENT_STREAMS,
  MAX_PENDING_OUTPUT_BYTES,
} from '../../protocols/http2/limits.ts';
import type { Http2Stream } from '../../protocols/http2/stream.ts';
import { exchangeError } from '../core/errors.ts';
import type { UpstreamTimeouts } from '../core/settings.ts';
import type { ForwardRequest, UpstreamSink, UpstreamStream } from '../core/upstream.ts';
import { backendTlsReason, isTlsFault } from '../tls/backend-tls-reason.ts';
import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';
import type { FrameBlocks } from '../transport/frame-blocks.ts';
import { FrameWriter } from '../transport/frame-writer.ts';
import type { SocketReader, SocketReceiver } from '../transport/socket-reader.ts';
import { type Flushable, turnEnd } from '../transport/turn-end.ts';
import type { ConnectionOwner, PooledConnection } from './connector.ts';
import { type ConnectionEnd, connectionEnd } from './http2-failure.ts';
import { isTunnelRequest, requestFields } from './http2-request-fields.ts';
import { Http2UpstreamStream } from './http2-stream.ts';
import { PingPace } from './ping-pace.ts';

/**
 * One HTTP/2 connection to an instance: a socket driven by the client engine, each request on a stream of its own. What a turn of
 * the event loop brings for it, from whatever clients, goes out in one write at the turn's end.
 *
 *   greeting ─► open ─► closed        any ─► closed
 *
 * Its owner has it from the instance's SETTINGS on: only they tell how many requests it takes, whether it offers extended CONNECT, and
 * that it speaks HTTP/2 at all. A body that was sent before would be lost to a refusal; this costs one round trip per connection.
 */
export class Http2Connection implements PooledConnection, ClientEvents, SocketReceiver, Expiring, Flushable {
  isListed = false;
  readonly engine: ClientEngine;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #owner: ConnectionOwner;
  readonly #scheme: 'http' | 'https';
  readonly #writer: FrameWriter;
  readonly #output: FrameBlocks;
  readonly #deadline: Deadline;
  readonly #deadlines: Deadlines;
  readonly #timeouts: UpstreamTimeouts;
  /** Upgrades that the instance does not offer: told at the end of the turn, never within `send`. */
  #refused: Http2UpstreamStream[] = [];
  #batch: Http2UpstreamStream[] = [];
  /** Requests begun, and those that were reset. */
  #carried = 0;
  #resets = 0;
  #flushDue = false;
  /** The instance's settings have come, and the owner has it. */
  #isOpen = false;
  #isRetired = false;
  #isClosed = false;
  /** A request has paid for the fault that has ended it. */
  #isBlamed = false;
  /** When the instance must have greeted, and later when a connection without streams is closed. */
  #idleDueAt: number;
  /** When the instance must have given a sign of life; with a PING on its way the last moment. */
  #signDueAt = Number.POSITIVE_INFINITY;
  #pingSent = false;
  readonly #pace = new PingPace();
  /** What the instance has said by GOAWAY, for people; or ''. */
  #farewell = '';

  /** `socket` stands, and is read by `reader`. */
  constructor(
    socket: Socket,
    reader: SocketReader,
    owner: ConnectionOwner,
    timeouts: UpstreamTimeouts,
    scheme: 'http' | 'https',
  ) {
    this.#socket = socket;
    this.#reader = reader;
    reader.receiver = this;
    this.#owner = owner;
    this.#scheme = scheme;
    this.#writer = new FrameWriter(socket, () => this.#arm(timeouts.idleMs));
    this.#output = this.#writer.output;
    this.engine = new ClientEngine(this, this.#output, CLIENT_LIMITS);
    this.#deadlines = owner.deadlines;
    this.#deadline = new Deadline(owner.deadlines, this);
    this.#timeouts = timeouts;
    this.#idleDueAt = this.#arm(timeouts.connectMs);
    this.flushSoon();
  }

  get room(): number {
    if (!this.#isOpen || this.#isRetired || this.#isClosed || this.#socket.destroyed) return 0;
    const used = this.engine.streams.size + this.#refused.length;
    return Math.max(0, Math.min(this.engine.freeStreams, MAX_CLIENT_STREAMS - used));
  }

  send(request: ForwardRequest, id: string, timeouts: UpstreamTimeouts, sink: UpstreamSink): UpstreamStream {
    const stream = new Http2UpstreamStream(this, request, sink, timeouts, this.#carried > 0);
    this.#carried += 1;
    this.#idleDueAt = Number.POSITIVE_INFINITY;
    if (this.#signDueAt === Number.POSITIVE_INFINITY || this.#pace.hasAsked)
      this.#signDueAt = Math.min(this.#signDueAt, this.#arm(this.#pace.requestMs));
    const isTunnel = isTunnelRequest(request);
    if (isTunnel && !this.engine.hasConnectProtocol) {
      this.#refused.push(stream);
      this.flushSoon();
      return stream;
    }
    const { bodyLength } = request;
    const hasBody = isTunnel || bodyLength > 0 || bodyLength === UNKNOWN_LENGTH;
    stream.stream = this.engine.request(requestFields(request, this.#scheme), id, hasBody, stream);
    if (!hasBody || isTunnel) this.awaitHead(stream);
    return stream;
  }

  retire(): void {
    this.#isRetired = true;
    if (this.#isIdle) this.#leave();
  }

  // What streams ask for.

  awaitHead(stream: Http2UpstreamStream): void {
    stream.dueAt = this.#arm(stream.timeouts.responseHeaderMs);
  }

  awaitProgress(stream: Http2UpstreamStream): void {
    stream.dueAt = this.#arm(stream.timeouts.idleMs);
  }

  /** What waits for the instance's windows is to become less; what waits for its socket is watched for all streams together. */
  awaitWindow(stream: Http2UpstreamStream): void {
    const queued = stream.stream?.queuedBytes ?? 0;
    if (queued === 0) return;
    stream.queuedBefore = queued;
    stream.sentBefore = this.engine.sentBytes;
    this.awaitProgress(stream);
  }

  /** Ends a stream before the instance has; where it has, nothing is sent. */
  reset(stream: Http2Stream, code: number): void {
    if (!stream.isClosed) this.#resets += 1;
    if (this.#resets >= MAX_CLIENT_RESETS) this.#isRetired = true;
    this.engine.reset(stream, code);
  }

  /** Nobody wants the rest. */
  giveUp(stream: Http2UpstreamStream): void {
    if (stream.stream !== undefined) this.reset(stream.stream, ERROR_CODE.CANCEL);
    else this.#refused = this.#refused.filter((refused) => refused !== stream);
    this.left();
    this.flushSoon();
  }

  /** The read under way concerns the stream; once. */
  batch(stream: Http2UpstreamStream): void {
    this.#batch.push(stream);
  }

  /** A stream is over: there is room, and perhaps nothing more to do. */
  left(): void {
    if (this.#isClosed) return;
    if (this.#isIdle) {
      this.#signDueAt = Number.POSITIVE_INFINITY;
      this.#idleDueAt = this.#arm(this.#timeouts.idleMs);
      this.flushSoon();
    }
    if (!this.isListed && this.room > 0) this.#owner.free(this);
  }

  /**
   * A fault of the instance has ended the connection, and one request pays for it: sent again for nothing it might go on breaking
   * connections, and the instance is to be blamed, once. True: it is this one.
   */
  takeBlame(): boolean {
    const isFirst = !this.#isBlamed;
    this.#isBlamed = true;
    return isFirst;
  }

  flushSoon(): void {
    if (this.#flushDue || this.#isClosed) return;
    this.#flushDue = true;
    turnEnd.add(this);
  }

  /** At the end of a turn of the loop. */
  flush(): void {
    this.#flushDue = false;
    if (this.#isClosed) return;
    if (this.#refused.length > 0) this.#tellRefused();
    this.engine.settle();
    this.#writer.flush();
    const isOver = this.#isRetired || this.engine.isExhausted;
    if (isOver && this.#isIdle) this.#leave();
    else if (this.#output.pendingBytes > MAX_PENDING_OUTPUT_BYTES) this.#socket.pause();
  }

  #tellRefused(): void {
    for (const stream of this.#refused.splice(0)) {
      const { sink } = stream;
      stream.sink = undefined;
      this.left();
      const detail = 'the instance does not offer WebSocket over HTTP/2';
      sink?.upstreamFailed(exchangeError('upgrade-not-offered', detail), 'never');
    }
  }

  // What the engine reports.

  settingsReceived(): void {
    this.flushSoon();
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#idleDueAt = this.#arm(this.#timeouts.idleMs);
      this.#owner.connected(this);
    } else if (!this.isListed && this.room > 0) this.#owner.free(this);
  }

  streamClosed(stream: Http2Stream): void {
    const { sink } = stream;
    // One that was reset has told its attempt, or is about to be told; one whose body is not read yet is not over.
    if (sink instanceof Http2UpstreamStream && sink.isOver) this.left();
  }

  fault({ rule, detail }: Http2Fault): void {
    this.#output.flush();
    this.#close(BROKEN, `no HTTP/2: ${rule}: ${detail}`);
  }

  glitch(): void {}

  pong(): void {
    this.#pingSent = false;
  }

  /** No further streams; it is closed when those that are left are over. */
  goaway(_lastStreamId: number, code: number): void {
    this.#farewell = ` behind GOAWAY (${errorCodeName(code)})`;
    this.flushSoon();
  }

  // What the socket reports.

  get inBulk(): boolean {
    return !this.#isIdle;
  }

  received(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean {
    if (this.#isClosed) return false;
    this.engine.receive(bytes, 0, length, owner, this.#deadlines.after(0));
    if (this.#batch.length > 0) this.#pace.responded();
    this.#endBatch();
    if (this.#isClosed) return false;
    this.#pingSent = false;
    this.#signDueAt = this.#isIdle ? Number.POSITIVE_INFINITY : this.#deadlines.after(this.#pace.silenceMs);
    // Of responses alone nothing is to be said.
    if (this.#isIdle || !this.#output.isEmpty || this.engine.isUnsettled) this.flushSoon();
    return this.#output.pendingBytes <= MAX_PENDING_OUTPUT_BYTES;
  }

  drained(): void {
    if (this.#isClosed) return;
    this.#writer.drained();
    this.engine.drained();
    this.#socket.resume();
    this.flushSoon();
  }

  /** HTTP/2 says itself where a message ends: an end without close_notify can complete none falsely. */
  ended(): void {
    this.closed('ended');
  }

  closed(cause: string): void {
    const isTls = isTlsFault(cause);
    const detail = isTls ? backendTlsReason(cause) : `${cause} before SETTINGS`;
    const end = `${isTls ? detail : `connection ${cause}`}${this.#farewell}`;
    this.#close(connectionEnd('broken', end), detail, isTls ? 'backend-tls-failed' : 'connect-failed');
  }

  crashed(error: unknown): void {
    this.#owner.internalError(error);
    this.#close(BROKEN, 'an internal error');
  }

  expire(now: number): void {
    if (this.#idleDueAt <= now) {
      if (this.#isOpen) this.#leave();
      else {
        const detail = `no SETTINGS within ${this.#timeouts.connectMs} ms`;
        this.#close(BROKEN, detail, 'connect-timeout');
      }
      return;
    }
    if (this.#writer.dueAt <= now && this.#writer.isStuck()) this.#close(STUCK);
    if (this.#signDueAt <= now) this.#expireSign();
    for (const stream of this.#streams()) {
      if (stream.dueAt <= now) this.#expireStream(stream);
    }
    if (!this.#isClosed) this.#rearm();
  }

  /** Nothing was heard for long: asks, or after that has no answer either gives up. */
  #expireSign(): void {
    if (this.#pingSent) {
      this.#close(SILENT);
      return;
    }
    this.#pingSent = true;
    this.#pace.asked();
    this.engine.sendPing(1);
    this.#signDueAt = this.#deadlines.after(PING_TIMEOUT_MS);
    this.flushSoon();
  }

  #expireStream(stream: Http2UpstreamStream): void {
    const { hasHead, isPaused, queuedBefore } = stream;
    const { responseHeaderMs, idleMs } = stream.timeouts;
    // Who may not send does not read either, perhaps: it is the client's turn, whatever waits.
    if (isPaused) stream.dueAt = Number.POSITIVE_INFINITY;
    else if ((stream.stream?.queuedBytes ?? 0) > 0) {
      if (this.#isStalled(stream)) this.#fail(stream, `no progress within ${idleMs} ms`);
      else this.awaitWindow(stream);
    } else if (hasHead) this.#fail(stream, `no progress within ${idleMs} ms`);
    else if (queuedBefore > 0) {
      // The last of the request has gone out only meanwhile.
      stream.queuedBefore = 0;
      this.awaitHead(stream);
    } else this.#fail(stream, `no response head within ${responseHeaderMs} ms`);
  }

  /** Only the instance's windows hold it up: what waits for its neighbours is not its fault. */
  #isStalled({ stream, queuedBefore, sentBefore }: Http2UpstreamStream): boolean {
    if (stream!.queuedBytes < queuedBefore) return false;
    return stream!.sendWindow.available <= 0 || this.engine.sentBytes === sentBefore;
  }

  #fail(stream: Http2UpstreamStream, detail: string): void {
    const { sink } = stream;
    stream.sink = undefined;
    this.giveUp(stream);
    sink?.upstreamFailed(exchangeError('response-timeout', detail), 'never');
  }

  #endBatch(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    for (const stream of batch) stream.endBatch();
  }

  #arm(ms: number): number {
    const at = this.#deadlines.after(ms);
    if (at < this.#deadline.at && !this.#isClosed) this.#deadline.set(at);
    return at;
  }

  #rearm(): void {
    let at = Math.min(this.#idleDueAt, this.#writer.dueAt, this.#signDueAt);
    for (const { dueAt } of this.#streams()) at = Math.min(at, dueAt);
    if (at !== Number.POSITIVE_INFINITY) this.#deadline.set(at);
  }

  /** A copy: what is done with them may end them. */
  #streams(): Http2UpstreamStream[] {
    const sinks = this.engine.streams.values().map(({ sink }) => sink);
    return sinks.filter((sink) => sink instanceof Http2UpstreamStream);
  }

  get #isIdle(): boolean {
    return this.engine.streams.size === 0 && this.#refused.length === 0;
  }

  /** Nothing is under way: the instance is told that no more will come. */
  #leave(): void {
    if (this.#isClosed) return;
    this.engine.sendGoaway();
    this.#output.flush();
    this.#close();
  }

  /** `end`: what streams are told. `detail`, `name`: what the owner is told when it had not got the connection yet. */
  #close(
    end: ConnectionEnd = BROKEN,
    detail = '',
    name: 'connect-failed' | 'connect-timeout' | 'backend-tls-failed' = 'connect-failed',
  ): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#deadline.cancel();
    this.engine.stop(end);
    for (const stream of this.#refused.splice(0)) stream.reset(end, false);
    this.#output.discard();
    this.#socket.destroy();
    this.#reader.close();
    if (this.#isOpen) this.#owner.closed(this);
    else this.#owner.connectFailed(exchangeError(name, detail));
  }
}

const BROKEN = connectionEnd('broken', 'the connection broke');
const SILENT = connectionEnd('broken', 'the instance does not answer a PING');
const STUCK = connectionEnd('stuck', 'the instance does not take what is sent');

/** How long the instance may take for a sign of life that it is asked for. */
const PING_TIMEOUT_MS = 5000;
