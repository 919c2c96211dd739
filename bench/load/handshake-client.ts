/**
 * TLS connections at a steady rate with one request each; started by the benchmark as a process of its own. It takes a HandshakeOrder
 * as JSON on standard input and prints a LoadResult.
 */
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, createSecureContext } from 'node:tls';
import type { LoadResult } from './load.ts';

export interface HandshakeOrder {
  readonly port: number;
  /** Asked for in turn, by SNI and Host. */
  readonly hosts: readonly string[];
  readonly path: string;
  readonly connectionsPerSecond: number;
  readonly seconds: number;
  readonly isResumed: boolean;
  readonly group: string;
}

/** How often connections are begun, in milliseconds: fine enough to come evenly. */
const PERIOD_MS = 10;

const order = JSON.parse(await text(process.stdin)) as HandshakeOrder;
const secureContext = createSecureContext({ minVersion: 'TLSv1.3', ecdhCurve: order.group });
/** The newest of each host. */
const tickets = new Map<string, Buffer>();

console.log(JSON.stringify(await obey()));

async function obey(): Promise<LoadResult> {
  const total = order.connectionsPerSecond * order.seconds;
  const faults = new Map<string, number>();
  const settled: Promise<void>[] = [];
  const begin = (index: number): Promise<void> =>
    connectOnce(order.hosts[index % order.hosts.length] ?? '', order.isResumed).catch((error: Error) => {
      faults.set(error.message, (faults.get(error.message) ?? 0) + 1);
    });
  if (order.isResumed) await Promise.all(order.hosts.map((host) => connectOnce(host, false)));
  const startedAt = performance.now();
  while (settled.length < total) {
    const due = Math.ceil(((performance.now() - startedAt) / 1000) * order.connectionsPerSecond);
    while (settled.length < Math.min(due, total)) settled.push(begin(settled.length));
    await delay(PERIOD_MS);
  }
  await Promise.all(settled);
  const failed = [...faults.values()].reduce((sum, count) => sum + count, 0);
  return {
    completed: total - failed,
    seconds: (performance.now() - startedAt) / 1000,
    fault: failed === 0 ? undefined : [...faults].map(([what, count]) => `${count} x ${what}`).join(', '),
  };
}

/** To the end of the answer, behind which the server closes; rejects with what was wrong. */
function connectOnce(host: string, isResumed: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = isResumed ? tickets.get(host) : undefined;
    const socket = connect({
      port: order.port,
      host: '127.0.0.1',
      servername: host,
      secureContext,
      // The certificate was made for this run and is known to nobody.
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(session === undefined ? {} : { session }),
    });
    let answer = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      answer += part;
    });
    if (order.isResumed) socket.on('session', (ticket: Buffer) => tickets.set(host, ticket));
    socket.on('secureConnect', () => {
      if (socket.isSessionReused() === isResumed) {
        socket.write(`GET ${order.path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      } else {
        socket.destroy(new Error(isResumed ? 'a full handshake' : 'a resumed session'));
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (answer.startsWith('HTTP/1.1 200')) resolve();
      else reject(new Error(`answered ${JSON.stringify(answer.slice(0, 40))}`));
    });
  });
}
