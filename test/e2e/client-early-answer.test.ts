import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { startOrigin } from '../support/origin.ts';

const RESPOND = `
listen: [{ address: "127.0.0.1:0" }]
tenants:
  shop:
    hosts: ["shop.example"]
    routes: [{ respond: { status: 200, body: "early" } }]
`;

test('a small body that nobody reads is skipped, and the connection is kept', async (t) => {
  const front = await startFront(t, RESPOND);
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 200000']));

  const answer = await client.message();
  assert.equal(answer.body, 'early');
  assert.equal(answer.headers.has('connection'), false);
  client.send('x'.repeat(200_000)).send(requestText('GET /'));
  assert.equal((await client.message()).body, 'early');
});

test('a small body that is in the segment of its head is skipped too', async (t) => {
  const front = await startFront(t, RESPOND);
  const client = await openClient(t, front.port());

  client.send(`${requestText('POST /', ['Content-Length: 5'])}hello${requestText('GET /')}`);

  assert.equal((await client.message()).body, 'early');
  assert.equal((await client.message()).body, 'early');
});

test('a body declared larger than is worth skipping closes, and the client can read its answer while it sends', async (t) => {
  const front = await startFront(t, RESPOND);
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', [`Content-Length: ${8 * 1024 * 1024}`]));
  for (let i = 0; i < 32; i++) client.send(Buffer.alloc(65_536));

  const answer = await client.message();
  assert.equal(answer.body, 'early');
  assert.equal(answer.headers.get('connection'), 'close');
  assert.equal(await client.untilEnded(), 'end');
  client.end();
  await front.settled();
});

test('a chunked body that turns out larger than is worth skipping closes after its answer', async (t) => {
  const front = await startFront(t, RESPOND);
  const client = await openClient(t, front.port());
  client.send(requestText('POST /', ['Transfer-Encoding: chunked']));
  assert.equal((await client.message()).body, 'early');

  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  for (let i = 0; i < 6; i++) client.send(chunk);

  assert.equal(await client.untilEnded(), 'end');
  assert.equal(client.rest, '');
});

test('a body that breaks off while it is skipped gets no second answer', async (t) => {
  const front = await startFront(t, `${RESPOND}\ntimeouts: { clientBody: 100ms }`);
  const stalling = await openClient(t, front.port());
  const malformed = await openClient(t, front.port());
  const ending = await openClient(t, front.port());

  stalling.send(`${requestText('POST /', ['Content-Length: 10'])}half`);
  malformed.send(`${requestText('POST /', ['Transfer-Encoding: chunked'])}zz\r\n`);
  ending.end(`${requestText('POST /', ['Content-Length: 10'])}half`);

  for (const client of [stalling, malformed, ending]) {
    assert.equal((await client.message()).body, 'early');
    assert.equal(await client.untilEnded(), 'end');
    assert.equal(client.rest, '');
    client.end();
  }
  await front.settled();
  assert.deepEqual(
    front.exchanges.map(({ status, error }) => [status, error]),
    [
      [200, undefined],
      [200, undefined],
      [200, undefined],
    ],
  );
  assert.deepEqual(front.refusals, []);
});

test("a backend's early answer reaches a client that is still sending, and its connection is not reused", async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  client.send(requestText('POST /', [`Content-Length: ${64 * 1024 * 1024}`]));
  client.send(Buffer.alloc(1_000_000));
  const upstream = await origin.next();
  await upstream.until(() => upstream.receivedBytes > 500_000);

  upstream.send('HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig');

  const answer = await client.message();
  assert.equal(answer.status, 413);
  assert.equal(answer.body, 'big');
  assert.equal(answer.headers.get('connection'), 'close');
  await upstream.untilEnded();
  client.send(Buffer.alloc(1_000_000));
  assert.equal(await client.untilEnded(), 'end');
  client.end();
  await front.settled();
  assert.equal(front.exchanges[0]!.status, 413);
  assert.equal(front.upstreamConnections, 0);
});

test('an early answer behind a body that the backend does not take any more still comes', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  client.send(requestText('POST /', [`Content-Length: ${64 * 1024 * 1024}`]));
  const upstream = await origin.next();
  upstream.socket.pause();
  // More than all buffers on the way hold: the client is held back.
  let sent = 0;
  const pump = () => {
    while (sent < 48 && client.socket.write(Buffer.alloc(1024 * 1024))) sent += 1;
    sent += 1;
  };
  client.socket.on('drain', pump);
  pump();

  upstream.send('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno');

  const answer = await client.message();
  assert.equal(answer.status, 403);
  assert.equal(answer.body, 'no');
});
