import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Whether the end of a connection was meant by the peer. Over TCP every end is; over TLS the peer has to say so
 * (close_notify, RFC 8446, section 6.1), because anybody on the way can end a TCP connection, and a peer that dies ends it
 * too. To be asked after the end, of a socket that `watchEnd` was given before.
 */
export function isEndAnnounced(socket: Socket): boolean {
  return !(socket instanceof TLSSocket) || announced.has(socket);
}

/**
 * Node tells both ends alike. But a TCP connection that has ended is not read any more, and one with a close_notify still is:
 * asking for what is done already fails, and where it succeeds it does no harm, because there is nothing left to read. That
 * holds while the end is being told, before the stream acts on it. Where this Node's sockets are not built as expected no
 * end is taken for meant.
 */
export function watchEnd(socket: TLSSocket): void {
  const { push } = socket;
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && isMeant((socket as { _handle?: TlsHandle | null })._handle)) announced.add(socket);
    return push.call(socket, chunk, encoding);
  };
}

const announced: WeakSet<Socket> = new WeakSet();

function isMeant(handle: TlsHandle | null | undefined): boolean {
  const tcp = handle?._parent;
  if (typeof tcp?.readStart !== 'function') return false;
  // Paused by us: then nothing was read from TCP, its end neither.
  return handle!.reading === false || tcp.readStart() !== 0;
}

interface TlsHandle {
  readonly reading?: boolean;
  /** The connection below. */
  readonly _parent?: { readStart?(): number } | null;
}
