/**
 * A module: a unit of policy that hangs on the callback points of a request's life (docs/life-of-a-request.md). This one
 * blocks a path and adds a header to every response. It expects a backend on 127.0.0.1:9001, such as `npm start` brings.
 *
 *   node_modules/.bin/node examples/write-a-module.ts 127.0.0.1:8081
 *   curl -i http://127.0.0.1:8081/            200, with x-served-by
 *   curl -i http://127.0.0.1:8081/admin       403
 *
 * In a program of yours the import is `from 'portico'`.
 */
import { CONTINUE, createServer, type Module } from '../src/index.ts';

/** Answers everything on or below `path` with 403, whichever backend it would have gone to. */
function blockPath(path: string): Module {
  return {
    name: 'block-path',
    handlers: {
      // The type of a callback point says what is known there: here the request and its tenant, no backend yet.
      foundTenant({ head, tenant }) {
        const target = head.path.split('?', 1)[0]!;
        if (target !== path && !target.startsWith(`${path}/`)) return CONTINUE;
        return { kind: 'respond', status: 403, headers: [], body: `not for visitors of ${tenant.name}\n` };
      },
    },
  };
}

/** Adds a header to every response that comes from a backend. */
function addHeader(name: string, value: string): Module {
  return {
    name: 'add-header',
    // It depends on nothing but its arguments, so its result is kept as long as a backend repeats its head.
    rewriteResponse: (_head, headers) => [...headers, name, value],
  };
}

const backend = process.argv[3] ?? '127.0.0.1:9001';
const front = createServer(
  {
    listen: [{ address: process.argv[2] ?? '127.0.0.1:8080' }],
    defaultTenant: 'shop',
    tenants: { shop: { hosts: ['shop.example.org'], routes: [{ cluster: 'web' }] } },
    clusters: { web: { instances: [{ address: backend }] } },
  },
  { modules: [blockPath('/admin'), addHeader('x-served-by', 'portico')] },
);
for (const { host, port } of await front.start()) console.log(`ready on http://${host}:${port}`);
process.once('SIGTERM', () => front.stop());
