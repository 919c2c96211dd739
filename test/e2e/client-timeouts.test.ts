import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import { dribble, sendForever } from '../support/peer-pace.ts';
import { startTlsFront } from '../support/tls-front.ts';

const SHORT_HEADER = 'timeouts: { clientHeader: 200ms }';
const SHORT_IDLE = 'timeouts: { clientIdle: 200ms }';
const SHORT_BODY = 'timeouts: { clientBody: 200ms }';
const SHORT_WRITE = 'timeouts: { clientWrite: 300ms }';

test('a client that says nothing is closed without a word', async (t) => {
  const front = await startFront(t, plainConfig(['127.0.0.1:1'], SHORT_HEADER));
  const client = await openClient(t, front.port());

  assert.equal(await client.untilEnded(), 'end');

  assert.equal(client.text, '');
  await front.settled();
});

test('a head that stops half way is answered 408', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address], SHORT_HEADER));
  const first = await openClient(t, front.port());
  const later = await openClient(t, front.port());
  later.send(requestText('GET /'));
  await later.message();
  // As the rest of a pipelined read, too.
  const behind = await openClient(t, front.port());
  behind.send(`${requestText('GET /')}GET / HTTP/1.1\r\nHost: sh`);
  await behind.message();

  for (const client of [first, later]) client.send('GET / HTTP/1.1\r\nHost: sh');

  for (const client of [first, later, behind]) {
    const answer = await client.message();
    assert.equal(answer.status, 408);
    assert.equal(answer.headers.get('connection'), 'close');
    assert.ok(answer.body.includes(answer.headers.get('x-request-id')!));
    assert.equal(await client.untilEnded(), 'end');
    client.end();
  }
  await front.settled();
  assert.deepEqual(
    front.refusals.map(({ error }) => error!.name),
    ['request-timeout', 'request-timeout', 'request-timeout'],
  );
});

test('a head that dribbles is not given more time by each of its bytes', async (t) => {
  const front = await startFront(t, plainConfig(['127.0.0.1:1'], SHORT_HEADER));
  const client = await openClient(t, front.port());
  const stop = dribble(client, requestText('GET /', [`x: ${'a'.repeat(5000)}`]));

  const answer = await client.message();

  stop();
  assert.equal(answer.status, 408);
  assert.equal(await client.untilEnded(), 'end');
});

test('a TLS client that dribbles its hello, or stops in the handshake, or says nothing after it, is closed', async (t) => {
  const front = await startTlsFront(t, { top: SHORT_HEADER });
  const dribbling = await openClient(t, front.port());
  const stop = dribble(dribbling, '\x16\x03\x01\x10\x00\x01\x00\x0f\xfc\x03\x03'.padEnd(4000, 'a'));
  const silent = await openClient(t, front.port());
  const secured = await openTlsClient(t, front.port());

  for (const client of [dribbling, silent, secured]) {
    assert.notEqual(await client.untilEnded(), 'destroyed');
    assert.equal(client.text, '');
    client.end();
  }
  stop();
  await front.settled();
  assert.deepEqual(
    front.refusals.map(({ error }) => error!.detail),
    ['handshake-timeout'],
  );
});

test('an idle kept connection is closed without a word', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address], SHORT_IDLE));
  const client = await openClient(t, front.port());
  client.send(requestText('GET /'));
  await client.message();

  assert.equal(await client.untilEnded(), 'end');

  assert.equal(client.rest, '');
  client.end();
  await front.settled();
  assert.deepEqual(front.refusals, []);
});

test('waiting for a backend, or for the rest of its response, is not idleness', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(
    t,
    plainConfig(
      [origin.address],
      'timeouts: { clientIdle: 100ms, clientHeader: 100ms, clientBody: 100ms, clientWrite: 100ms }',
    ),
  );
  const client = await openClient(t, front.port());
  client.send(`${requestText('POST /', ['Content-Length: 2'])}ab`);
  const upstream = await origin.next();
  await upstream.message();

  await delay(400);
  upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  await client.untilText('hello');
  await delay(400);
  upstream.send('world');

  assert.equal((await client.message()).body, 'helloworld');
});

test('a body that stops is answered 408, and its upstream exchange is aborted', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], SHORT_BODY));
  const client = await openClient(t, front.port());
  client.send(`${requestText('POST /', ['Content-Length: 10'])}hello`);
  const upstream = await origin.next();

  const answer = await client.message();

  assert.equal(answer.status, 408);
  assert.equal(answer.headers.get('x-request-id'), front.exchanges[0]!.id);
  assert.equal(await client.untilEnded(), 'end');
  await upstream.untilEnded();
  client.end();
  await front.settled();
  assert.equal(front.exchanges[0]!.status, 408);
  assert.equal(front.exchanges[0]!.error!.name, 'request-timeout');
  assert.equal(front.instances()[0]!.state, 'healthy');
});

