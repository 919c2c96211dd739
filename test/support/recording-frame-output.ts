import { Buffer } from 'node:buffer';
import type { FrameOutput } from '../../protocols/http2/frame-output.ts';

/** Keeps the frames that an engine sends, in pieces of a size that makes it change them often. */
export class RecordingFrameOutput implements FrameOutput {
  /** Set it to play a peer that does not read. */
  pendingBytes = 0;
  buffer: Buffer = Buffer.alloc(PIECE_BYTES);
  epoch = 0;
  #length = 0;
  #full: Buffer[] = [];

  reserve(length: number): number {
    if (this.#length + length > this.buffer.length) {
      this.#full.push(this.buffer.subarray(0, this.#length));
      this.buffer = Buffer.alloc(Math.max(PIECE_BYTES, length));
      this.#length = 0;
      this.epoch += 1;
    }
    const at = this.#length;
    this.#length += length;
    return at;
  }

  /** What was sent since the last call, as the flush of a driver would: it can be changed no longer. */
  take(): Buffer {
    const sent = Buffer.concat([...this.#full, this.buffer.subarray(0, this.#length)]);
    this.#full = [];
    this.#length = 0;
    this.epoch += 1;
    return sent;
  }
}

const PIECE_BYTES = 32_768;
