import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { FrameOutput } from '../../protocols/http2/frame-output.ts';

/**
 * Collects what an HTTP/2 engine sends in blocks of memory from a pool, and gives them to the socket in one write. A body is
 * copied into them once, which costs less than one more write for it, and over TLS Node would do so itself.
 *
 * A block is used for further flushes until it is full, so that many small ones to a slow peer do not hold a block each.
 */
export class FrameBlocks implements FrameOutput {
  /** Changes when frames that were reserved before must not be changed any more. */
  epoch = 0;
  readonly #socket: Socket;
  #block: FrameBlock | undefined = undefined;
  /** What of the block is not written yet: [#from, #to). */
  #from = 0;
  #to = 0;
  /** Full blocks in front of it. */
  readonly #full: { readonly block: FrameBlock; readonly from: number; readonly to: number }[] = [];
  #fullBytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get buffer(): Buffer {
    return this.#block!.bytes;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength + this.#fullBytes + this.#to - this.#from;
  }

  /** Whether there is anything to flush. */
  get isEmpty(): boolean {
    return this.#to === this.#from && this.#full.length === 0;
  }

  reserve(length: number): number {
    const block = this.#block;
    if (block === undefined || this.#to + length > block.bytes.length) this.#next();
    const at = this.#to;
    this.#to += length;
    return at;
  }

  /** Writes everything at once. */
  flush(): void {
    if (this.isEmpty) return;
    const socket = this.#socket;
    this.epoch += 1;
    if (this.#full.length > 0) {
      socket.cork();
      for (const { block, from, to } of this.#full)
        socket.write(block.bytes.subarray(from, to), block.release);
      this.#full.length = 0;
      this.#fullBytes = 0;
      this.#writeBlock();
      socket.uncork();
    } else this.#writeBlock();
    // Usually the kernel has taken it all: an idle connection holds no block.
    if (socket.writableLength === 0) this.#drop();
  }

  /** Forgets what was not written and gives the memory back. */
  discard(): void {
    this.epoch += 1;
    for (const { block } of this.#full) block.release();
    this.#full.length = 0;
    this.#fullBytes = 0;
    this.#drop();
  }

  #writeBlock(): void {
    const block = this.#block;
    if (block === undefined || this.#to === this.#from) return;
    block.retain();
    this.#socket.write(block.bytes.subarray(this.#from, this.#to), block.release);
    this.#from = this.#to;
  }

  #next(): void {
    this.epoch += 1;
    if (this.#block !== undefined) {
      if (this.#to > this.#from) {
        this.#full.push({ block: this.#block, from: this.#from, to: this.#to });
        this.#fullBytes += this.#to - this.#from;
      } else this.#block.release();
    }
    this.#block = frameBlocks.take();
    this.#from = 0;
    this.#to = 0;
  }

  #drop(): void {
    this.#block?.release();
    this.#block = undefined;
    this.#from = 0;
    this.#to = 0;
  }
}

/** One block; in use by its connection and by each write that has not completed. */
export class FrameBlock {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  readonly release: () => void;
  #users = 0;

  constructor(pool: FrameBlockPool) {
    this.release = () => {
      this.#users -= 1;
      if (this.#users === 0) pool.give(this);
    };
  }

  retain(): void {
    this.#users += 1;
  }
}

export class FrameBlockPool {
  readonly #free: FrameBlock[] = [];

  /** A block with one user: the caller. */
  take(): FrameBlock {
    const block = this.#free.pop() ?? new FrameBlock(this);
    block.retain();
    return block;
  }

  give(block: FrameBlock): void {
    if (this.#free.length < MAX_FREE) this.#free.push(block);
  }
}

/** Room for four frames of the largest size; what a turn sends on one connection is mostly less. */
const BLOCK_BYTES = 73_728;
/** What the pool keeps for itself when traffic is over: 4.5 MiB. */
const MAX_FREE = 64;

const frameBlocks = new FrameBlockPool();
