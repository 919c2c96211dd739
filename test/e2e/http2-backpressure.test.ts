import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldMemory } from '../support/held-memory.ts';
import type { Http2Client } from '../support/http2-client.ts';
import { startHttp2Way } from '../support/http2-ways.ts';
import { windowUpdate } from '../support/http2-wire.ts';
import { answering, startOrigin } from '../support/origin.ts';
import { sendResponse, stalled } from '../support/peer-pace.ts';

const MIB = 1024 * 1024;
/** What the kernel may hold for two connections, generously (tcp_rmem and tcp_wmem end at 6 and 4 MiB). */
const KERNEL_BYTES = 20 * MIB;
/** What one connection may hold in this process: what waits for windows, what waits for the socket, a few buffers. */
const HELD_BYTES = 4 * MIB;

for (const way of ['plain', 'TLS'] as const) {
  test(`a ${way} client that does not read stops its backend, and then gets everything`, async (t) => {
    const origin = await startOrigin(t);
    const { front, open } = await startHttp2Way(t, way, origin.address);
    const client = await openWide(open);
    const exchange = client.request('/');
    exchange.keeps = false;
    const upstream = await origin.next();
    await upstream.message();
    client.peer.socket.pause();
    const size = 64 * MIB;

    const sender = sendResponse(upstream, size);
    const taken = await stalled(sender);

    assert.ok(taken < KERNEL_BYTES + HELD_BYTES, `${taken} bytes were taken for a client that reads nothing`);
    t.diagnostic(`${(taken / MIB).toFixed(1)} MiB taken, most of them by the kernel`);
    client.peer.socket.resume();
    await client.over(exchange);
    assert.equal(exchange.bodyBytes, size);
    assert.equal(front.exchanges[0]!.bytesOut, size);
  });

  test(`a ${way} client with a small window takes that much, and its backend no more than a read`, async (t) => {
    const origin = await startOrigin(t);
    const { open } = await startHttp2Way(t, way, origin.address);
    const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 1000]] });
    client.refills = false;
    const exchange = client.request('/');
    const upstream = await origin.next();
    await upstream.message();
    const before = heldMemory().buffers;

    await stalled(sendResponse(upstream, 64 * MIB));

    assert.equal(exchange.bodyBytes, 1000);
    assert.ok(heldMemory().buffers - before < HELD_BYTES);
  });
}

test('a backend that does not read stops the client, and takes everything when it does', async (t) => {
  const origin = await startOrigin(t);
  const { open } = await startHttp2Way(t, 'plain', origin.address);
  const client = await open();
  const size = 64 * MIB;
  const exchange = client.request('/', {
    method: 'POST',
    endStream: false,
    fields: [['content-length', String(size)]],
  });
  const upstream = await origin.next();
  upstream.keeps = false;
  upstream.socket.pause();
  const before = heldMemory().buffers;

  const sending = client.sendBody(exchange, Buffer.alloc(size));
  const taken = await stalled({ sentBytes: () => client.peer.socket.bytesWritten });
  const held = heldMemory().buffers - before - size;

  assert.ok(taken < KERNEL_BYTES + HELD_BYTES, `${taken} bytes were taken for a backend that reads nothing`);
  assert.ok(held < HELD_BYTES, `${held} bytes held`);
  t.diagnostic(`${(taken / MIB).toFixed(1)} MiB taken, ${(held / MIB).toFixed(1)} MiB held`);
  upstream.socket.resume();
  await sending;
  await upstream.until(() => upstream.receivedBytes > size, 'everything');
  upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  assert.equal((await client.over(exchange)).status, 200);
});

/** A paused backend has a buffer ready for its next read; of a stream that has had a window, a read waits for the next. */
const READ_BUFFER_BYTES = 262_144;
const STREAMS = 128;

