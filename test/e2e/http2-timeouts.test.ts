import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openClient } from '../support/client.ts';
import { connectHttp2 } from '../support/http2-client.ts';
import { plainBlock } from '../support/http2-hpack.ts';
import { startHttp2Way } from '../support/http2-ways.ts';
import { continuation, data, headers, PREFACE, settings, windowUpdate } from '../support/http2-wire.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import { dribble, sendForever } from '../support/peer-pace.ts';

// The times themselves are told by test/src/downstream/http2-session.test.ts, where they cost none.

const SHORT_HEADER = 'timeouts: { clientHeader: 200ms }';
const SHORT_IDLE = 'timeouts: { clientIdle: 200ms }';
const SHORT_BODY = 'timeouts: { clientBody: 200ms }';
const SHORT_WRITE = 'timeouts: { clientWrite: 300ms }';

for (const way of ['plain', 'TLS'] as const) {
  test(`a ${way} client that stops within its preface, or behind it, or in a header block, is told the end`, async (t) => {
    const origin = await startOrigin(t);
    const { front } = await startHttp2Way(t, way, origin.address, SHORT_HEADER);
    const tls = way === 'TLS' ? true : undefined;
    const begun = await connectHttp2(t, front.port(), tls);
    begun.acknowledges = false;
    begun.send(PREFACE.subarray(0, 20));
    const silent = await connectHttp2(t, front.port(), tls);
    silent.send(PREFACE, settings());
    const open = await connectHttp2(t, front.port(), tls);
    const block = plainBlock([[':method', 'GET']]);
    open.acknowledges = false;
    open.send(PREFACE, settings(), headers(1, block, { endHeaders: false }));
    const stop = dribble(open.peer, continuation(1, Buffer.alloc(1000), { endHeaders: false }));

    for (const client of [begun, silent, open]) {
      assert.notEqual(await client.peer.untilEnded(), 'destroyed');
      assert.equal(client.count('GOAWAY'), 1);
      client.peer.end();
    }
    stop();
    await front.settled();
    assert.deepEqual(new Set(front.refusals.map(({ error }) => error!.name)), new Set(['request-timeout']));
    assert.equal(origin.connections.length, 0);
  });

  test(`a ${way} client that goes on using its connection is never ended for what was written before`, async (t) => {
    const origin = await startOrigin(t, answering(ok('hello')));
    const { front, open } = await startHttp2Way(t, way, origin.address, SHORT_WRITE);
    const client = await open();

    for (let i = 0; i < 20; i++) {
      assert.equal((await client.get()).body, 'hello');
      await delay(50);
    }

    assert.equal(client.count('GOAWAY'), 0);
    assert.equal(front.server.status().sessions, 1);
  });

  test(`a ${way} client that stops reading is closed, and its upstream exchanges are aborted`, async (t) => {
    const origin = await startOrigin(t);
    const { front, open } = await startHttp2Way(t, way, origin.address, SHORT_WRITE);
    const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 0x7fffffff]] });
    client.send(windowUpdate(0, 0x7fff0000));
    const ends = [client.request('/1'), client.request('/2')];
    for (const _ of ends) sendForever(await origin.next());
    await client.until(() => ends.every(({ bodyBytes }) => bodyBytes > 0));

    client.peer.socket.pause();

    for (const upstream of origin.connections) await upstream.untilEnded();
    await front.settled();
    assert.deepEqual(
      front.exchanges.map(({ error }) => error!.name),
      ['client-too-slow', 'client-too-slow'],
    );
    assert.equal(front.closedSessions[0]!.error!.name, 'client-too-slow');
  });

  test(`a ${way} client that reads slowly but steadily gets everything`, async (t) => {
    const origin = await startOrigin(t);
    const { front, open } = await startHttp2Way(t, way, origin.address, 'timeouts: { clientWrite: 1s }');
    const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 0x7fffffff]] });
    client.send(windowUpdate(0, 0x7fff0000));
    client.log.keeps = false;
    const exchange = client.request('/');
    exchange.keeps = false;
    const upstream = await origin.next();
    await upstream.message();
    const bytes = 24 * 1024 * 1024;
    upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`).send(Buffer.alloc(bytes));

    const { socket } = client.peer;
    while (!exchange.isWhole) {
      socket.pause();
      await delay(50);
      const { bodyBytes } = exchange;
      socket.resume();
      await client.until(() => exchange.bodyBytes > bodyBytes + 500_000 || exchange.isOver);
    }

    assert.equal(exchange.bodyBytes, bytes);
    assert.equal(front.exchanges[0]!.error, undefined);
  });
}

test('an idle connection is ended by GOAWAY, and closed', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const { front, open } = await startHttp2Way(t, 'plain', origin.address, SHORT_IDLE);
  const client = await open();
  await client.get();

  assert.equal(await client.peer.untilEnded(), 'end');

  await client.frame('GOAWAY last=2147483647 NO_ERROR');
  await client.frame('GOAWAY last=1 NO_ERROR');
  client.peer.end();
  await front.settled();
  assert.deepEqual(front.refusals, []);
  assert.equal(front.closedSessions[0]!.error, undefined);
});

test('waiting for a backend, or for the rest of its response, is not idleness', async (t) => {
  const origin = await startOrigin(t);
  const { open } = await startHttp2Way(
    t,
    'plain',
    origin.address,
    'timeouts: { clientIdle: 100ms, clientHeader: 100ms, clientBody: 100ms, clientWrite: 100ms }',
  );
  const client = await open();
  const exchange = client.request('/', { method: 'POST', endStream: false });
  client.send(data(exchange.streamId, 'ab', { endStream: true }));
  const upstream = await origin.next();
  await upstream.message();

  await delay(400);
  upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  await client.until(() => exchange.bodyBytes === 5);
  await delay(400);
  upstream.send('world');

  assert.equal((await client.over(exchange)).body, 'helloworld');
});

test('a body that stops is answered 408 on its stream; its backend is let go, its neighbours go on', async (t) => {
  const origin = await startOrigin(t);
  const { front, open } = await startHttp2Way(t, 'plain', origin.address, SHORT_BODY);
  const client = await open();
  const neighbour = client.request('/neighbour');
  const other = await origin.next();
  await other.message();
  const exchange = client.request('/', { method: 'POST', endStream: false });
  client.send(data(exchange.streamId, 'hello'));
  const upstream = await origin.next();

  await client.over(exchange);

  assert.equal(exchange.status, 408);
  assert.equal(exchange.headers.get('x-request-id'), front.exchanges[0]!.id);
  await client.until(() => exchange.reset === 'NO_ERROR');
  await upstream.untilEnded();
  assert.equal(front.exchanges[0]!.status, 408);
  assert.equal(front.exchanges[0]!.error!.name, 'request-timeout');
  assert.equal(front.instances()[0]!.state, 'healthy');
  other.send(ok('well'));
  assert.equal((await client.over(neighbour)).body, 'well');
});

test('a stream whose window is never opened is reset; its backend is let go, its neighbours go on', async (t) => {
  const origin = await startOrigin(t);
  const { front, open } = await startHttp2Way(t, 'plain', origin.address, SHORT_WRITE);
  const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 0]] });
  const exchange = client.request('/');
  sendForever(await origin.next());

  await client.over(exchange);

  assert.equal(exchange.reset, 'CANCEL');
  assert.equal(exchange.bodyBytes, 0);
  await origin.connections[0]!.untilEnded();
  assert.equal(front.exchanges[0]!.error!.name, 'client-too-slow');
  const next = client.request('/next');
  client.send(windowUpdate(next.streamId, 100));
  const upstream = await origin.connection(1);
  await upstream.message();
  upstream.send(ok('well'));
  assert.equal((await client.over(next)).body, 'well');
});

test('a stream is reset when the window of its connection is never opened', async (t) => {
  const origin = await startOrigin(t);
  const { front, open } = await startHttp2Way(t, 'plain', origin.address, SHORT_WRITE);
  const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 0x7fffffff]] });
  client.refills = false;
  const exchange = client.request('/');
  sendForever(await origin.next());

  await client.over(exchange);

  assert.equal(exchange.reset, 'CANCEL');
  assert.equal(exchange.bodyBytes, 65_535);
  assert.equal(front.exchanges[0]!.error!.name, 'client-too-slow');
});

test('a connection that dribbles its preface next to HTTP/1 is refused in time', async (t) => {
  const { front } = await startHttp2Way(t, 'plain', '127.0.0.1:1', SHORT_HEADER);
  const client = await openClient(t, front.port());
  const stop = dribble(client, PREFACE);

  await client.untilEnded();

  stop();
  client.end();
  await front.settled();
});
