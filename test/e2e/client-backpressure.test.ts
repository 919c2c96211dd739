import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { startOrigin } from '../support/origin.ts';
import { sendBytes, sendResponse, stalled } from '../support/peer-pace.ts';
import { startTlsFront } from '../support/tls-front.ts';

const MIB = 1024 * 1024;
/** What the kernel may hold for two connections, generously (tcp_rmem and tcp_wmem end at 6 and 4 MiB). */
const KERNEL_BYTES = 20 * MIB;
/** What one exchange may hold in this process: a few big buffers. */
const HELD_BYTES = 2 * MIB;

for (const kind of ['plain', 'TLS'] as const) {
  test(`a ${kind} client that does not read stops its backend, and then gets everything`, async (t) => {
    const origin = await startOrigin(t);
    const front =
      kind === 'plain'
        ? await startFront(t, plainConfig([origin.address]))
        : await startTlsFront(t, { cluster: origin.address });
    const client = await (kind === 'plain' ? openClient : openTlsClient)(t, front.port());
    client.keeps = false;
    client.socket.pause();
    client.send(requestText('GET /'));
    const upstream = await origin.next();
    await upstream.message();
    const size = 96 * MIB;

    const sender = sendResponse(upstream, size);
    const taken = await stalled(sender);

    assert.ok(taken < KERNEL_BYTES + HELD_BYTES, `${taken} bytes were taken for a client that reads nothing`);
    client.socket.resume();
    await client.until(() => client.receivedBytes > size, 'everything');
    client.end();
    await front.settled();
    assert.equal(front.exchanges[0]!.bytesOut, size);
    assert.equal(front.exchanges[0]!.error, undefined);
  });
}

test('a backend that does not read stops its client', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const size = 96 * MIB;
  client.send(requestText('POST /', [`Content-Length: ${size}`]));
  const upstream = await origin.next();
  upstream.keeps = false;
  upstream.socket.pause();

  const sender = sendBytes(client, size);
  const taken = await stalled(sender);

  assert.ok(taken < KERNEL_BYTES + HELD_BYTES, `${taken} bytes were taken for a backend that reads nothing`);
  upstream.socket.resume();
  await upstream.until(() => upstream.receivedBytes > size, 'everything');
  upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  assert.equal((await client.message()).status, 200);
});

test('many clients that do not read hold little memory of ours, and hold up nobody', async (t) => {
  const count = 40;
  const origin = await startOrigin(t, (connection) => {
    connection.message().then(
      () => sendResponse(connection, 64 * MIB),
      () => {},
    );
  });
  const quick = await startOrigin(t, (connection) => {
    connection.message().then(
      () => connection.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
      () => {},
    );
  });
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
drain: 1s
tenants:
  slow: { hosts: ["slow.example"], routes: [{ cluster: slow }] }
  quick: { hosts: ["quick.example"], routes: [{ cluster: quick }] }
clusters:
  slow: { instances: [{ address: "${origin.address}" }] }
  quick: { instances: [{ address: "${quick.address}" }] }
`,
  );
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < count; i++) {
    const client = await openClient(t, front.port());
    client.keeps = false;
    client.socket.pause();
    client.send(requestText('GET /', [], 'slow.example'));
  }
  await front.until(() => front.server.status().exchanges === count, 'all exchanges');
  const senders = await Promise.all(origin.connections.map((_, i) => origin.connection(i)));
  await stalled({ sentBytes: () => senders.reduce((sum, { socket }) => sum + socket.bytesWritten, 0) });

  // Origin and clients live in this process too, so this bounds more than ours.
  const held = process.memoryUsage().arrayBuffers - before;
  assert.ok(held < count * HELD_BYTES, `${held} bytes held`);
  const client = await openClient(t, front.port());
  client.send(requestText('GET /', [], 'quick.example'));
  assert.equal((await client.message()).body, 'ok');
});