// CVE-2019-9511, where it costs memory: what waits for windows, on as many streams as there may be.
for (const { name, windowBytes, bodyBytes, buffers } of [
  {
    name: 'large responses, and a window of one byte',
    windowBytes: 1,
    bodyBytes: 16 * MIB,
    buffers: STREAMS,
  },
  {
    name: 'large responses, and windows that stay closed',
    windowBytes: 65_535,
    bodyBytes: 16 * MIB,
    buffers: 2 * STREAMS,
  },
  // The second read is a small one, into a large buffer.
  { name: 'responses a little larger than a small read', windowBytes: 8192, bodyBytes: 9000, buffers: 0 },
]) {
  test(`many streams with ${name} hold no more memory than their reads`, async (t) => {
    const body = Buffer.alloc(bodyBytes);
    const origin = await startOrigin(t, (connection) => {
      connection.message().then(
        () => {
          connection.send(`HTTP/1.1 200 OK\r\ncontent-length: ${bodyBytes}\r\n\r\n`).send(body);
        },
        () => {},
      );
    });
    const { front, open } = await startHttp2Way(t, 'plain', origin.address);
    const client = await open({ settings: [['INITIAL_WINDOW_SIZE', windowBytes]] });
    client.refills = false;
    client.send(windowUpdate(0, 0x7fff0000 - 65_535));
    const before = heldMemory().buffers;

    const exchanges = Array.from({ length: STREAMS }, (_, i) => client.request(`/${i}`));
    await client.until(
      () => exchanges.every((exchange) => exchange.bodyBytes === windowBytes),
      'all windows used',
    );
    await settledMemory();
    const held = heldMemory().buffers - before;

    t.diagnostic(`${(held / MIB).toFixed(2)} MiB held for ${STREAMS} streams`);
    // What they have received is in this process, too.
    const most = HELD_BYTES + buffers * READ_BUFFER_BYTES + STREAMS * windowBytes;
    assert.ok(held < most, `${held} bytes held, not ${most}`);
    client.peer.socket.destroy();
    await front.settled();
  });
}

test('streams that their client leaves waiting do not hold up one that it reads', async (t) => {
  const size = 2 * MIB;
  const origin = await startOrigin(
    t,
    answering(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${'x'.repeat(size)}`),
  );
  const { open } = await startHttp2Way(t, 'plain', origin.address);
  const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 65_535]] });
  client.send(windowUpdate(0, 0x7fff0000 - 65_535));
  client.refills = false;
  const left = Array.from({ length: 32 }, (_, i) => client.request(`/${i}`));
  await client.until(() => left.filter(({ bodyBytes }) => bodyBytes === 65_535).length >= 8);
  await settledMemory();

  const read = client.request('/read');
  client.send(windowUpdate(read.streamId, 4 * MIB));
  await client.over(read);

  assert.equal(read.bodyBytes, size);
});

test('streams that wait for windows are served when these open, each in full', async (t) => {
  const size = 300_000;
  const origin = await startOrigin(
    t,
    answering(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${'x'.repeat(size)}`),
  );
  const { open } = await startHttp2Way(t, 'plain', origin.address);
  const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 0]] });

  const exchanges = Array.from({ length: 64 }, (_, i) => client.request(`/${i}`));
  await client.until(() => exchanges.every(({ status }) => status === 200));
  for (const { streamId } of exchanges) client.send(windowUpdate(streamId, 16_384));
  for (const exchange of exchanges) await client.over(exchange);

  for (const { bodyBytes, isWhole } of exchanges) assert.deepEqual([bodyBytes, isWhole], [size, true]);
});

/** A client whose windows are no hindrance. */
async function openWide(open: (options: object) => Promise<Http2Client>): Promise<Http2Client> {
  const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 0x7fffffff]] });
  client.send(windowUpdate(0, 0x7fff0000 - 65_535));
  client.refills = false;
  client.log.keeps = false;
  return client;
}

/** Waits until nothing is allocated any more. */
async function settledMemory(): Promise<void> {
  await stalled({ sentBytes: () => Math.round(process.memoryUsage().arrayBuffers / 65_536) });
}
