import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type SecureContext, TLSSocket } from 'node:tls';
import { testAuthority } from './certificates.ts';

/**
 * A TLS server on loopback that gives every connection the context it is told, as the downstream drivers do it: around
 * an accepted socket, without node:tls's own server. Says hello to whoever completes the handshake.
 */
export class TlsLoopback {
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  /** Emits `failed` with the error of each handshake that fails on the server's side. */
  readonly #events: EventEmitter = new EventEmitter();

  constructor(contextFor: () => SecureContext) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      const failed = (error: unknown) => this.#events.emit('failed', error);
      socket.on('error', failed);
      const tlsSocket = new TLSSocket(socket, { isServer: true, secureContext: contextFor() });
      tlsSocket.on('error', failed);
      tlsSocket.on('secure', () => tlsSocket.write('hello'));
      tlsSocket.resume();
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this.port;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A client that trusts the test authority and has received the hello; rejects when the handshake fails. */
  async connect(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port: this.port, ca: testAuthority().cert, ...options });
    await once(socket, 'data');
    return socket;
  }

  /** A session that such a client can resume. */
  async session(options: ConnectionOptions): Promise<Buffer> {
    const socket = connect({ host: '127.0.0.1', port: this.port, ca: testAuthority().cert, ...options });
    const [session] = await once(socket, 'session');
    socket.destroy();
    return session;
  }

  /** The error of the next handshake that fails on the server's side; to be asked for before it can. */
  async nextFailure(): Promise<unknown> {
    return (await once(this.#events, 'failed'))[0];
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
