import { Buffer } from 'node:buffer';
import type { BytesOwner } from '../http/output.ts';

/** Data of one stream that waits for a window, for room, or for its turn. */
export class SendQueue {
  readonly #pieces: Piece[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps bytes[start, end): as they are when they have an owner, else a copy. */
  push(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#bytes += end - start;
    if (owner === undefined) {
      this.#pieces.push({
        bytes: Buffer.from(bytes.subarray(start, end)),
        start: 0,
        end: end - start,
        owner,
      });
      return;
    }
    owner.retain();
    this.#pieces.push({ bytes, start, end, owner });
  }

  /** The piece that is next; never call it when there is none. */
  get first(): Piece {
    return this.#pieces[0]!;
  }

  /** `bytes` of the first piece are done with. */
  shift(bytes: number): void {
    this.#bytes -= bytes;
    const piece = this.#pieces[0]!;
    piece.start += bytes;
    if (piece.start < piece.end) return;
    this.#pieces.shift();
    piece.owner?.release();
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    for (const { owner } of this.#pieces) owner?.release();
    this.#pieces.length = 0;
    this.#bytes = 0;
  }
}

export interface Piece {
  readonly bytes: Buffer;
  start: number;
  readonly end: number;
  readonly owner: BytesOwner | undefined;
}
