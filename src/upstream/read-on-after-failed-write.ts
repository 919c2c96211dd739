import type { Socket } from 'node:net';

/**
 * Lets a socket to an instance still read when it cannot write any more. An instance that refuses a large body answers and
 * closes with the body unread: its system then resets the connection, and our next write fails while the answer is waiting to
 * be read. Node would throw the answer away; the client is to have it (413, not 502).
 *
 * After a failed write, reading goes on to the end of what had arrived, which comes at once; only then the socket is destroyed.
 */
export function readOnAfterFailedWrite(socket: Socket): void {
  const { destroy, push } = socket;
  let writeError: Error | undefined;
  let hasEnded = false;
  socket.destroy = (error?: NodeJS.ErrnoException) => {
    // Behind its end there is nothing left to read.
    if (error?.syscall !== 'write' || hasEnded) return destroy.call(socket, error);
    writeError ??= error;
    return socket;
  };
  // A stream that has failed does not tell its end by itself.
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    hasEnded ||= chunk === null;
    if (chunk !== null || writeError === undefined) return push.call(socket, chunk, encoding);
    destroy.call(socket, writeError);
    return false;
  };
}
