/**
 * Holds idle connections open, with TLS or without; started by the benchmark as a process of its own, with an IdleClient as JSON.
 *
 * It takes orders on standard input, one number per line: open that many more connections, send one request on each,
 * then answer with the same number. It ends, and closes all, when its input ends.
 */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls, createSecureContext } from 'node:tls';
import type { IdleClient } from './idle.ts';

const { port, tls, protocols } = JSON.parse(process.argv[2] ?? '{}') as IdleClient;
/** Handshakes in flight at once: enough to be quick, few enough for any accept queue. */
const PARALLEL = 32;
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

const secureContext = createSecureContext({ minVersion: 'TLSv1.3' });

for await (const line of createInterface({ input: process.stdin })) {
  let left = Number(line);
  const open = async (): Promise<void> => {
    while (left-- > 0) await openOne();
  };
  await Promise.all(Array.from({ length: PARALLEL }, open));
  console.log(line);
}
process.exit(0);

async function openOne(): Promise<void> {
  const target = { port, host: '127.0.0.1' };
  const socket = tls
    ? connectTls({
        ...target,
        servername: 'localhost',
        secureContext,
        // The certificate was made for this run and is known to nobody.
        rejectUnauthorized: false,
        ALPNProtocols: [...protocols],
      })
    : connectTcp(target);
  for (const event of ['error', 'close']) socket.on(event, fail);
  await once(socket, tls ? 'secureConnect' : 'connect');
  socket.write(REQUEST);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString('latin1').startsWith('HTTP/1.1 200')) fail();
}

/** One lost connection makes the count untrue. */
function fail(): void {
  console.error('a connection was refused, closed or answered wrongly');
  process.exit(1);
}
