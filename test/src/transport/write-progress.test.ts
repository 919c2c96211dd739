import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { WriteProgress } from '../../../src/transport/write-progress.ts';
import { testCertificate } from '../../support/certificates.ts';
import { Peer } from '../../support/peer.ts';

const BYTES = 24 * 1024 * 1024;

for (const kind of ['plain', 'TLS'] as const) {
  test(`within one ${kind} write that does not end, what the peer takes is progress, and nothing else is`, async (t) => {
    const { client, socket } = await connected(t, kind);
    const progress = new WriteProgress(socket);

    socket.write(Buffer.alloc(BYTES));
    await stalled(progress);
    progress.mark();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(progress.hasAdvanced, false);
    client.socket.resume();
    await client.until(() => client.receivedBytes > BYTES / 2);

    assert.equal(progress.hasAdvanced, true);
  });

  test(`a ${kind} write that has ended is progress, though a larger one waits behind it`, async (t) => {
    const { client, socket } = await connected(t, kind);
    const progress = new WriteProgress(socket);
    const { promise: written, resolve } = Promise.withResolvers<void>();

    socket.write(Buffer.alloc(BYTES), () => {
      client.socket.pause();
      resolve();
    });
    await stalled(progress);
    socket.write(Buffer.alloc(2 * BYTES));
    client.socket.resume();
    await written;

    assert.equal(progress.hasAdvanced, true);
  });
}

/** A connection whose client does not read yet. */
async function connected(t: TestContext, kind: 'plain' | 'TLS') {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new Peer(
    kind === 'plain' ? connectPlain(port) : connectTls({ port, rejectUnauthorized: false }),
  );
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const socket = kind === 'plain' ? accepted : await secure(accepted);
  t.after(() => {
    client.socket.destroy();
    socket.destroy();
    server.close();
  });
  client.keeps = false;
  client.socket.pause();
  return { client, socket };
}

async function secure(accepted: Socket): Promise<TLSSocket> {
  const secureContext = createSecureContext(testCertificate(['a.example']));
  const socket = new TLSSocket(accepted, { isServer: true, secureContext });
  await once(socket, 'secure');
  return socket;
}

/** Waits until the kernel takes no more. */
async function stalled(progress: WriteProgress): Promise<void> {
  do {
    progress.mark();
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (progress.hasAdvanced);
}
