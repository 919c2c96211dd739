import { Buffer } from 'node:buffer';
import { Duplex } from 'node:stream';

/** A socket without a network: the test plays the peer and the kernel. Give it out as a Socket. */
export class FakeSocket extends Duplex {
  /** What the kernel has taken, one char per octet. */
  sent = '';
  wasReset = false;
  bytesRead = 0;
  bytesWritten = 0;
  /** As libuv has it: what unsentBytes is told. */
  readonly _handle = { writeQueueSize: 0 };
  /** Set to play a peer that does not take what is written; `drain` lets it go on. */
  isStuck = false;
  #waiting: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true, highWaterMark: 65_536 });
  }

  /** Octets arrive. */
  arrive(text: string): void {
    this.bytesRead += text.length;
    this.push(Buffer.from(text, 'latin1'));
  }

  /** The peer ends its direction. */
  arriveEnd(): void {
    this.push(null);
  }

  /** The kernel takes what it had not taken. */
  drain(): void {
    this.isStuck = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this._handle.writeQueueSize = 0;
    waiting?.();
  }

  resetAndDestroy(): this {
    this.wasReset = true;
    return this.destroy();
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#take(chunk, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    this.#take(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  #take(chunk: Buffer, callback: () => void): void {
    const take = (): void => {
      this.sent += chunk.toString('latin1');
      this.bytesWritten += chunk.length;
      callback();
    };
    if (!this.isStuck) {
      take();
      return;
    }
    this._handle.writeQueueSize += chunk.length;
    this.#waiting = take;
  }
}
