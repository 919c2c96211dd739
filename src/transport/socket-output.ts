import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { latin1 } from '../../protocols/http/latin1.ts';
import type { BytesOwner, Output } from '../../protocols/http/output.ts';

/**
 * Collects what an engine sends and gives it to the socket in one write: heads and small pieces as one latin-1 string (a
 * single copy on the way to the kernel), large pieces as they are, gathered by one writev.
 */
export class SocketOutput implements Output {
  readonly #socket: Socket;
  #text = '';
  /** Pieces in front of `#text`, when there are large ones. */
  #parts: (string | Buffer)[] = [];
  #owners: (BytesOwner | undefined)[] = [];
  #partBytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  text(text: string): void {
    this.#text += text;
  }

  bytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    if (owner === undefined || end - start <= INLINE_BYTES) {
      this.#text += latin1(bytes, start, end);
      return;
    }
    if (this.#text !== '') {
      this.#parts.push(this.#text);
      this.#owners.push(undefined);
      this.#partBytes += this.#text.length;
      this.#text = '';
    }
    this.#partBytes += end - start;
    const last = this.#parts.length - 1;
    const before = this.#parts[last];
    if (this.#owners[last] === owner && isBehind(bytes, start, before as Buffer)) {
      // What was retained for the piece before holds for this one too.
      this.#parts[last] = joined(before as Buffer, end - start);
      return;
    }
    owner.retain();
    this.#parts.push(bytes.subarray(start, end));
    this.#owners.push(owner);
  }

  get pendingBytes(): number {
    return this.#socket.writableLength + this.#partBytes + this.#text.length;
  }

  /** More is waiting in this process than should be added to. */
  get isFull(): boolean {
    return this.pendingBytes >= this.#socket.writableHighWaterMark;
  }

  /** Writes everything at once. */
  flush(): void {
    const socket = this.#socket;
    const text = this.#text;
    if (this.#parts.length === 0) {
      if (text === '') return;
      this.#text = '';
      socket.write(text, 'latin1');
      return;
    }
    const parts = this.#parts;
    const owners = this.#owners;
    this.#parts = [];
    this.#owners = [];
    this.#partBytes = 0;
    this.#text = '';
    socket.cork();
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (typeof part === 'string') socket.write(part, 'latin1');
      else socket.write(part, owners[i]!.release);
    }
    if (text !== '') socket.write(text, 'latin1');
    socket.uncork();
  }

  /** Forgets what was not written and gives its memory back. */
  discard(): void {
    for (const owner of this.#owners) owner?.release();
    this.#parts = [];
    this.#owners = [];
    this.#partBytes = 0;
    this.#text = '';
  }
}

/** Pieces up to this size are cheaper copied into the text than written on their own. */
const INLINE_BYTES = 4096;

/** Whether a piece follows the one before it in memory, as records of TLS do. */
function isBehind(bytes: Buffer, start: number, before: Buffer): boolean {
  return before.buffer === bytes.buffer && before.byteOffset + before.length === bytes.byteOffset + start;
}

function joined({ buffer, byteOffset, length }: Buffer, more: number): Buffer {
  return Buffer.from(buffer, byteOffset, length + more);
}
