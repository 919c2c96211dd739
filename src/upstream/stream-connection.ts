import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { InstanceSink, StreamSide, StreamSideEvents } from '../core/stream.ts';
import { backendTlsReason, isTlsFault } from '../tls/backend-tls-reason.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import { StreamSocket } from '../transport/stream-socket.ts';

/** A connection to an instance that carries one stream, and nothing after it. */
export class StreamConnection implements StreamSide, StreamSideEvents {
  readonly #side: StreamSocket;
  readonly #sink: InstanceSink;
  readonly #onClosed: () => void;
  readonly #internalError: (error: unknown) => void;
  #isOpen = true;

  /** `socket` stands, and is read by `reader`. `onClosed` is told once of its end, whoever ends it. */
  constructor(
    socket: Socket,
    reader: SocketReader,
    sink: InstanceSink,
    onClosed: () => void,
    internalError: (error: unknown) => void,
  ) {
    this.#sink = sink;
    this.#onClosed = onClosed;
    this.#internalError = internalError;
    this.#side = new StreamSocket(socket, reader, this);
  }

  write(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
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
    this.#over();
  }

  cut(): boolean {
    const isOver = this.#side.cut();
    if (isOver) this.#over();
    return isOver;
  }

  relax(): void {
    this.#side.relax();
  }

  hasAdvanced(): boolean {
    return this.#side.hasAdvanced();
  }

  data(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    return this.#sink.instanceData(bytes, start, end, owner);
  }

  ended(): void {
    this.#sink.instanceEnded();
  }

  writable(): void {
    this.#sink.instanceWritable();
  }

  broken(cause: string): void {
    this.#over();
    this.#sink.instanceBroken(isTlsFault(cause) ? backendTlsReason(cause) : cause);
  }

  closed(): void {
    this.#over();
    this.#sink.instanceClosed();
  }

  crashed(error: unknown): void {
    this.#internalError(error);
    this.reset();
    this.#sink.instanceBroken('an internal error');
  }

  #over(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onClosed();
  }
}
