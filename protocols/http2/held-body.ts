import { Buffer } from 'node:buffer';
import type { HeaderList } from '../http/header-list.ts';
import { MAX_FRAME_BYTES } from './limits.ts';

/**
 * Body of a stream that came before anybody wanted it, or while its reader had paused; the stream's window bounds it. Copied,
 * because 16 KiB must not hold on to a read of 256; and put together, because an object for each octet of a body that comes octet
 * by octet would be a hundred times what the window allows.
 */
export class HeldBody {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  /** Of the last piece. */
  #used = 0;
  /** Set when the end has come too. */
  trailers: HeaderList | undefined = undefined;

  push(bytes: Buffer, start: number, end: number): void {
    let from = start;
    const last = this.#pieces.at(-1);
    if (last !== undefined && this.#used < last.length) {
      const copied = bytes.copy(last, this.#used, from, end);
      this.#used += copied;
      from += copied;
    }
    if (from < end) {
      // As much again as there is: never more than twice what was sent.
      const room = Math.max(end - from, Math.min(this.#bytes, MAX_FRAME_BYTES));
      const piece = Buffer.allocUnsafe(room);
      this.#used = bytes.copy(piece, 0, from, end);
      this.#pieces.push(piece);
    }
    this.#bytes += end - start;
  }

  /** The oldest piece; undefined: there is none. */
  shift(): Buffer | undefined {
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    const filled = this.#pieces.length === 0 ? piece.subarray(0, this.#used) : piece;
    this.#bytes -= filled.length;
    return filled;
  }
}
