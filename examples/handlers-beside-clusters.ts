/**
 * A front end that answers some paths itself and sends the others to a cluster: here its own health and a login page before
 * somebody else's service.
 *
 *   node_modules/.bin/node examples/handlers-beside-clusters.ts
 *   curl http://127.0.0.1:8080/login
 *   curl http://127.0.0.1:8080/anything
 *
 * In a program of yours the import is `from 'portico'`.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Handler } from '../src/index.ts';

const service = createHttpServer((request, response) => {
  response.end(`the service, asked for ${request.url}\n`);
});
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
const { port: servicePort } = service.address() as AddressInfo;

const login: Handler = (request, response) => {
  response.setHeader('cache-control', 'no-store');
  response.answer(200, `welcome, ${request.remoteAddress}\n`);
};

const server = createServer(
  {
    listen: [{ address: process.argv[2] ?? '127.0.0.1:8080' }],
    defaultTenant: 'own',
    tenants: {
      own: {
        hosts: ['www.example.org'],
        routes: [{ path: '/login', handler: 'login' }, { cluster: 'service' }],
      },
    },
    clusters: { service: { instances: [{ address: `127.0.0.1:${servicePort}` }] } },
  },
  { handlers: { login } },
);
for (const { host, port } of await server.start()) console.log(`ready on http://${host}:${port}`);

process.once('SIGTERM', async () => {
  await server.stop();
  service.close();
});
