import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type ConfigInput, createServer, type EmbeddedServer, type ServerOptions } from '../../src/index.ts';

export interface EmbeddedFront {
  readonly server: EmbeddedServer;
  readonly port: number;
  /** Asks through the front end, on a connection of its own. */
  ask(path: string): Promise<Response>;
}

/** A front end made by the library face, before an origin that echoes; both end with the test. */
export async function startEmbedded(t: TestContext, options: ServerOptions): Promise<EmbeddedFront> {
  const server = createServer(configFor(await echoOrigin(t)), options);
  const [listener] = await server.start();
  t.after(() => server.stop());
  const { port } = listener!;
  return {
    server,
    port,
    ask: (path) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' }, redirect: 'manual' }),
  };
}

/** One cluster of one instance, for every host; a free port. */
export function configFor(origin: string): ConfigInput {
  return {
    listen: [{ address: '127.0.0.1:0' }],
    drain: '1s',
    defaultTenant: 'all',
    tenants: { all: { hosts: ['all.example.org'], routes: [{ cluster: 'web' }] } },
    clusters: { web: { instances: [{ address: origin }] } },
  };
}

/** Answers every request with its path and the x-forwarded-for it was given; resolves to its address. */
export async function echoOrigin(t: TestContext): Promise<string> {
  const origin = createHttpServer((request, response) => {
    response.end(`${request.url} as ${request.headers['x-forwarded-for']}`);
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  t.after(() => {
    origin.close();
    origin.closeAllConnections();
  });
  return `127.0.0.1:${(origin.address() as AddressInfo).port}`;
}
