import type { Buffer } from 'node:buffer';
import type { BytesOwner } from '../http/output.ts';
import type { Http2Rule } from './errors.ts';
import { DEFAULT_WINDOW, ReceiveWindow } from './flow-window.ts';
import { writeWindowUpdate } from './frame/window-update.ts';
import type { FrameOutput } from './frame-output.ts';
import type { EndpointLimits } from './limits.ts';
import { Receiver } from './receiver.ts';
import type { Http2Stream } from './stream.ts';

/**
 * The data of a connection on its way in: the DATA frame under way, and the windows that it uses on both levels (RFC 9113, section
 * 6.9). What nobody wants has used the window of the connection all the same, and is given back to it.
 */
export class DataInflow {
  readonly receiver: Receiver;
  readonly #output: FrameOutput;
  /** Of the connection. */
  readonly #window: ReceiveWindow;
  /** Nothing is granted any more. */
  #isStopped = false;
  /** The stream of the frame under way; undefined: its data is thrown away. */
  #stream: Http2Stream | undefined = undefined;
  /** Of the frame under way: what counts against the windows and is not data; and whether there is any. */
  #overheadBytes = 0;
  #hasData = false;

  constructor(output: FrameOutput, limits: EndpointLimits) {
    this.#output = output;
    this.#window = new ReceiveWindow(limits.connectionWindowBytes, DEFAULT_WINDOW);
    this.receiver = new Receiver(limits, (stream, bytes) => this.#release(stream, bytes));
  }

  /** What the peer knows it may send on all streams together. */
  get window(): number {
    return this.#window.available;
  }

  /** The frame under way has brought some data. */
  get hasData(): boolean {
    return this.#hasData;
  }

  /** Tells the peer of the whole window, whose beginning is fixed. */
  announce(): void {
    const increment = this.#window.announce();
    if (increment > 0) writeWindowUpdate(this.#output, 0, increment);
  }

  /** A frame begins of which `length` bytes count. False: they are more than the connection's window has. */
  count(length: number): boolean {
    this.#stream = undefined;
    this.#overheadBytes = length;
    this.#hasData = false;
    return this.#window.take(length);
  }

  /** It is of this stream, and `dataLength` of it are data. Gives the rule that it breaks; then it is thrown away. */
  begin(stream: Http2Stream, length: number, dataLength: number): Http2Rule | undefined {
    if (!this.receiver.windowOf(stream).take(length)) return 'window-exceeded';
    // Before any of it is shown: a backend must not have a whole request before we know that it is none.
    if (stream.owed >= 0 && dataLength > stream.owed) return 'body-length-mismatch';
    this.#stream = stream;
    // Whoever gives the stream up in that call has the data thrown away.
    if (dataLength > 0 && !stream.isReading && stream.held === undefined) stream.sink.bodyBegins();
    return undefined;
  }

  /** Some of its data. */
  take(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#overheadBytes -= end - start;
    this.#hasData = true;
    if (this.#stream === undefined) this.#releaseConnection(end - start);
    else this.receiver.take(this.#stream, bytes, start, end, owner);
  }

  /** The frame is complete. Gives its stream; undefined: it was thrown away. */
  end(): Http2Stream | undefined {
    const stream = this.#stream;
    this.#stream = undefined;
    if (this.#overheadBytes > 0) {
      if (stream === undefined) this.#releaseConnection(this.#overheadBytes);
      else this.#release(stream, this.#overheadBytes);
    }
    return stream;
  }

  /** The stream is closed; what is left of a frame of it is thrown away. */
  close(stream: Http2Stream): void {
    if (this.#stream === stream) this.#stream = undefined;
  }

  /** Nobody will read what the stream has received. */
  forget(stream: Http2Stream): void {
    this.#releaseConnection(this.receiver.forget(stream));
  }

  stop(): void {
    this.#isStopped = true;
  }

  #release(stream: Http2Stream, bytes: number): void {
    this.#releaseConnection(bytes);
    if (stream.remoteEnded) return;
    const increment = this.receiver.windowOf(stream).release(bytes);
    if (increment > 0) writeWindowUpdate(this.#output, stream.id, increment);
  }

  #releaseConnection(bytes: number): void {
    if (bytes === 0 || this.#isStopped) return;
    const increment = this.#window.release(bytes);
    if (increment > 0) writeWindowUpdate(this.#output, 0, increment);
  }
}
