/**
 * A module that waits: it asks another service, by `fetch`, whether a request may go on. The service gets method, path and the
 * `authorization` field; with 200 the request goes on, and the backend is told the user (x-user); anything else is the client's answer.
 * A service that takes more than a second costs the request a 503, and nobody else notices.
 *
 *   node_modules/.bin/node examples/ask-authorization.ts 127.0.0.1:8081
 *   curl -i http://127.0.0.1:8081/                                      401
 *   curl -i -H 'authorization: Bearer ada' http://127.0.0.1:8081/       200: hello ada
 *
 * In a program of yours the imports are `from 'portico'`. Authorization service and backend are played by handlers.
 */
import { CONTINUE, createServer, headerValue, type Module } from '../src/index.ts';

function askAuthorization(url: string): Module {
  return {
    name: 'ask-authorization',
    timeoutMs: 1000,
    handlers: {
      // Behind a promise everything is as it is without one: what cannot be known here yet is not in the type.
      async foundTenant(exchange) {
        const { head, signal } = exchange;
        const authorization = headerValue(head.headers, 'authorization') ?? '';
        const headers = { authorization, 'x-method': head.method, 'x-path': head.path };
        // The signal ends the question when the client is gone, or the time is up.
        const verdict = await fetch(url, { headers, signal });
        const text = await verdict.text();
        if (!verdict.ok)
          return {
            kind: 'respond',
            status: verdict.status,
            headers: ['www-authenticate', 'Bearer'],
            body: text,
          };
        exchange.requestHeaders = [...exchange.requestHeaders, 'x-user', text];
        return CONTINUE;
      },
    },
  };
}

const services = createServer(
  (request, response) => {
    const user = /^Bearer (\w+)$/.exec(request.header('authorization') ?? '')?.[1];
    if (request.header('x-path') === undefined) response.answer(200, `hello ${request.header('x-user')}\n`);
    else if (user === undefined) response.answer(401, 'who are you?\n');
    else response.answer(200, user);
  },
  { listen: '127.0.0.1:0' },
);
const [inside] = await services.start();
const service = `127.0.0.1:${inside!.port}`;

const front = createServer(
  {
    listen: [{ address: process.argv[2] ?? '127.0.0.1:8080' }],
    defaultTenant: 'shop',
    tenants: { shop: { hosts: ['shop.example.org'], routes: [{ cluster: 'web' }] } },
    clusters: { web: { instances: [{ address: service }] } },
  },
  { modules: [askAuthorization(`http://${service}/`)] },
);
for (const { host, port } of await front.start()) console.log(`ready on http://${host}:${port}`);
process.once('SIGTERM', () => void front.stop().then(() => services.stop()));
