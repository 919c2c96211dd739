import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { BytesOwner } from '../../protocols/http/output.ts';
import { exchangeError } from '../core/errors.ts';
import type { Session } from '../core/session.ts';
import { RawStream, type StreamOrigin, type StreamSideEvents, type StreamSink } from '../core/stream.ts';
import { watchEnd } from '../transport/announced-end.ts';
import { Deadline, type Expiring } from '../transport/deadlines.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import { StreamSocket } from '../transport/stream-socket.ts';
import type { Driver, Front } from './front.ts';

/**
 * The client's side of a stream, whether it came out of TLS, in TLS, or plain. It also watches that something moves, because all
 * bytes of both directions pass here; so it lives until both sides are gone.
 */
export class StreamSession extends RawStream implements Driver, StreamSideEvents, Expiring {
  readonly isBusy = true;
  readonly #socket: Socket;
  readonly #side: StreamSocket;
  readonly #front: Front;
  readonly #deadline: Deadline;
  #sink: StreamSink | undefined = undefined;
  #idleMs = 0;
  /** How long nothing moves before that is called quiet. */
  #quietMs = 0;
  #isQuiet = false;
  #isClosed = false;

  constructor(
    socket: Socket,
    reader: SocketReader,
    session: Session,
    front: Front,
    origin: Pick<StreamOrigin, 'way' | 'serverName' | 'target'>,
  ) {
    super(session, { ...origin, id: front.ids.next(), beganAt: front.clock.now() });
    this.#socket = socket;
    this.#front = front;
    if (socket instanceof TLSSocket) watchEnd(socket);
    this.#side = new StreamSocket(socket, reader, this);
    this.#deadline = new Deadline(front.deadlines, this);
    session.protocol = origin.way === 'passthrough' ? 'passthrough' : 'stream';
    front.drivers.add(this);
  }

  /** Has it relayed. `bytes` were read before this driver had the socket, and are valid during the call. */
  begin(bytes: Buffer | undefined): void {
    this.session.become('hijacked');
    this.#front.handler.streamed(this);
    if (bytes === undefined || bytes.length === 0) return;
    if (!this.#side.received(bytes, bytes.length, undefined)) this.#socket.pause();
  }

  // What the server asks for.

  /** A stream has no place to stop at: it may go on until the drain is over. */
  drain(): void {}

  destroy(): void {
    if (this.#sink !== undefined)
      this.#sink.abort(exchangeError('draining', 'not finished by the end of the drain'));
    else {
      this.#side.reset();
      this.finish();
    }
  }

  // What the one who relays asks for.

  attach(sink: StreamSink): void {
    this.#sink = sink;
  }

  watch(idleMs: number): void {
    this.#idleMs = idleMs;
    this.#quietMs = Math.min(idleMs, QUIET_MS);
    this.#moved();
  }

  write(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    this.bytesOut += end - start;
    this.#moved();
    return this.#side.write(bytes, start, end, owner);
  }

  end(): void {
    this.#side.end();
  }

  resume(): void {
    this.#side.resume();
  }

  reset(): void {
    this.#side.reset();
  }

  cut(): boolean {
    return this.#side.cut();
  }

  relax(): void {
    this.#side.relax();
  }

  hasAdvanced(): boolean {
    return this.#side.hasAdvanced();
  }

  finish(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#deadline.cancel();
    const { session } = this;
    session.error ??= this.error;
    session.bytesIn = this.#socket.bytesRead;
    session.bytesOut = this.#socket.bytesWritten;
    session.become('closed');
    this.#front.drivers.delete(this);
    this.#front.telemetry.sessionClosed(session);
    this.#front.handler.closed(session);
  }

  // What the socket tells.

  data(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    this.bytesIn += end - start;
    this.#moved();
    return this.#sink?.clientData(bytes, start, end, owner) ?? true;
  }

  ended(): void {
    this.#sink?.clientEnded();
  }

  writable(): void {
    this.#moved();
    this.#sink?.clientWritable();
  }

  broken(cause: string): void {
    if (this.#sink === undefined) this.finish();
    else this.#sink.clientBroken(cause);
  }

  closed(): void {
    this.#sink?.clientClosed();
  }

  crashed(error: unknown): void {
    this.#front.internalError(error);
    this.#sink?.abort(exchangeError('internal-error', 'a fault in Portico'));
    this.finish();
  }

  expire(): void {
    if (!this.#isQuiet && this.#idleMs > this.#quietMs) {
      this.#isQuiet = true;
      this.#sink?.quiet();
      this.#deadline.set(this.#front.deadlines.after(this.#idleMs - this.#quietMs));
    } else this.#sink?.idle();
  }

  #moved(): void {
    this.#isQuiet = false;
    if (this.#idleMs > 0) this.#deadline.set(this.#front.deadlines.after(this.#quietMs));
  }
}

/** After this the large buffers of a stream that has moved much are given back. */
const QUIET_MS = 1000;
