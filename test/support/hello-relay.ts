import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** Makes what is sent of a ClientHello (the first bytes of a connection, whole records) in its place, piece by piece. */
export type HelloRewrite = (hello: Buffer) => readonly Buffer[];

/**
 * A TCP relay to a port on loopback that tampers with the first flight of its clients and is transparent otherwise; gives its
 * port. Each piece is sent in a segment of its own.
 */
export async function startHelloRelay(
  test: TestContext,
  port: number,
  rewrite: HelloRewrite,
): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port, noDelay: true });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    upstream.pipe(client);
    let early = Buffer.alloc(0);
    const gather = async (chunk: Buffer): Promise<void> => {
      early = Buffer.concat([early, chunk]);
      if (early.length < 5 || early.length < 5 + early.readUInt16BE(3)) return;
      client.off('data', gather).pause();
      for (const piece of rewrite(early)) {
        await new Promise((resolve) => upstream.write(piece, resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.pipe(upstream);
    };
    client.on('data', gather);
  });
  await listening(test, server);
  return (server.address() as AddressInfo).port;
}

/** The bytes with which node:tls opens a connection. */
export async function captureHello(test: TestContext, options: ConnectionOptions = {}): Promise<Buffer> {
  const server = createServer();
  await listening(test, server);
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ host: '127.0.0.1', port, ...options }).on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [hello] = await once(socket, 'data');
  client.destroy();
  socket.destroy();
  return hello;
}

async function listening(test: TestContext, server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => void server.close());
}
