import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { explainListenFailure } from '../workers/address-claim.ts';

/**
 * The backends of the demo, in a process of their own: small HTTP servers that name themselves. Started by `portico demo` with an IPC
 * channel, which it tells how that went; it ends when the channel does.
 */
export interface FleetRequest {
  readonly addresses: readonly FleetAddress[];
}

interface FleetAddress {
  readonly host: string;
  readonly port: number;
  readonly text: string;
}

/** Empty: all listen. */
export interface FleetAnswer {
  readonly refusals: readonly string[];
}

// Ctrl-C reaches the whole process group: the demo itself decides when its backends may go.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', async ({ addresses }: FleetRequest) => {
  const servers = addresses.map((address) => openServer(createBackend(address.text), address));
  const refusals = await Promise.all(servers);
  const answer: FleetAnswer = { refusals: refusals.filter((refusal) => refusal !== undefined) };
  process.send?.(answer);
});

/** Resolves with the reason why it does not listen. */
function openServer(server: Server, { host, port, text }: FleetAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.on('error', (error) => resolve(explainListenFailure(text, port, error)));
    server.listen({ host, port, exclusive: true }, () => resolve(undefined));
  });
}

function createBackend(name: string): Server {
  const server = createHttpServer((request, response) => {
    response.setHeader('x-backend', name);
    const path = (request.url ?? '/').split('?', 1)[0];
    const answer = PATHS.get(path ?? '/') ?? answerWithName;
    answer(request, response, name);
  });
  // Longer than a proxy keeps idle connections: it must be the one that closes them.
  server.keepAliveTimeout = 75_000;
  return server;
}

type Answer = (request: IncomingMessage, response: ServerResponse, name: string) => void;

const PATHS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['/healthz', (_request, response) => response.end('ok\n')],
  [
    '/slow',
    (request, response, name) => void setTimeout(() => answerWithName(request, response, name), SLOW_MS),
  ],
  ['/echo', (request, response) => void request.pipe(response)],
  ['/stream', answerWithStream],
]);

const SLOW_MS = 2_000;

function answerWithName(request: IncomingMessage, response: ServerResponse, name: string): void {
  request.resume();
  const { host, 'x-forwarded-for': client, 'x-forwarded-proto': scheme } = request.headers;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(
    `Hello from backend ${name}\n${request.method} ${request.url} for ${host}, from ${client} over ${scheme}\n`,
  );
}

/** Ten lines, two a second, in chunks. */
function answerWithStream(request: IncomingMessage, response: ServerResponse, name: string): void {
  request.resume();
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  let line = 0;
  const timer = setInterval(() => {
    line += 1;
    response.write(`${line} of 10 from ${name}\n`);
    if (line === 10) response.end();
  }, 500);
  response.on('close', () => clearInterval(timer));
}
