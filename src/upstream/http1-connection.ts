import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import { ClientEngine, type ClientEvents } from '../../protocols/http1/client-engine.ts';
import type { Http1Fault } from '../../protocols/http1/errors.ts';
import { DEFAULT_LIMITS } from '../../protocols/http1/limits.ts';
import type { ParsedResponse } from '../../protocols/http1/response-parser.ts';
import { type ErrorName, exchangeError } from '../core/errors.ts';
import type { UpstreamTimeouts } from '../core/settings.ts';
import type { ForwardRequest, UpstreamSink, UpstreamStream } from '../core/upstream.ts';
import { backendTlsReason, isTlsFault } from '../tls/backend-tls-reason.ts';
import { isEndAnnounced } from '../transport/announced-end.ts';
import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';
import { OutputFlush } from '../transport/output-flush.ts';
import { SocketOutput } from '../transport/socket-output.ts';
import type { SocketReader, SocketReceiver } from '../transport/socket-reader.ts';
import { WriteProgress } from '../transport/write-progress.ts';
import type { ConnectionOwner, PooledConnection } from './connector.ts';
import { http1Block } from './http1-block.ts';
import { isWebSocketAccepted, missingWebSocketKey } from './websocket-handshake.ts';

/**
 * One connection to an instance: a socket driven by the client engine, carrying one exchange after the other.
 *
 *   idle ─► sending ─► waiting ─► reading ─► idle …      any ─► closed
 *              └───────────┴────► tunnel
 */
