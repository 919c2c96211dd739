import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Ends a connection by RST, so that nobody can take what it has for the whole. Node does that for TCP; a TLS socket has to be
 * asked for the connection below it, by ways that are not documented. Where this Node's sockets are not built as expected the
 * connection ends without close_notify, which says the same to those who look.
 *
 * While its end is on its way a socket cannot be reset: Node would try, fail, and leave it open for ever. So who may have to reset
 * ends a socket only when all was written; then nothing is missing, and closing it is enough.
 */
export function resetConnection(socket: Socket): void {
  if (socket.destroyed || (socket.writableEnded && !socket.writableFinished)) {
    socket.destroy();
    return;
  }
  if (!(socket instanceof TLSSocket)) {
    socket.resetAndDestroy();
    return;
  }
  const { _parent: below, _handle: handle } = socket as unknown as LayeredSocket;
  if (typeof below?.resetAndDestroy === 'function') below.resetAndDestroy();
  else if (typeof handle?._parent?.reset === 'function') handle._parent.reset(ignore);
  socket.destroy();
}

interface LayeredSocket {
  /** The socket that a server's TLS socket was made on; a client's has only its handle. */
  readonly _parent?: Socket | null;
  readonly _handle?: { readonly _parent?: { reset?(done: () => void): number } | null } | null;
}

function ignore(): void {}
