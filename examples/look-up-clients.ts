/**
 * A module that waits at `accept`: before anything of a connection is read it asks another service, by `fetch`, about the client's
 * address, and closes the connections of those that the service does not want. What it has heard it remembers for a minute, because
 * not every connection is worth a question. A service that is slow or gone lets everybody in.
 *
 *   node_modules/.bin/node examples/look-up-clients.ts 127.0.0.1:8081
 *   curl -i http://127.0.0.1:8081/                            200: hello
 *   curl -i --interface 127.0.0.2 http://127.0.0.1:8081/      closed
 *
 * In a program of yours the imports are `from 'portico'`. Service and backend are played by handlers.
 */
import { CLOSE, CONTINUE, createServer, type Module } from '../src/index.ts';

function lookUpClients(url: string): Module {
  const known = new Map<string, { readonly isWanted: boolean; readonly until: number }>();

  const isWanted = async (address: string, signal: AbortSignal): Promise<boolean> => {
    const verdict = await fetch(`${url}?client=${encodeURIComponent(address)}`, { signal });
    // Clients choose their addresses, of IPv6 as many as they like: what is remembered needs a bound.
    if (known.size >= 10_000) known.clear();
    known.set(address, { isWanted: verdict.ok, until: Date.now() + 60_000 });
    return verdict.ok;
  };

  return {
    name: 'look-up-clients',
    // A module that is not in time costs the connection; so this one gives up before, by itself.
    timeoutMs: 2000,
    handlers: {
      // Not `async`: what is known already is answered at once, and costs no promise.
      accept({ remoteAddress, signal }) {
        const remembered = known.get(remoteAddress);
        if (remembered !== undefined && remembered.until > Date.now())
          return remembered.isWanted ? CONTINUE : CLOSE;
        // The first signal ends the question when the client is gone, the second when the service is slow.
        return isWanted(remoteAddress, AbortSignal.any([signal, AbortSignal.timeout(1000)])).then(
          (wanted) => (wanted ? CONTINUE : CLOSE),
          () => CONTINUE,
        );
      },
    },
  };
}

const services = createServer(
  (request, response) => {
    const client = request.query.get('client');
    if (client === null) response.answer(200, 'hello\n');
    else response.answer(client === '127.0.0.2' ? 403 : 200, '');
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
  { modules: [lookUpClients(`http://${service}/`)] },
);
for (const { host, port } of await front.start()) console.log(`ready on http://${host}:${port}`);
process.once('SIGTERM', () => void front.stop().then(() => services.stop()));
