import { Socket, type SocketConstructorOpts } from 'node:net';

/**
 * A socket to an instance that still reads when it cannot write any more. An instance that refuses a large body answers and
 * closes with the body unread: its system then resets the connection, and our next write fails while the answer is waiting to
 * be read. Node would throw the answer away; the client is to have it (413, not 502).
 *
 * After a failed write, reading goes on to the end of what had arrived, which comes at once; only then the socket is destroyed.
 */
export class BackendSocket extends Socket {
  #writeError: Error | undefined = undefined;

  constructor(options: SocketConstructorOpts & { readonly noDelay: boolean }) {
    super(options);
  }

  override destroy(error?: NodeJS.ErrnoException): this {
    if (error?.syscall !== 'write') return super.destroy(error);
    this.#writeError ??= error;
    return this;
  }

  /** A stream that has failed does not tell its end by itself. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk !== null || this.#writeError === undefined) return super.push(chunk, encoding);
    super.destroy(this.#writeError);
    return false;
  }
}
