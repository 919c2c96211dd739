import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { testCertificate } from './certificates.ts';
import { Origin, type OriginScript } from './origin.ts';
import { PATIENCE_MS } from './peer.ts';

/** A backend behind TLS; its `connections` are those whose handshake is over. */
export class TlsOrigin extends Origin {
  /** The TCP connections, whatever became of their handshakes, in order of arrival. */
  readonly below: Socket[] = [];

  /** Called for each of them. */
  onBelow: () => void = () => {};

  /** Waits until there were so many of them. */
  async untilBelow(count: number): Promise<void> {
    while (this.below.length < count) {
      await once(this.server, 'connection', { signal: AbortSignal.timeout(PATIENCE_MS) });
    }
  }

  /** Of the `index`th connection. */
  tls(index: number): TLSSocket {
    return this.connections[index]!.socket as TLSSocket;
  }

  /** Ends a connection below TLS, without close_notify, as who stands in between can. */
  truncate(index: number): void {
    this.below[index]!.end();
  }
}

/** With a certificate for localhost and 127.0.0.1 unless told otherwise. */
export async function startTlsOrigin(
  test: TestContext,
  options: TlsOptions = {},
  script?: OriginScript,
): Promise<TlsOrigin> {
  const server = createServer({
    ...testCertificate(['localhost', '127.0.0.1']),
    allowHalfOpen: true,
    noDelay: true,
    ...options,
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = new TlsOrigin(server, script, 'secureConnection');
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    origin.below.push(socket);
    origin.onBelow();
  });
  test.after(() => {
    origin.close();
    for (const socket of origin.below) socket.destroy();
  });
  return origin;
}

/**
 * Waits until the first connection has carried something both ways. Before that, Node's server may still be writing what belongs to
 * the handshake, and who ends it then loses what is behind.
 */
export async function settled(client: Socket, origin: TlsOrigin): Promise<void> {
  client.write('x');
  const peer = await origin.connection(0);
  await peer.untilText('x');
}
