import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Whether the end that a socket tells of, in the call that tells of it, was meant by the instance. Over TCP every end is; over TLS
 * the instance has to say so (close_notify, RFC 8446, section 6.1), because anybody on the way can end a TCP connection, and an
 * instance that dies ends it too.
 *
 * Node tells both ends alike. But a TCP connection that has ended is not read any more, and one with a close_notify still is:
 * asking for what is done already fails, and where it succeeds it does no harm, because there is nothing left to read. Where
 * this Node's sockets are not built as expected no end is taken for meant.
 */
export function isEndAnnounced(socket: Socket): boolean {
  if (!(socket instanceof TLSSocket)) return true;
  const handle = (socket as { _handle?: TlsHandle | null })._handle;
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
