import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import { ClientEngine, type ClientEvents } from '../../protocols/http1/client-engine.ts';
import type { Http1Fault } from '../../protocols/http1/errors.ts';
import { DEFAULT_LIMITS } from '../../protocols/http1/limits.ts';
import type { ParsedResponse } from '../../protocols/http1/response-parser.ts';
import { type ErrorName, type ExchangeError, exchangeError } from '../core/errors.ts';
import type { PipeliningSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { ForwardRequest, Repeat, UpstreamSink, UpstreamStream } from '../core/upstream.ts';
import { backendTlsReason, isTlsFault } from '../tls/backend-tls-reason.ts';
import { isEndAnnounced } from '../transport/announced-end.ts';
import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';
import { SocketOutput } from '../transport/socket-output.ts';
import type { SocketReader, SocketReceiver } from '../transport/socket-reader.ts';
import { type Flushable, turnEnd } from '../transport/turn-end.ts';
import type { ConnectionOwner, PooledConnection } from './connector.ts';
import { http1Block } from './http1-block.ts';
import { PipelinedStream } from './pipelined-stream.ts';

/**
 * One HTTP/1.1 connection to an instance with several safe requests under way, answered in order (RFC 9112, section 9.3.2). What a
 * turn of the event loop brings for it goes out in one write at the turn's end.
 *
 * The first request goes alone: only after an answer with HTTP/1.1 that keeps the connection do others join. Whatever ends it
 * gives the requests without an answer back to be sent elsewhere. One answer that takes longer than `maxWait` while others wait
 * behind it costs those their places too: they are sent elsewhere, and the connection ends with that answer.
 */
export class PipelinedConnection
  implements PooledConnection, ClientEvents, SocketReceiver, Expiring, Flushable
{
  isListed = false;
  readonly #owner: ConnectionOwner;
  readonly #settings: PipeliningSettings;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #output: SocketOutput;
  readonly #engine: ClientEngine;
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline;
  readonly #idleMs: number;
  /** The first is the one whose answer is read, or awaited. */
  #queue: PipelinedStream[] = [];
  /** Clock time from which the first is the first; or from which there is none. */
  #since = 0;
  /** When the first must have moved on. */
  #dueAt = 0;
  /** The head of the first's answer has come. */
  #begun = false;
  #isHttp11 = false;
  #isProven = false;
  /** Takes no more, and ends with the first's answer. */
  #isLast = false;
  #isClosed = false;
  #readEnded = false;
  #paused = false;
  #flushDue = false;
  /** Whom the read under way concerns. */
  #batch: UpstreamSink[] = [];

  /** `socket` stands, and is read by `reader`. */
  constructor(
    socket: Socket,
    reader: SocketReader,
    owner: ConnectionOwner,
    timeouts: UpstreamTimeouts,
    settings: PipeliningSettings,
  ) {
    this.#socket = socket;
    this.#reader = reader;
    reader.receiver = this;
    this.#owner = owner;
    this.#settings = settings;
    this.#idleMs = timeouts.idleMs;
    this.#deadlines = owner.deadlines;
    this.#deadline = new Deadline(owner.deadlines, this);
    this.#output = new SocketOutput(socket);
    this.#engine = new ClientEngine(this, this.#output, DEFAULT_LIMITS, {
      depth: settings.depth,
      memory: owner.responses,
    });
    this.#next();
  }

  get inFlight(): number {
    return this.#queue.length;
  }

  get room(): number {
    if (this.#isLast || this.#isClosed || this.#readEnded || this.#socket.destroyed) return 0;
    const { length } = this.#queue;
    if (length > 0 && !this.#isProven) return 0;
    return this.#isProven ? this.#settings.depth - length : 1;
  }

  send(request: ForwardRequest, id: string, timeouts: UpstreamTimeouts, sink: UpstreamSink): UpstreamStream {
    this.#engine.sendHead(request.method, http1Block(request), `x-request-id: ${id}\r\n`, 0, '');
    const stream = new PipelinedStream(this, timeouts, sink);
    if (this.#queue.push(stream) === 1) this.#next();
    else this.#arm();
    if (!this.#flushDue) {
      this.#flushDue = true;
      turnEnd.add(this);
    }
    return stream;
  }

  retire(): void {
    this.#isLast = true;
    if (this.#queue.length === 0) this.#close();
    else this.#giveBackOthers('any', exchangeError('connection-lost', 'the connection is being closed'));
  }

  /** At the end of a turn of the loop. */
  flush(): void {
    this.#flushDue = false;
    if (this.#isClosed) return;
    this.#output.flush();
    this.#engine.flushed();
  }

  resume(stream: PipelinedStream): void {
    if (!this.#paused || stream !== this.#queue[0] || this.#isClosed) return;
    this.#paused = false;
    this.#awaitProgress();
    this.#reader.resume(this.#socket);
  }

  /** Its answer is read and thrown away as long as others are behind it. */
  abandoned(stream: PipelinedStream): void {
    if (this.#isClosed) return;
    if (this.#queue.every(({ sink }) => sink === undefined)) this.#close();
    else this.resume(stream);
  }

  expire(now: number): void {
    const [first] = this.#queue;
    if (first === undefined) this.#close();
    else if (now >= this.#dueAt) this.#fail('response-timeout', this.#slowness(first));
    else if (this.#queue.length > 1) {
      const { maxWaitMs } = this.#settings;
      const detail = `no answer within ${maxWaitMs} ms to the request before it`;
      this.#isLast = true;
      this.#giveBackOthers('any', exchangeError('response-timeout', detail));
      if (first.sink === undefined) this.#close();
      else this.#arm();
    }
  }

  interimHead(response: ParsedResponse): void {
    this.#first()?.interim(response.head);
  }

  responseHead(response: ParsedResponse): void {
    this.#begun = true;
    this.#isHttp11 = response.isHttp11;
    if (!response.keepAlive) {
      this.#isLast = true;
      this.#giveBackOthers('any', exchangeError('connection-lost', 'the instance closes the connection'));
    }
    this.#first()?.response(response.head, false);
  }

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    if (this.#first()?.responseData(bytes, start, end, owner) === false) this.#paused = true;
  }

  responseEnd(trailers: HeaderList, reusable: boolean): void {
    const sink = this.#first();
    this.#queue.shift();
    this.#paused = false;
    if (reusable && !this.#isLast && !this.#readEnded) {
      this.#isProven ||= this.#isHttp11;
      this.#next();
    } else this.#close();
    sink?.responseEnd(trailers);
    if (this.#isClosed) this.#giveBackAll(exchangeError('connection-lost', 'the connection was closed'));
  }

  fault(fault: Http1Fault): void {
    if (this.#begun) this.#fail('response-cut', fault.detail);
    // They are behind the last answer that was due: no request that is there now has to do with them.
    else if (fault.rule === 'unexpected-bytes') this.#fail('connection-lost', fault.detail, true);
    else this.#fail('malformed-response', fault.detail);
  }

  /** One that is paused holds no large buffer. */
  get inBulk(): boolean {
    return this.#begun && !this.#paused;
  }

  received(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean {
    if (this.#isClosed) return false;
    this.#engine.receive(bytes, 0, length, owner);
    if (this.#begun) this.#awaitProgress();
    this.#endBatch();
    return !this.#paused;
  }

  drained(): void {}

  ended(): void {
    this.#readEnded = true;
    if (this.#begun && !isEndAnnounced(this.#socket)) {
      this.#fail('response-cut', 'connection ended without close_notify');
      return;
    }
    if (this.#engine.receiveEnd()) this.#endBatch();
    else this.closed('ended');
  }

  closed(cause: string): void {
    if (this.#isClosed) return;
    const isRefusal = isTlsFault(cause) && !this.#isProven;
    const detail = isRefusal ? backendTlsReason(cause) : `connection ${cause}`;
    if (this.#begun) this.#fail('response-cut', detail);
    else if (isRefusal) this.#fail('backend-tls-failed', detail);
    // The first request of a connection may be what the instance has failed at.
    else this.#fail('connection-lost', detail, this.#engine.untouched && this.#isProven);
  }

  crashed(error: unknown): void {
    this.#owner.internalError(error);
    this.#fail('connection-lost', 'an internal error');
  }

  /** Whom the answer that is read belongs to; undefined: it is thrown away. */
  #first(): UpstreamSink | undefined {
    const sink = this.#queue[0]?.sink;
    if (sink !== undefined && this.#batch.at(-1) !== sink) this.#batch.push(sink);
    return sink;
  }

  #endBatch(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    for (const sink of batch) sink.responseBatchEnd();
  }

  /** Another request is the first now, or none. */
  #next(): void {
    this.#begun = false;
    this.#since = this.#deadlines.after(0);
    const ms = this.#queue[0]?.timeouts.responseHeaderMs ?? this.#idleMs;
    this.#dueAt = this.#since + ms;
    this.#arm();
  }

  /** While the client takes nothing, nothing is expected of the instance. */
  #awaitProgress(): void {
    const [first] = this.#queue;
    if (first !== undefined)
      this.#dueAt = this.#paused ? Number.POSITIVE_INFINITY : this.#deadlines.after(first.timeouts.idleMs);
    this.#arm();
  }

  #arm(): void {
    const movesAt =
      this.#queue.length > 1 ? this.#since + this.#settings.maxWaitMs : Number.POSITIVE_INFINITY;
    const at = Math.min(this.#dueAt, movesAt);
    if (at === Number.POSITIVE_INFINITY) this.#deadline.clear();
    else this.#deadline.set(at);
  }

  #slowness({ timeouts }: PipelinedStream): string {
    return this.#begun
      ? `no progress within ${timeouts.idleMs} ms`
      : `no response head within ${timeouts.responseHeaderMs} ms`;
  }

  /** The connection is over. `isUntouched`: the request in turn has no part in that. */
  #fail(name: ErrorName, detail: string, isUntouched = false): void {
    const first = this.#queue.shift();
    this.#close();
    if (first !== undefined) {
      this.#giveBack(first, isUntouched ? 'idempotent' : 'never', exchangeError(name, detail));
    }
    this.#giveBackAll(exchangeError('connection-lost', detail));
  }

  #giveBackOthers(repeat: Repeat, error: ExchangeError): void {
    for (const stream of this.#queue.splice(1)) this.#giveBack(stream, repeat, error);
  }

  #giveBackAll(error: ExchangeError): void {
    for (const stream of this.#queue.splice(0)) this.#giveBack(stream, 'idempotent', error);
  }

  #giveBack(stream: PipelinedStream, repeat: Repeat, error: ExchangeError): void {
    const { sink } = stream;
    stream.sink = undefined;
    try {
      sink?.upstreamFailed(error, repeat);
    } catch (fault) {
      // Costs this one, not those behind it.
      this.#owner.internalError(fault);
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#engine.stop();
    this.#deadline.cancel();
    this.#output.discard();
    this.#socket.destroy();
    this.#reader.close();
    this.#owner.closed(this);
  }
}
