import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import { ClientEngine, type ClientEvents } from '../../protocols/http2/client-engine.ts';
import { ERROR_CODE } from '../../protocols/http2/errors.ts';
import { CLIENT_LIMITS, MAX_PENDING_OUTPUT_BYTES } from '../../protocols/http2/limits.ts';
import type { Http2Stream } from '../../protocols/http2/stream.ts';
import { type ErrorName, exchangeError } from '../core/errors.ts';
import type { UpstreamTimeouts } from '../core/settings.ts';
import type { ForwardRequest, UpstreamSink, UpstreamStream } from '../core/upstream.ts';
import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';
import { FrameBlocks } from '../transport/frame-blocks.ts';
import type { SocketReader, SocketReceiver } from '../transport/socket-reader.ts';
import { type Flushable, turnEnd } from '../transport/turn-end.ts';
import type { ConnectionOwner, PooledConnection } from './connector.ts';
import { CONNECTION_BROKEN } from './http2-failure.ts';
import { requestFields, tunnelHeaders } from './http2-request-fields.ts';
import { Http2UpstreamStream } from './http2-stream.ts';

/**
 * One HTTP/2 connection to an instance: a socket driven by the client engine, each request on a stream of its own. What a turn of
 * the event loop brings for it, from whatever clients, goes out in one write at the turn's end.
 */
export class Http2Connection implements PooledConnection, ClientEvents, SocketReceiver, Expiring, Flushable {
  isListed = false;
  readonly engine: ClientEngine;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #owner: ConnectionOwner;
  readonly #scheme: 'http' | 'https';
  readonly #output: FrameBlocks;
  readonly #deadline: Deadline;
  readonly #deadlines: Deadlines;
  readonly #idleMs: number;
  /** Upgrades that wait for the instance's settings, which say whether it knows them. */
  #upgrades: { readonly stream: Http2UpstreamStream; readonly start: () => void }[] = [];
  #batch: Http2UpstreamStream[] = [];
  /** Requests begun. */
  #carried = 0;
  #flushDue = false;
  #isRetired = false;
  #isClosed = false;
  #idleDueAt = Number.POSITIVE_INFINITY;
  /** When the instance must have given a sign of life; with a PING on its way the last moment. */
  #signDueAt = Number.POSITIVE_INFINITY;
  #pingSent = false;

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
    this.#output = new FrameBlocks(socket);
    this.engine = new ClientEngine(this, this.#output, CLIENT_LIMITS);
    this.#deadlines = owner.deadlines;
    this.#deadline = new Deadline(owner.deadlines, this);
    this.#idleMs = timeouts.idleMs;
    this.#idleDueAt = this.#arm(this.#idleMs);
    this.flushSoon();
  }

