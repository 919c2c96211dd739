/**
 * A program that is its own backend: handlers by pattern, as Go's ServeMux has them, behind the same front as any cluster.
 *
 *   node_modules/.bin/node examples/serve-mux.ts
 *   curl http://127.0.0.1:8080/items/7
 *   curl -d 'a new one' http://127.0.0.1:8080/items/8
 *   curl -N http://127.0.0.1:8080/events
 *   curl http://127.0.0.1:8080/web/hello
 *
 * In a program of yours the import is `from 'portico'`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createServer, ServeMux } from '../src/index.ts';

const items = new Map([['7', 'the seventh']]);

const mux = new ServeMux()
  .handle('GET /items/{id}', (request, response) => {
    const item = items.get(request.pathValue('id'));
    if (item === undefined) response.answer(404, 'no such item\n');
    else response.json({ item });
  })
  // The body comes when it is asked for, at most 64 KiB of it here; beyond that the client gets 413.
  .handle('POST /items/{id}', async (request, response) => {
    items.set(request.pathValue('id'), await request.text(65_536));
    response.answer(201, 'kept\n');
  })
  // Server-sent events: each goes out at once, until the client has seen enough.
  .handle('GET /events', async (request, response) => {
    response.setHeader('content-type', 'text/event-stream');
    for (let i = 1; i <= 3 && !request.signal.aborted; i++) {
      await response.write(`data: ${i}\n\n`);
      response.flush();
      await delay(200, undefined, { signal: request.signal }).catch(() => {});
    }
  })
  // What was written for the web's own Request and Response fits as it is.
  .handle('/web/', {
    fetch: (request) => new Response(`${request.method} ${new URL(request.url).pathname}\n`),
  });

const server = createServer(mux, { listen: process.argv[2] ?? '127.0.0.1:8080', accessLog: process.stdout });
for (const { host, port } of await server.start()) console.log(`ready on http://${host}:${port}`);

// What is under way has five seconds.
process.once('SIGTERM', () => void server.shutdown(5000));
