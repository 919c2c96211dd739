import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { SocketReader } from './socket-reader.ts';

/** Takes a connection that was accepted; its bytes go to `reader.receiver`, which is to be set in this call. */
export type ConnectionTaker = (socket: Socket, reader: SocketReader) => void;

/**
 * Gives accepted connections sockets that read into memory of ours. `net.connect` has an option for that and `net.createServer`
 * has not, so the handle's own callback is taken over; where a platform's handle has none, sockets come by the event
 * and are read by events (a fresh 64 KiB allocation per read, 5 to 10 % of a small request). Call it once the server listens.
 */
export function takeConnections(server: Server, take: ConnectionTaker, adopt = true): void {
  const handle = (server as { _handle?: ListeningHandle })._handle;
  if (!adopt || typeof handle?.onconnection !== 'function') {
    server.on('connection', (socket) => {
      const reader = new SocketReader();
      reader.listen(socket, adopt);
      reader.watch(socket);
      take(socket, reader);
    });
    return;
  }
  // Accepted sockets inherit it (Linux), which saves a system call for each.
  handle.setNoDelay?.(true);
  handle.onconnection = (status, client) => {
    if (status !== 0 || client === undefined) {
      server.emit('error', new Error(`accept failed (${status})`));
      return;
    }
    const reader = new SocketReader();
    // The options that net.Server itself passes, and onread.
    const options = {
      handle: client,
      allowHalfOpen: true,
      readable: true,
      writable: true,
      onread: reader.onread,
    };
    const socket = new Socket(options as SocketConstructorOpts);
    reader.watch(socket);
    take(socket, reader);
  };
}

interface ListeningHandle {
  onconnection?: (status: number, client: object | undefined) => void;
  setNoDelay?(on: boolean): void;
}
