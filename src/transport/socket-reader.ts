import type { Buffer } from 'node:buffer';
import type { OnReadOpts, Socket } from 'node:net';
import { type BytesOwner, UNSHARED } from '../../protocols/http/output.ts';
import { adoptReads, redirectRead } from './adopt-reads.ts';
import { type ReadBuffer, readBuffers, SMALL_READ } from './read-buffer.ts';

/** Who has a connection: told all that happens to its socket. */
export interface SocketReceiver {
  /** bytes[0, length) arrived. False: the socket stops reading until it is resumed. */
  received(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean;
  /** A body or a tunnel is under way, so that more reads like the last one are to be expected. */
  readonly inBulk: boolean;
  /** The peer has ended its direction. */
  ended(): void;
  /** All that was pending has been written. */
  drained(): void;
  /** The socket is broken (the system's code) or closed (`closed`); both may come, in this order. */
  closed(cause: string): void;
  /** One of the calls above threw: a fault of ours, which costs this connection and must not end the process. */
  crashed(error: unknown): void;
}

/**
 * Reads a socket into memory of ours and hears its events: `onread` goes to the socket's constructor, the receiver may change
 * with the connection's phase, which then costs nothing. A socket that cannot be made to take it is read by its events instead.
 */
export class SocketReader {
  /** Whoever has the connection; none yet: what arrives is dropped. */
  receiver: SocketReceiver = NOBODY;
  readonly onread: OnReadOpts = {
    buffer: () => this.#nextBuffer(),
    callback: (length, buffer) => this.#read(length, buffer as Buffer),
  };
  /** A big buffer of our own while much is being read. */
  #bulk: ReadBuffer | undefined = undefined;
  /** Where in it the next read goes, while somebody needs what is in front. */
  #from = 0;
  #lastLength = 0;
  #wasFull = false;

  /** Hears the socket's other events; it has a listener for errors from here to its end, whoever has it. */
  watch(socket: Socket): void {
    socket.on('end', () => this.guard(() => this.receiver.ended()));
    socket.on('drain', () => this.guard(() => this.receiver.drained()));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.guard(() => this.receiver.closed(error.code ?? error.message)),
    );
    socket.on('close', () => this.guard(() => this.receiver.closed('closed')));
  }

  /** Runs what a callback of Node's leads to; nothing is thrown back into Node. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.receiver.crashed(error);
    }
  }

  /** For a socket that was made without `onread`; read by its events unless it can still be made to take it. */
  listen(socket: Socket, adopt = true): void {
    if (adopt && adoptReads(socket, this.onread)) return;
    socket.on('data', (chunk: Buffer) => {
      if (!this.#show(chunk, chunk.length, UNSHARED)) socket.pause();
    });
  }

  /** Whoever had the connection lets go of it; a TLS socket on top takes what comes from now on. */
  detach(): void {
    this.receiver = NOBODY;
  }

  /** Goes on with a socket that was paused. One that holds no large buffer while it waits is given one now, if it is to read much. */
  resume(socket: Socket): void {
    if (this.#bulk === undefined && this.#wasFull && this.receiver.inBulk) {
      const bulk = readBuffers.take();
      this.#from = 0;
      if (redirectRead(socket, bulk.bytes)) this.#bulk = bulk;
      else bulk.release();
    }
    socket.resume();
  }

  /** Nothing is read for the time being: the large buffer is given back, and the next read is a small one again. */
  relax(socket: Socket): void {
    if (this.#bulk !== undefined && redirectRead(socket, SMALL_READ)) this.close();
  }

  /** The socket is destroyed: nothing will be read any more. */
  close(): void {
    this.#bulk?.release();
    this.#bulk = undefined;
  }

  #read(length: number, buffer: Buffer): boolean {
    this.#wasFull = length === buffer.length;
    this.#lastLength = length;
    this.#from += length;
    return this.#show(buffer, length, this.#bulk);
  }

  #show(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean {
    try {
      return this.receiver.received(bytes, length, owner);
    } catch (error) {
      this.receiver.crashed(error);
      return true;
    }
  }

  /** Where the next read goes. Only here may a buffer be given back: the socket holds on to the last one it was told. */
  #nextBuffer(): Buffer {
    if (!this.receiver.inBulk) this.close();
    else if (this.#bulk === undefined) {
      if (!this.#wasFull) return SMALL_READ;
      this.#bulk = readBuffers.take();
      this.#from = 0;
    } else if (!this.#bulk.isShared) this.#from = 0;
    else if (this.#bulk.bytes.length - this.#from < ROOM_FACTOR * this.#lastLength) {
      this.#bulk.release();
      this.#bulk = readBuffers.take();
      this.#from = 0;
    }
    if (this.#bulk === undefined) return SMALL_READ;
    return this.#from === 0 ? this.#bulk.bytes : this.#bulk.bytes.subarray(this.#from);
  }
}

/**
 * TLS brings records of 16 KiB, however large the buffer: they are read one behind the other, and lie together for one write. But
 * a large read is not to become a small one for the sake of what is left behind it.
 */
const ROOM_FACTOR = 4;

const NOBODY: SocketReceiver = {
  received: () => true,
  inBulk: false,
  ended() {},
  drained() {},
  closed() {},
  crashed() {},
};
