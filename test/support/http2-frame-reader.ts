import { Buffer } from 'node:buffer';
import { FRAME_HEADER_BYTES, type WireFrame } from './http2-wire.ts';

/** Cuts what a connection brings into frames; what is not whole yet waits. */
export class Http2FrameReader {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Octets that must be there before looking is worth it. */
  #wanted = FRAME_HEADER_BYTES;

  /** The frames that are whole now. The reserved bit is dropped, as RFC 9113, section 4.1, asks of a receiver. */
  read(bytes: Buffer): WireFrame[] {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes < this.#wanted) return [];
    const joined = this.#held.length === 1 ? bytes : Buffer.concat(this.#held);
    const frames: WireFrame[] = [];
    let at = 0;
    for (;;) {
      const left = joined.length - at;
      const length = left < FRAME_HEADER_BYTES ? 0 : joined.readUIntBE(at, 3);
      this.#wanted = FRAME_HEADER_BYTES + length;
      if (left < this.#wanted) break;
      frames.push({
        type: joined.readUInt8(at + 3),
        flags: joined.readUInt8(at + 4),
        streamId: joined.readUInt32BE(at + 5) & 0x7fffffff,
        payload: Buffer.from(joined.subarray(at + FRAME_HEADER_BYTES, at + this.#wanted)),
      });
      at += this.#wanted;
    }
    this.#held = [joined.subarray(at)];
    this.#heldBytes = joined.length - at;
    return frames;
  }

  /** Octets of a frame that is not whole. */
  get heldBytes(): number {
    return this.#heldBytes;
  }
}