test('a client that waits for 100 and then sends no body is answered 408', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], SHORT_BODY));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 10', 'Expect: 100-continue']));

  assert.equal((await client.message()).status, 100);
  assert.equal((await client.message()).status, 408);
});

test('a body that comes slowly but steadily is taken', async (t) => {
  const origin = await startOrigin(t, answering(ok('taken')));
  const front = await startFront(t, plainConfig([origin.address], SHORT_BODY));
  const client = await openClient(t, front.port());
  client.send(requestText('POST /', ['Content-Length: 20']));

  for (let i = 0; i < 20; i++) {
    await delay(30);
    client.send('x');
  }

  assert.equal((await client.message()).body, 'taken');
});

test('a body that a slow backend holds up is not the fault of the client', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], SHORT_BODY));
  const client = await openClient(t, front.port());
  const bytes = 32 * 1024 * 1024;
  client.send(requestText('POST /', [`Content-Length: ${bytes}`]));
  const upstream = await origin.next();
  upstream.keeps = false;
  upstream.socket.pause();
  for (let sent = 0; sent < bytes; sent += 65_536) client.send(Buffer.alloc(65_536));

  await delay(600);
  upstream.socket.resume();

  await upstream.until(() => upstream.receivedBytes > bytes, 'the whole body');
  upstream.send(ok('taken'));
  assert.equal((await client.message()).body, 'taken');
});

test("a cluster's own body timeout wins over the server's", async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(
    t,
    plainConfig([origin.address], 'timeouts: { clientBody: 1h }', 'timeouts: { clientBody: 200ms }'),
  );
  const client = await openClient(t, front.port());

  client.send(`${requestText('POST /', ['Content-Length: 10'])}hello`);

  assert.equal((await client.message()).status, 408);
});

test("a cluster's own write timeout wins over the server's", async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(
    t,
    plainConfig([origin.address], 'timeouts: { clientWrite: 1h }', 'timeouts: { clientWrite: 200ms }'),
  );
  const client = await openClient(t, front.port());
  client.socket.pause();

  client.send(requestText('GET /'));
  sendForever(await origin.next());

  await front.until(() => front.exchanges.length === 1, 'the end of the exchange');
  assert.equal(front.exchanges[0]!.error!.name, 'client-too-slow');
});

for (const kind of ['plain', 'TLS'] as const) {
  test(`a ${kind} client that stops reading is cut off, and its upstream exchange is aborted`, async (t) => {
    const origin = await startOrigin(t);
    const { client, front } = await openFront(t, kind, origin.address, SHORT_WRITE);
    client.keeps = false;
    client.send(requestText('GET /'));
    const upstream = await origin.next();
    await upstream.message();
    client.socket.pause();

    sendForever(upstream);

    await upstream.untilEnded();
    await front.settled();
    const [exchange] = front.exchanges;
    assert.equal(exchange!.error!.name, 'client-too-slow');
    assert.equal(exchange!.error!.side, 'downstream');
    client.socket.resume();
    await client.untilEnded();
  });

  test(`a ${kind} client that reads slowly but steadily gets everything`, async (t) => {
    const origin = await startOrigin(t);
    const { client, front } = await openFront(t, kind, origin.address, SHORT_WRITE);
    client.keeps = false;
    client.send(requestText('GET /'));
    const upstream = await origin.next();
    await upstream.message();
    const bytes = 24 * 1024 * 1024;
    upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`).send(Buffer.alloc(bytes));

    while (client.receivedBytes < bytes) {
      client.socket.pause();
      await delay(50);
      const { receivedBytes } = client;
      client.socket.resume();
      await client.until(
        () => client.receivedBytes > receivedBytes + 500_000 || client.receivedBytes > bytes,
      );
    }

    await front.until(() => front.exchanges.length === 1, 'the end of the exchange');
    assert.equal(front.exchanges[0]!.error, undefined);
    assert.equal(front.exchanges[0]!.bytesOut, bytes);
  });
}

async function openFront(
  t: Parameters<typeof startFront>[0],
  kind: 'plain' | 'TLS',
  address: string,
  top: string,
) {
  if (kind === 'plain') {
    const front = await startFront(t, plainConfig([address], top));
    return { front, client: await openClient(t, front.port()) };
  }
  const front = await startTlsFront(t, { cluster: address, top });
  return { front, client: await openTlsClient(t, front.port()) };
}
