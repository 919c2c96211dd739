import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { assertFlatMemory } from '../support/bulk-transfer.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { startHttpOrigin, startOrigin } from '../support/origin.ts';

const TEN_MIB = randomBytes(10 * 1024 * 1024);
const DIGEST = digest(TEN_MIB);

for (const framing of ['sized', 'chunked'] as const) {
  test(`10 MiB pass up and down unchanged, ${framing}`, async (t) => {
    const origin = await startHttpOrigin(t, (request, response) => {
      if (framing === 'sized') response.setHeader('content-length', request.headers['x-length'] ?? 0);
      request.pipe(response);
    });
    const front = await startFront(t, plainConfig([origin.address]));
    const client = await openClient(t, front.port());

    const lines = [`X-Length: ${TEN_MIB.length}`];
    if (framing === 'sized') {
      client.send(requestText('POST /', [...lines, `Content-Length: ${TEN_MIB.length}`]));
      client.send(TEN_MIB);
    } else {
      client.send(requestText('POST /', [...lines, 'Transfer-Encoding: chunked']));
      for (let at = 0; at < TEN_MIB.length; at += 100_000) {
        const piece = TEN_MIB.subarray(at, at + 100_000);
        client
          .send(`${piece.length.toString(16)}\r\n`)
          .send(piece)
          .send('\r\n');
      }
      client.send('0\r\n\r\n');
    }
    const { body } = await client.message();

    assert.equal(digest(Buffer.from(body, 'latin1')), DIGEST);
    assert.equal(front.exchanges[0]?.bytesIn, TEN_MIB.length);
    assert.equal(front.exchanges[0]?.bytesOut, TEN_MIB.length);
    front.assertNothingInFlight();
  });
}

/** More than all buffers of the kernel and of Portico between the two ends can hold. */
const ENDLESS_BYTES = 256 * 1024 * 1024;

test('a client that does not read holds the backend back', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  client.socket.pause();
  const backend = await origin.next();
  await backend.untilText('\r\n\r\n');
  backend.send(`HTTP/1.1 200 OK\r\ncontent-length: ${ENDLESS_BYTES}\r\n\r\n`);
  backend.send(Buffer.alloc(ENDLESS_BYTES));
  const before = process.memoryUsage().external;
  const left = await standstill(backend.socket);
  const grown = process.memoryUsage().external - before;

  assert.ok(left > ENDLESS_BYTES / 2, `the backend still has ${left} bytes`);
  assert.ok(grown < 8 * 1024 * 1024, `${grown} bytes were taken into memory`);
  client.keeps = false;
  client.socket.resume();
  await client.until(() => client.receivedBytes > ENDLESS_BYTES, 'all of the response');
  assert.equal(front.exchanges[0]?.bytesOut, ENDLESS_BYTES);
});

test('a backend that does not read holds the client back', async (t) => {
  const origin = await startOrigin(t, (backend) => {
    backend.keeps = false;
    backend.socket.pause();
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', [`Content-Length: ${ENDLESS_BYTES}`]));
  client.send(Buffer.alloc(ENDLESS_BYTES));
  const backend = await origin.next();
  const left = await standstill(client.socket);

  assert.ok(left > ENDLESS_BYTES / 2, `the client still has ${left} bytes`);
  backend.socket.resume();
  await backend.until(() => backend.receivedBytes > ENDLESS_BYTES, 'all of the request');
  backend.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  assert.equal((await client.message()).status, 200);
  assert.equal(front.exchanges[0]?.bytesIn, ENDLESS_BYTES);
});

test('a slow client in the middle of a large response does not slow others down', async (t) => {
  const origin = await startHttpOrigin(t, (request, response) => {
    response.end(request.url === '/large' ? Buffer.alloc(ENDLESS_BYTES) : 'small');
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const [slow, quick] = [await openClient(t, front.port()), await openClient(t, front.port())];

  slow.send(requestText('GET /large'));
  await once(slow.socket, 'readable');
  slow.socket.pause();
  for (let i = 0; i < 20; i++) {
    quick.send(requestText('GET /small'));
    assert.equal((await quick.message()).body, 'small');
  }
});

test('2 GiB up and 2 GiB down leave memory flat', (t) => assertFlatMemory(t, 2 ** 31));

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What a socket could not get rid of, once it gets rid of nothing any more. */
async function standstill(socket: Socket): Promise<number> {
  let left = -1;
  while (unsent(socket) !== left) {
    left = unsent(socket);
    await wait(200);
  }
  return left;
}

function unsent(socket: Socket): number {
  return (socket as unknown as { _handle: { writeQueueSize: number } })._handle.writeQueueSize;
}
