import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { startHttpOrigin, startOrigin } from '../support/origin.ts';
import { startTlsFront } from '../support/tls-front.ts';

test('a client that ends its direction behind its request gets the whole answer', async (t) => {
  const body = 'x'.repeat(4 * 1024 * 1024);
  const origin = await startHttpOrigin(t, (_, response) => void response.end(body));
  const plain = await startFront(t, plainConfig([origin.address]));
  const secured = await startTlsFront(t, { cluster: origin.address });

  for (const client of [await openClient(t, plain.port()), await openTlsClient(t, secured.port())]) {
    client.end(requestText('GET /'));
    const answer = await client.message();
    assert.equal(answer.body.length, body.length);
    assert.equal(answer.headers.get('connection'), 'close');
    assert.equal(await client.untilEnded(), 'end');
  }

  await plain.settled();
  await secured.settled();
  assert.equal(plain.exchanges[0]!.error, undefined);
});

test('all pipelined requests of a client that has ended its direction are answered', async (t) => {
  const origin = await startHttpOrigin(t, (request, response) => void response.end(request.url));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.end(['/1', '/2', '/3'].map((path) => requestText(`GET ${path}`)).join(''));

  for (const path of ['/1', '/2', '/3']) assert.equal((await client.message()).body, path);
  assert.equal(await client.untilEnded(), 'end');
  await front.settled();
});

test('a client that has ended its direction and gets no answer soon counts as gone', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.end(requestText('GET /'));
  const upstream = await origin.next();

  await upstream.untilEnded();
  await front.settled();
  assert.equal(front.exchanges[0]!.error!.name, 'client-gone');
  assert.equal(front.upstreamConnections, 0);
});

test('an answer that has begun may take its time', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  client.end(requestText('GET /'));
  const upstream = await origin.next();
  await upstream.message();
  upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  await client.untilText('hello');

  // Longer than a client without an answer would be given.
  await delay(1300);
  upstream.send('world');

  assert.equal((await client.message()).body, 'helloworld');
  assert.equal(await client.untilEnded(), 'end');
});
