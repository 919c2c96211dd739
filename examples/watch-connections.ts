/**
 * A server on a socket that a service manager has opened (systemd's socket activation), with a second listener for the people who run
 * it, that counts its connections by state as Go's ConnState does.
 *
 *   node_modules/.bin/node examples/watch-connections.ts 127.0.0.1:8080
 *   systemd-socket-activate -l 8080 node_modules/.bin/node examples/watch-connections.ts
 *   curl http://127.0.0.1:8080/
 *   curl http://127.0.0.1:8081/
 *
 * In a program of yours the import is `from 'portico'`.
 */
import { once } from 'node:events';
import { createServer as createNetServer } from 'node:net';
import { createServer, ServeMux, type SessionState } from '../src/index.ts';

/** What handlers and modules find in `session.context`. */
interface Site {
  readonly isInternal: boolean;
}

const INTERNAL = process.argv[3] ?? '127.0.0.1:8081';

const connections: Record<SessionState, number> = { new: 0, active: 0, idle: 0, hijacked: 0, closed: 0 };
const before = new WeakMap<object, SessionState>();

const mux = new ServeMux().handle('GET /', (request, response) => {
  const { isInternal } = request.session.context as Site;
  if (isInternal) response.json(connections);
  else response.answer(200, 'hello\n');
});

const server = createServer(mux, {
  connState(session, state) {
    const last = before.get(session);
    if (last !== undefined) connections[last] -= 1;
    connections[state] += 1;
    before.set(session, state);
  },
  // A listener is named as it was written when it was opened.
  baseContext: ({ text }): Site => ({ isInternal: text === INTERNAL }),
});

// The first that the service manager passes on is number 3. Without one we open our own.
const socket = createNetServer();
if (process.env['LISTEN_FDS'] === undefined) {
  const [host, port] = (process.argv[2] ?? '127.0.0.1:8080').split(':');
  socket.listen(Number(port), host);
} else socket.listen({ fd: 3 });
await once(socket, 'listening');

for (const { port } of [await server.serve(socket), await server.listen(INTERNAL)])
  console.log(`ready on http://127.0.0.1:${port}`);

process.once('SIGTERM', async () => {
  const cut = await server.shutdown(5000);
  for (const { remoteAddress, remotePort } of cut) console.log(`cut off: ${remoteAddress}:${remotePort}`);
});
