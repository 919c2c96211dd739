import { Buffer } from 'node:buffer';
import type { BytesOwner } from '../http/output.ts';

/** Data of one stream that waits for a window, for room, or for its turn. */
export class SendQueue {
  readonly #pieces: Piece[] = [];
  /** Where the first piece is: to move the others up for each would take a second for a body of single octets. */
  #at = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps bytes[start, end): as they are when they have an owner and are a good part of what it owns, else a copy. */
  push(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#bytes += end - start;
    // A small answer must not hold on to a large buffer until its client opens a window for it (CVE-2019-9511).
    if (owner === undefined || (end - start) * MAX_SHARE < bytes.length) {
      this.#pieces.push({
        bytes: Buffer.from(bytes.subarray(start, end)),
        start: 0,
        end: end - start,
        owner: undefined,
      });
      return;
    }
    owner.retain();
    this.#pieces.push({ bytes, start, end, owner });
  }

  /** The piece that is next; never call it when there is none. */
  get first(): Piece {
    return this.#pieces[this.#at]!;
  }

  /** `bytes` of the first piece are done with. */
  shift(bytes: number): void {
    this.#bytes -= bytes;
    const piece = this.#pieces[this.#at]!;
    piece.start += bytes;
    if (piece.start < piece.end) return;
    this.#pieces[this.#at++] = NONE;
    piece.owner?.release();
    if (this.#at === this.#pieces.length) this.#forget();
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    for (const { owner } of this.#pieces) owner?.release();
    this.#forget();
    this.#bytes = 0;
  }

  #forget(): void {
    this.#pieces.length = 0;
    this.#at = 0;
  }
}

/** Pieces are shared down to this part of their buffer; memory is at most this many times what is counted. */
const MAX_SHARE = 4;

export interface Piece {
  readonly bytes: Buffer;
  start: number;
  readonly end: number;
  readonly owner: BytesOwner | undefined;
}

/** In place of a piece that is done with. */
const NONE: Piece = { bytes: Buffer.alloc(0), start: 0, end: 0, owner: undefined };
