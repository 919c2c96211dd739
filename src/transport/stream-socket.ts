import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { StreamSide, StreamSideEvents } from '../core/stream.ts';
import { isEndAnnounced } from './announced-end.ts';
import { OutputFlush } from './output-flush.ts';
import { SMALL_READ } from './read-buffer.ts';
import { resetConnection } from './reset-connection.ts';
import { SocketOutput } from './socket-output.ts';
import type { SocketReader, SocketReceiver } from './socket-reader.ts';
import { WriteProgress } from './write-progress.ts';

/**
 * One socket of a stream. Large reads are handed on as they are, small ones are copied; what TLS brings record by record in one
 * turn of the loop goes out in one write.
 */
export class StreamSocket implements StreamSide, SocketReceiver {
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #events: StreamSideEvents;
  readonly #output: SocketOutput;
  readonly #flush: OutputFlush;
  readonly #progress: WriteProgress;
  #isPaused = false;
  #lastWasLarge = false;
  #waitsForWritable = false;
  #readEnded = false;
  #writeEnded = false;
  /** What it still sends is of no interest. */
  #isDeaf = false;
  #isOver = false;

  /** `socket` stands, is read by `reader`, and if it is TLS `watchEnd` has seen it. */
  constructor(socket: Socket, reader: SocketReader, events: StreamSideEvents) {
    this.#socket = socket;
    this.#reader = reader;
    this.#events = events;
    this.#output = new SocketOutput(socket);
    this.#flush = new OutputFlush(this.#output, this);
    this.#progress = new WriteProgress(socket);
    reader.receiver = this;
  }

  write(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    if (this.#writeEnded || this.#isOver) return true;
    const output = this.#output;
    output.bytes(bytes, start, end, owner);
    // A large piece of a record is followed by the next; a small one has most likely come alone.
    if (end - start >= SMALL_READ.length && !output.isFull) {
      this.#flush.atTurnEnd();
      return true;
    }
    output.flush();
    if (!output.isFull) return true;
    if (!this.#waitsForWritable) this.#progress.mark();
    this.#waitsForWritable = true;
    return false;
  }

  end(): void {
    if (this.#writeEnded || this.#isOver) return;
    this.#output.flush();
    this.#writeEnded = true;
    this.#waitsForWritable = false;
    // Not before all is written: until then it may have to be reset, which an end under way would not let us.
    if (this.#socket.writableLength === 0) this.#socket.end();
    else this.#socket.write('', () => this.#endWritten());
  }

  resume(): void {
    if (!this.#isPaused || this.#isOver) return;
    this.#isPaused = false;
    this.#reader.resume(this.#socket);
  }

  reset(): void {
    if (this.#isOver) return;
    this.#close();
    resetConnection(this.#socket);
  }

  cut(): boolean {
    if (this.#isOver) return true;
    if (!this.#writeEnded) {
      this.reset();
      return true;
    }
    this.#isDeaf = true;
    if (this.#socket.writableEnded) this.#socket.destroySoon();
    this.resume();
    return false;
  }

  relax(): void {
    if (!this.#isOver) this.#reader.relax(this.#socket);
  }

  hasAdvanced(): boolean {
    if (this.#isOver || this.#output.pendingBytes === 0) return false;
    const { hasAdvanced } = this.#progress;
    this.#progress.mark();
    return hasAdvanced;
  }

  /** One that is paused, or moves little, holds no large buffer. */
  get inBulk(): boolean {
    return this.#lastWasLarge && !this.#isPaused;
  }

  received(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean {
    if (this.#isOver || this.#isDeaf) return true;
    this.#lastWasLarge = length >= SMALL_READ.length;
    if (this.#events.data(bytes, 0, length, owner)) return !this.#isPaused;
    this.#isPaused = true;
    return false;
  }

  ended(): void {
    if (this.#isOver || this.#isDeaf) return;
    if (!isEndAnnounced(this.#socket)) {
      this.#broken('ended without close_notify');
      return;
    }
    this.#readEnded = true;
    this.#events.ended();
  }

  drained(): void {
    if (!this.#waitsForWritable) return;
    this.#waitsForWritable = false;
    this.#events.writable();
  }

  closed(cause: string): void {
    if (this.#isOver) return;
    if (cause !== 'closed' || !(this.#isDeaf || (this.#readEnded && this.#writeEnded))) {
      this.#broken(cause);
      return;
    }
    this.#close();
    this.#events.closed();
  }

  crashed(error: unknown): void {
    this.#events.crashed(error);
  }

  #endWritten(): void {
    if (this.#isOver) return;
    if (this.#isDeaf) this.#socket.destroySoon();
    else this.#socket.end();
  }

  #broken(cause: string): void {
    this.#close();
    resetConnection(this.#socket);
    this.#events.broken(cause);
  }

  #close(): void {
    this.#isOver = true;
    this.#output.discard();
    this.#reader.close();
  }
}
