import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createSecureContext, TLSSocket } from 'node:tls';
import { isEndAnnounced, watchEnd } from '../../../src/transport/announced-end.ts';
import { resetConnection } from '../../../src/transport/reset-connection.ts';
import { testCertificate } from '../../support/certificates.ts';
import { openClient, openTlsClient } from '../../support/client.ts';
import type { Peer } from '../../support/peer.ts';
import { settled, startTlsOrigin } from '../../support/tls-origin.ts';

for (const kind of ['plain', 'TLS'] as const) {
  test(`a ${kind} connection that a server has reset is reset for its client, and closed here`, async (t) => {
    const { socket, client } = await connected(t, kind);

    const closed = once(socket, 'close');
    resetConnection(socket);

    assert.equal(await client.untilEnded(), 'error');
    assert.equal((client.error as NodeJS.ErrnoException).code, 'ECONNRESET');
    await closed;
  });

  test(`a ${kind} connection is reset with what waits to be written, and every write is told`, async (t) => {
    const { socket, client } = await connected(t, kind);
    client.socket.pause();
    const big = Buffer.alloc(16_777_216);
    const written = new Promise((resolve) => socket.write(big, resolve));

    resetConnection(socket);

    assert.ok(await written);
    client.socket.resume();
    assert.equal(await client.untilEnded(), 'error');
  });

  test(`a ${kind} connection whose end is on its way is closed, not left open for ever`, async (t) => {
    const { socket, client } = await connected(t, kind);

    const closed = once(socket, 'close');
    socket.end();
    resetConnection(socket);
    await closed;

    await client.untilEnded();
    assert.equal(socket.destroyed, true);
  });

  test(`a ${kind} connection that is gone already stays so`, async (t) => {
    const { socket } = await connected(t, kind);
    socket.destroy();
    await once(socket, 'close');

    resetConnection(socket);

    assert.equal(socket.destroyed, true);
  });
}

test('a TLS connection that is reset in the call that tells of its handshake does not crash the process', async (t) => {
  for (let i = 0; i < 20; i++) {
    const { client } = await connected(t, 'TLS', resetConnection);
    assert.equal(await client.untilEnded(), 'error');
  }
});

test("a client's TLS connection ends without close_notify", async (t) => {
  const origin = await startTlsOrigin(t);
  const client = await openTlsClient(t, origin.port);
  const peer = await origin.next();
  await settled(client.socket, origin);
  watchEnd(origin.tls(0));

  resetConnection(client.socket);

  await peer.untilEnded();
  assert.equal(isEndAnnounced(origin.tls(0)), false);
});

async function connected(
  t: TestContext,
  kind: 'plain' | 'TLS',
  secured?: (socket: Socket) => void,
): Promise<{ readonly socket: Socket; readonly client: Peer }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  if (kind === 'plain') {
    const client = await openClient(t, port);
    const [socket] = await accepted;
    socket.on('error', () => {});
    return { socket, client };
  }
  const opened = openTlsClient(t, port);
  const [raw] = await accepted;
  raw.on('error', () => {});
  const { cert, key } = testCertificate(['a.example']);
  const socket = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext({ cert, key }) });
  socket.on('error', () => {});
  socket.once('secure', () => secured?.(socket));
  const client = await opened;
  if (secured === undefined) {
    client.send('x');
    await once(socket, 'data');
  }
  return { socket, client };
}