export class Http1Connection
  implements PooledConnection, UpstreamStream, ClientEvents, SocketReceiver, Expiring
{
  /** Exchanges begun on it. */
  carried = 0;
  isListed = false;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #engine: ClientEngine;
  readonly #reader: SocketReader;
  readonly #output: SocketOutput;
  readonly #progress: WriteProgress;
  readonly #deadline: Deadline;
  readonly #deadlines: Deadlines;

  #phase: 'idle' | 'sending' | 'waiting' | 'reading' | 'tunnel' | 'closed' = 'idle';
  #timeouts: UpstreamTimeouts;
  #sink: UpstreamSink | undefined = undefined;
  /** A byte of an answer to the current request has come. */
  #touched = false;
  #paused = false;
  /** What is read has to wait for its client: a small read at a time. */
  #isRationed = false;
  #waitsForWritable = false;
  /** Made with the first body that comes in pieces. */
  #bodyFlush: OutputFlush | undefined = undefined;
  /** In a tunnel: which directions are over. */
  #readEnded = false;
  #writeEnded = false;
  /** The key of a WebSocket handshake that its client, by HTTP/2, has not; or ''. */
  #webSocketKey = '';

  /** `socket` stands, and is read by `reader`. */
  constructor(socket: Socket, reader: SocketReader, owner: ConnectionOwner, timeouts: UpstreamTimeouts) {
    const { deadlines } = owner;
    this.#owner = owner;
    this.#timeouts = timeouts;
    this.#deadlines = deadlines;
    this.#deadline = new Deadline(deadlines, this);
    this.#socket = socket;
    this.#reader = reader;
    reader.receiver = this;
    this.#output = new SocketOutput(socket);
    this.#progress = new WriteProgress(socket);
    this.#engine = new ClientEngine(this, this.#output, DEFAULT_LIMITS, { memory: owner.responses });
    this.#awaitProgress();
  }

  /** A closing that has been noticed but not handled counts as closed. */
  get room(): number {
    return this.#phase === 'idle' && !this.#socket.destroyed && !this.#readEnded ? 1 : 0;
  }

  send(request: ForwardRequest, id: string, timeouts: UpstreamTimeouts, sink: UpstreamSink): UpstreamStream {
    this.#sink = sink;
    this.#timeouts = timeouts;
    this.#touched = false;
    this.carried += 1;
    const key = missingWebSocketKey(request);
    this.#webSocketKey = key;
    const keyLine = key === '' ? '' : `sec-websocket-key: ${key}\r\n`;
    this.#engine.sendHead(
      request.method,
      http1Block(request),
      id === '' ? keyLine : `x-request-id: ${id}\r\n${keyLine}`,
      request.bodyLength,
      request.upgrade,
    );
    if (request.bodyLength === 0) this.#awaitResponse();
    else {
      // How long the body takes to come is the client's affair; only its not being taken is the instance's.
      this.#phase = 'sending';
      this.#deadline.clear();
    }
    return this;
  }

  sendData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    this.#engine.sendData(bytes, start, end, owner);
    if (this.#phase !== 'sending' && !this.#paused) this.#awaitProgress();
    if (!this.#output.isFull) return true;
    this.#output.flush();
    if (!this.#output.isFull) return true;
    this.#awaitWritable();
    return false;
  }

  sendEnd(trailers: HeaderList): void {
    if (this.#phase === 'tunnel') {
      this.#output.flush();
      this.#writeEnded = true;
      this.#socket.end();
      if (this.#readEnded) this.#sink = undefined;
      return;
    }
    this.#engine.sendEnd(trailers);
    if (this.#phase === 'sending') this.#awaitResponse();
  }

  /** Pieces of a body that a turn of the loop brings one by one, as TLS does record by record, go out together. */
  flush(): void {
    if (this.#phase !== 'sending') this.#output.flush();
    else {
      this.#bodyFlush ??= new OutputFlush(this.#output, this);
      this.#bodyFlush.atTurnEnd();
    }
  }

  resume(isAmple: boolean): void {
    if (!this.#paused || this.#phase === 'closed') return;
    this.#paused = false;
    this.#isRationed = !isAmple;
    this.#awaitProgress();
    this.#reader.resume(this.#socket);
  }

  abort(): void {
    this.#sink = undefined;
    this.#close();
  }

  /** Only while it has room: with nothing in flight, that is. */
  retire(): void {
    this.#close();
  }

  expire(): void {
    switch (this.#phase) {
      case 'waiting':
        this.#fail('response-timeout', `no response head within ${this.#timeouts.responseHeaderMs} ms`);
        return;
      case 'idle':
        this.#close();
        return;
      default:
        // Who may not send does not read either, perhaps: it is the client's turn, whatever waits.
        if (this.#paused && !this.#readEnded) this.#deadline.clear();
        // A slow reader is not a dead one: what it has taken since counts.
        else if (this.#waitsForWritable && this.#progress.hasAdvanced) this.#awaitWritable();
        else this.#fail('response-timeout', `no progress within ${this.#timeouts.idleMs} ms`);
    }
  }

  interimHead(response: ParsedResponse): void {
    this.#sink?.interim(response.head);
  }

  responseHead(response: ParsedResponse): void {
    const isUpgrade = response.head.status === 101;
    const key = this.#webSocketKey;
    if (isUpgrade && key !== '' && !isWebSocketAccepted(response.head.headers, key)) {
      this.#fail('malformed-response', 'a 101 whose Sec-WebSocket-Accept does not answer the key');
      return;
    }
    if (key !== '' && response.head.status >= 200 && response.head.status < 300) {
      this.#fail('upgrade-not-offered', 'the instance answers instead of switching protocols');
      return;
    }
    this.#phase = isUpgrade ? 'tunnel' : 'reading';
    this.#sink?.response(response.head, isUpgrade);
  }

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    if (this.#sink?.responseData(bytes, start, end, owner) === false) this.#paused = true;
    else if (!this.#paused) this.#isRationed = false;
  }

  responseEnd(trailers: HeaderList, reusable: boolean): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#paused = false;
    this.#isRationed = false;
    this.#waitsForWritable = false;
    if (reusable && !this.#readEnded) {
      this.#phase = 'idle';
      this.#awaitProgress();
      this.#owner.free(this);
    } else this.#close();
    sink?.responseEnd(trailers);
  }

  fault(fault: Http1Fault): void {
    if (this.#sink === undefined) this.#close();
    else if (this.#phase === 'reading') this.#fail('response-cut', fault.detail);
    else this.#fail('malformed-response', fault.detail);
  }

  #awaitProgress(): void {
    this.#deadline.set(this.#deadlines.after(this.#timeouts.idleMs));
  }

  #awaitWritable(): void {
    this.#waitsForWritable = true;
    this.#progress.mark();
    this.#awaitProgress();
  }

  #awaitResponse(): void {
    this.#phase = 'waiting';
    this.#deadline.set(this.#deadlines.after(this.#timeouts.responseHeaderMs));
  }

  /** One that is paused holds no large buffer, and one whose client has little room reads little at a time. */
  get inBulk(): boolean {
    return this.#isInBody && !this.#paused && !this.#isRationed;
  }

  get #isInBody(): boolean {
    return this.#phase === 'reading' || this.#phase === 'tunnel';
  }

  received(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean {
    if (this.#phase === 'closed') return false;
    const sink = this.#sink;
    this.#touched = true;
    this.#process(bytes, length, owner);
    sink?.responseBatchEnd();
    return !this.#paused;
  }

  crashed(error: unknown): void {
    this.#owner.internalError(error);
    this.#touched = true;
    this.#fail('connection-lost', 'an internal error');
  }

  #process(bytes: Buffer, length: number, owner: BytesOwner | undefined): void {
    this.#engine.receive(bytes, 0, length, owner);
    if (this.#isInBody) {
      if (this.#paused) this.#deadline.clear();
      else this.#awaitProgress();
    }
  }

  drained(): void {
    if (!this.#waitsForWritable) return;
    this.#waitsForWritable = false;
    if (this.#phase === 'sending') this.#deadline.clear();
    this.#sink?.upstreamWritable();
  }

  /** The instance ended its direction. */
  ended(): void {
    this.#readEnded = true;
    const sink = this.#sink;
    if (this.#isInBody && !isEndAnnounced(this.#socket)) {
      this.#fail('response-cut', 'connection ended without close_notify');
      return;
    }
    if (this.#phase === 'tunnel') {
      // When both are over the socket closes by itself as soon as what is pending has gone; the deadline sees to it.
      if (this.#writeEnded) this.#sink = undefined;
      sink?.responseEnd([]);
      sink?.responseBatchEnd();
      return;
    }
    if (this.#engine.receiveEnd()) sink?.responseBatchEnd();
    else this.closed('ended');
  }

  closed(cause: string): void {
    if (this.#phase === 'reading' || this.#phase === 'tunnel')
      this.#fail('response-cut', isTlsFault(cause) ? backendTlsReason(cause) : `connection ${cause}`);
    else if (this.#phase === 'closed') return;
    // With an answer behind it, TLS stood: what ends it then is not who we are.
    else if (isTlsFault(cause) && this.carried < 2) this.#fail('backend-tls-failed', backendTlsReason(cause));
    else this.#fail('connection-lost', `connection ${cause}`);
  }

  #fail(name: ErrorName, detail: string): void {
    const sink = this.#sink;
    this.#sink = undefined;
    // A timeout is no sign of a connection that had died before: the instance has the request, and thinks.
    const isUntouched = name === 'connection-lost' && !this.#touched && this.carried > 1;
    this.#close();
    sink?.upstreamFailed(exchangeError(name, detail), isUntouched ? 'idempotent' : 'never');
  }

  #close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#engine.stop();
    this.#deadline.cancel();
    this.#output.discard();
    this.#socket.destroy();
    this.#reader.close();
    this.#owner.closed(this);
  }
}
