import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Ends a connection by RST, so that nobody can take what it has for the whole. Node does that for TCP. Over TLS the socket that
 * a server's was made on does it, and takes the one on top with it: destroying that as well, in the same call, has crashed Node
 * 24. A client's TLS socket has none below; it ends without close_notify, which says the same to those who look.
 *
 * While its end is on its way a socket cannot be reset: Node would try, fail, and leave it open for ever. So who may have to reset
 * ends a socket only when all was written; then nothing is missing, and closing it is enough.
 */
export function resetConnection(socket: Socket): void {
  if (socket.destroyed || (socket.writableEnded && !socket.writableFinished)) {
    socket.destroy();
    return;
  }
  const below = socket instanceof TLSSocket ? (socket as { _parent?: Socket | null })._parent : socket;
  if (typeof below?.resetAndDestroy === 'function') below.resetAndDestroy();
  else socket.destroy();
}
