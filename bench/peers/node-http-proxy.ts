/** The plainest useful reverse proxy on node:http; started by the benchmark as a process of its own. */
import { readFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

interface Settings {
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly originPort: number;
  readonly cert: string;
  readonly key: string;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });

const plain = createServer(forward).listen(settings.plainPort, '127.0.0.1', 4096);
const tls = createTlsServer(
  { cert: readFileSync(settings.cert), key: readFileSync(settings.key), minVersion: 'TLSv1.3' },
  forward,
).listen(settings.tlsPort, '127.0.0.1', 4096);

for (const server of [plain, tls]) {
  server.keepAliveTimeout = 75_000;
  server.requestTimeout = 0;
}
process.on('SIGTERM', () => process.exit(0));

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { connection: _hopByHop, ...headers } = incoming.headers;
  headers['x-forwarded-for'] = incoming.socket.remoteAddress;
  const upstream = request({
    host: '127.0.0.1',
    port: settings.originPort,
    method: incoming.method,
    path: incoming.url,
    headers,
    agent,
  });
  upstream.on('response', (response) => {
    const { connection: _ofTheOrigin, 'keep-alive': _timeout, ...answer } = response.headers;
    outgoing.writeHead(response.statusCode ?? 502, answer);
    response.pipe(outgoing);
    // Cut by the origin: cut for the client too.
    response.on('error', () => outgoing.destroy());
  });
  upstream.on('error', () => {
    if (!outgoing.headersSent) outgoing.writeHead(502);
    outgoing.end();
  });
  outgoing.on('close', () => upstream.destroy());
  incoming.pipe(upstream);
}
