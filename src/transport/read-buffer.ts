import { Buffer } from 'node:buffer';
import type { BytesOwner } from '../../protocols/http/output.ts';

/**
 * Memory for reading sockets. A read of Node's own costs a fresh 64 KiB allocation; here every connection that moves
 * little reads into one small shared buffer (what must outlive the call is copied, and is small), and one that moves a
 * body takes a big buffer of its own from a pool, hands it on without copying, and takes the next while the write of
 * the first has not completed.
 */
export class ReadBuffer implements BytesOwner {
  readonly bytes: Buffer;
  readonly release: () => void;
  readonly #pool: ReadBufferPool;
  /** The reader, and every write that has not completed. */
  #users = 0;

  constructor(bytes: Buffer, pool: ReadBufferPool) {
    this.bytes = bytes;
    this.#pool = pool;
    this.release = () => {
      this.#users -= 1;
      if (this.#users === 0) this.#pool.give(this);
    };
  }

  retain(): void {
    this.#users += 1;
  }

  /** Somebody besides the reader still needs the bytes. */
  get isShared(): boolean {
    return this.#users > 1;
  }
}

export class ReadBufferPool {
  readonly #free: ReadBuffer[] = [];

  /** A buffer with one user: the caller. */
  take(): ReadBuffer {
    const buffer = this.#free.pop() ?? new ReadBuffer(Buffer.allocUnsafeSlow(BULK_BYTES), this);
    buffer.retain();
    return buffer;
  }

  give(buffer: ReadBuffer): void {
    if (this.#free.length < MAX_FREE) this.#free.push(buffer);
  }
}

/** Big reads make big writes: 256 KiB halves the cost per byte of 64 KiB (fewer system calls and callbacks). */
const BULK_BYTES = 262_144;
/** What the pool keeps for itself when traffic is over: 8 MiB. */
const MAX_FREE = 32;

/** The shared buffer: large enough for a head and a small body in one read, small enough to copy. */
export const SMALL_READ: Buffer = Buffer.allocUnsafeSlow(8192);

export const readBuffers: ReadBufferPool = new ReadBufferPool();
