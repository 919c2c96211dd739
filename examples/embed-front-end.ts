/**
 * A front end inside a program that already exists: here a small service of node:http, with Portico before it.
 *
 *   node_modules/.bin/node examples/embed-front-end.ts
 *   curl http://127.0.0.1:8080/hello
 *   kill -HUP <pid>     shows a maintenance page instead, until the next one
 *
 * In a program of yours the import is `from 'portico'`.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConfigInput, createServer } from '../src/index.ts';

const service = createHttpServer((request, response) => {
  response.end(`${request.url}, asked by ${request.headers['x-forwarded-for']}\n`);
});
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
const { port: servicePort } = service.address() as AddressInfo;

function configuration(isInMaintenance: boolean): ConfigInput {
  return {
    listen: [{ address: process.argv[2] ?? '127.0.0.1:8080' }],
    defaultTenant: 'own',
    tenants: {
      own: {
        hosts: ['service.example.org'],
        routes: [
          isInMaintenance
            ? { respond: { status: 503, headers: { 'retry-after': '60' }, body: 'Back soon\n' } }
            : { cluster: 'service' },
        ],
      },
    },
    clusters: {
      service: {
        instances: [{ address: `127.0.0.1:${servicePort}` }],
        timeouts: { responseHeader: '10s' },
      },
    },
  };
}

const front = createServer(configuration(false), { accessLog: process.stdout });
for (const { host, port } of await front.start()) console.log(`ready on http://${host}:${port}`);

let isInMaintenance = false;
process.on('SIGHUP', async () => {
  isInMaintenance = !isInMaintenance;
  await front.reload(configuration(isInMaintenance));
  console.log(isInMaintenance ? 'in maintenance' : 'back in service');
});

process.once('SIGTERM', async () => {
  // What is in flight ends first, so the service is needed until then.
  await front.stop();
  service.close();
});
