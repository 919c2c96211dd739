import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { runHandshakes } from '../../bench/load/handshakes.ts';
import type { HandshakeLoad, LoadResult } from '../../bench/load/load.ts';
import { SMALL_REQUEST } from '../../bench/scenarios/keep-alive.ts';
import { testCertificate } from '../support/certificates.ts';

const HOSTS = ['a.example', 'b.example'];
const LOAD: HandshakeLoad = {
  ...SMALL_REQUEST,
  shape: 'handshakes',
  tls: true,
  hosts: HOSTS,
  connectionsPerSecond: 40,
  isResumed: false,
  group: 'X25519',
};

interface Seen {
  readonly hosts: string[];
  readonly resumed: boolean[];
}

/** What a server that answers everybody in the same way saw in one second of a load. */
async function handshakes(
  t: TestContext,
  load: HandshakeLoad,
  answer = 'HTTP/1.1 200 OK\r\n\r\n',
  takesTickets = true,
): Promise<{ seen: Seen; result: LoadResult }> {
  const seen: Seen = { hosts: [], resumed: [] };
  const server = createServer(testCertificate(HOSTS), (socket: TLSSocket) => {
    seen.hosts.push(socket.servername as string);
    seen.resumed.push(socket.isSessionReused());
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
    if (!takesTickets) server.setTicketKeys(Buffer.alloc(48, seen.hosts.length));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return { result: await runHandshakes(load, (server.address() as AddressInfo).port, 1, undefined), seen };
}

test('every connection is a full handshake and asks for the next host', async (t) => {
  const { result, seen } = await handshakes(t, LOAD);

  assert.equal(result.fault, undefined);
  assert.equal(result.completed, 40);
  assert.deepEqual(new Set(seen.resumed), new Set([false]));
  for (const host of HOSTS) assert.equal(seen.hosts.filter((asked) => asked === host).length, 20);
});

test('every connection resumes a session when that is wanted, behind one full handshake for each host', async (t) => {
  const { result, seen } = await handshakes(t, { ...LOAD, isResumed: true });

  assert.equal(result.fault, undefined);
  assert.equal(result.completed, 40);
  assert.deepEqual(seen.resumed.slice(0, 2), [false, false]);
  assert.deepEqual(new Set(seen.resumed.slice(2)), new Set([true]));
});

test('a server that does not take its tickets back has no figure for resumption', async (t) => {
  const { result } = await handshakes(t, { ...LOAD, isResumed: true }, undefined, false);

  assert.match(result.fault ?? '', /x a full handshake/);
});

test('an answer other than 200 is a fault', async (t) => {
  const { result } = await handshakes(t, LOAD, 'HTTP/1.1 502 Bad Gateway\r\n\r\n');

  assert.equal(result.completed, 0);
  assert.match(result.fault ?? '', /^40 x answered "HTTP\/1.1 502/);
});
