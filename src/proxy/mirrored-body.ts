import { Buffer } from 'node:buffer';

/** Memory that all copies share. */
export interface MirrorMemory {
  /** False: there is no more. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
}

/**
 * The body of a request that is copied, in one piece, which grows with what has come: what a client declares and does not send costs
 * nothing, and many small pieces cost no more than a large one.
 */
export class MirroredBody {
  readonly #memory: MirrorMemory;
  readonly #maxBytes: number;
  #bytes: Buffer = EMPTY;
  #length = 0;

  constructor(memory: MirrorMemory, maxBytes: number) {
    this.#memory = memory;
    this.#maxBytes = maxBytes;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** False: it is too large, or there is no memory for it. */
  add(bytes: Buffer, start: number, end: number): boolean {
    const length = this.#length + end - start;
    if (length > this.#maxBytes || !this.#hasRoom(length)) return false;
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
    return true;
  }

  /** Gives the memory back; nothing is added after it. */
  release(): void {
    this.#memory.release(this.#bytes.length);
    this.#bytes = EMPTY;
    this.#length = 0;
  }

  #hasRoom(length: number): boolean {
    const before = this.#bytes;
    if (length <= before.length) return true;
    const capacity = Math.min(this.#maxBytes, Math.max(length, 2 * before.length, LEAST_BYTES));
    if (!this.#memory.reserve(capacity - before.length)) return false;
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    before.copy(this.#bytes, 0, 0, this.#length);
    return true;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
const LEAST_BYTES = 1024;