  get room(): number {
    if (this.#isRetired || this.#isClosed || this.#socket.destroyed) return 0;
    const used = this.engine.streams.size + this.#upgrades.length;
    return Math.max(0, Math.min(this.engine.freeStreams, MAX_STREAMS - used));
  }

  /** It has carried more than one request: the newest may have crossed its end. */
  get isKept(): boolean {
    return this.#carried > 1;
  }

  send(request: ForwardRequest, id: string, timeouts: UpstreamTimeouts, sink: UpstreamSink): UpstreamStream {
    const stream = new Http2UpstreamStream(this, sink, timeouts, tunnelHeaders(request));
    this.#carried += 1;
    this.#idleDueAt = Number.POSITIVE_INFINITY;
    if (this.#signDueAt === Number.POSITIVE_INFINITY) this.#signDueAt = this.#arm(PING_AFTER_MS);
    const start = (): void => this.#start(stream, request, id);
    if (request.upgrade === '') start();
    else this.#startUpgrade(stream, start);
    return stream;
  }

  #start(stream: Http2UpstreamStream, request: ForwardRequest, id: string): void {
    const { bodyLength, upgrade } = request;
    const hasBody = upgrade !== '' || bodyLength > 0 || bodyLength === UNKNOWN_LENGTH;
    stream.stream = this.engine.request(requestFields(request, this.#scheme), id, hasBody, stream);
    if (!hasBody || upgrade !== '') this.awaitHead(stream);
  }

  /** Never within `send`: who asked is told at the end of the turn. */
  #startUpgrade(stream: Http2UpstreamStream, start: () => void): void {
    if (this.engine.hasConnectProtocol) start();
    else {
      this.#upgrades.push({ stream, start });
      this.awaitHead(stream);
      this.flushSoon();
    }
  }

  retire(): void {
    this.#isRetired = true;
    if (this.#isIdle) this.#close();
  }

  // What streams ask for.

  awaitHead(stream: Http2UpstreamStream): void {
    stream.dueAt = this.#arm(stream.timeouts.responseHeaderMs);
  }

  awaitProgress(stream: Http2UpstreamStream): void {
    stream.dueAt = this.#arm(stream.timeouts.idleMs);
  }

  awaitWindow(stream: Http2UpstreamStream): void {
    const queued = stream.stream?.queuedBytes ?? 0;
    if (queued === 0) return;
    stream.queuedBefore = queued;
    if (!stream.hasHead) this.awaitProgress(stream);
  }

  /** Nobody wants the rest. */
  giveUp(stream: Http2UpstreamStream): void {
    if (stream.stream !== undefined) this.engine.reset(stream.stream, ERROR_CODE.CANCEL);
    else this.#upgrades = this.#upgrades.filter((upgrade) => upgrade.stream !== stream);
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
      this.#idleDueAt = this.#arm(this.#idleMs);
      this.flushSoon();
    }
    if (!this.isListed && this.room > 0) this.#owner.free(this);
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
    if (this.engine.isReady && this.#upgrades.length > 0) this.#judgeUpgrades();
    this.engine.settle();
    this.#output.flush();
    const isOver = this.#isRetired || this.engine.isExhausted;
    if (isOver && this.#isIdle) this.#close();
    else if (this.#output.pendingBytes > MAX_PENDING_OUTPUT_BYTES) this.#socket.pause();
  }

  /** Begins what waited for the instance's settings, or says that it does not offer it. */
  #judgeUpgrades(): void {
    const upgrades = this.#upgrades;
    this.#upgrades = [];
    for (const { stream, start } of upgrades) {
      if (this.engine.hasConnectProtocol && this.engine.freeStreams > 0) start();
      else {
        const { sink } = stream;
        stream.sink = undefined;
        this.left();
        const detail = 'the instance does not offer WebSocket over HTTP/2';
        sink?.upstreamFailed(exchangeError('upgrade-not-offered', detail), 'never');
      }
    }
  }

  // What the engine reports.

  settingsReceived(): void {
    this.flushSoon();
  }

  streamClosed(stream: Http2Stream): void {
    const { sink } = stream;
    // One that was reset has told its attempt, or is about to be told; one whose body is not read yet is not over.
    if (sink instanceof Http2UpstreamStream && sink.isOver) this.left();
  }

  fault(): void {
    this.#output.flush();
    this.#close();
  }

  glitch(): void {}

  pong(): void {
    this.#pingSent = false;
  }

  /** No further streams; it is closed when those that are left are over. */
  goaway(): void {
    this.flushSoon();
  }

  // What the socket reports.

  get inBulk(): boolean {
    return !this.#isIdle;
  }

  received(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean {
    if (this.#isClosed) return false;
    this.engine.receive(bytes, 0, length, owner, 0);
    this.#endBatch();
    if (this.#isClosed) return false;
    this.#pingSent = false;
    this.#signDueAt = this.#isIdle ? Number.POSITIVE_INFINITY : this.#deadlines.after(PING_AFTER_MS);
    this.flushSoon();
    return this.#output.pendingBytes <= MAX_PENDING_OUTPUT_BYTES;
  }

  drained(): void {
    if (this.#isClosed) return;
    this.engine.drained();
    this.#socket.resume();
    this.flushSoon();
  }

  ended(): void {
    this.#close();
  }

  closed(): void {
    this.#close();
  }

  crashed(error: unknown): void {
    this.#owner.internalError(error);
    this.#close();
  }

  expire(): void {
    const now = this.#deadlines.after(0);
    if (this.#idleDueAt <= now) {
      this.#close();
      return;
    }
    if (this.#signDueAt <= now && !this.#sign()) return;
    for (const stream of this.#streams()) {
      if (stream.dueAt <= now) this.#expireStream(stream);
    }
    this.#rearm();
  }

  /** Nothing was heard for long: asks, or after that has no answer either gives up. False: it is closed. */
  #sign(): boolean {
    if (this.#pingSent) {
      this.#close();
      return false;
    }
    this.#pingSent = true;
    this.engine.sendPing(1);
    this.#signDueAt = this.#deadlines.after(PING_TIMEOUT_MS);
    this.flushSoon();
    return true;
  }

  #expireStream(stream: Http2UpstreamStream): void {
    const queued = stream.stream?.queuedBytes ?? 0;
    if (queued > 0 && queued < stream.queuedBefore) {
      this.awaitWindow(stream);
      this.awaitProgress(stream);
      return;
    }
    const { responseHeaderMs, idleMs } = stream.timeouts;
    if (stream.hasHead || queued > 0) this.#fail(stream, `no progress within ${idleMs} ms`);
    else this.#fail(stream, `no response head within ${responseHeaderMs} ms`);
  }

  #fail(stream: Http2UpstreamStream, detail: string): void {
    const { sink } = stream;
    stream.sink = undefined;
    this.giveUp(stream);
    const name: ErrorName = 'response-timeout';
    sink?.upstreamFailed(exchangeError(name, detail), 'never');
  }

  #endBatch(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    for (const stream of batch) stream.endBatch();
  }

  #arm(ms: number): number {
    const at = this.#deadlines.after(ms);
    if (at < this.#deadline.at) this.#deadline.set(at);
    return at;
  }

  #rearm(): void {
    let at = Math.min(this.#idleDueAt, this.#signDueAt);
    for (const { dueAt } of this.#streams()) at = Math.min(at, dueAt);
    if (at !== Number.POSITIVE_INFINITY) this.#deadline.set(at);
  }

  /** A copy: what is done with them may end them. */
  #streams(): Http2UpstreamStream[] {
    const sinks = this.engine.streams.values().map(({ sink }) => sink);
    const begun = sinks.filter((sink) => sink instanceof Http2UpstreamStream);
    return [...begun, ...this.#upgrades.map(({ stream }) => stream)];
  }

  get #isIdle(): boolean {
    return this.engine.streams.size === 0 && this.#upgrades.length === 0;
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#deadline.cancel();
    this.engine.stop(CONNECTION_BROKEN);
    for (const { stream } of this.#upgrades.splice(0)) stream.reset(CONNECTION_BROKEN);
    this.#output.discard();
    this.#socket.destroy();
    this.#reader.close();
    this.#owner.closed(this);
  }
}

/**
 * Streams of one connection at a time, whatever the instance allows: beyond, another connection shares the load, and the loss of one
 * costs no more than this.
 */
export const MAX_STREAMS = 100;

/** Silence with requests under way after which the instance is asked for a sign of life, and how long it may take. */
const PING_AFTER_MS = 10_000;
const PING_TIMEOUT_MS = 5000;
