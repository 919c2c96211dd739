import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';

const EXPECTING = requestText('POST /', ['Content-Length: 5', 'Expect: 100-continue']);

test('a client that waits for 100 is asked for its body once a backend is there to take it', async (t) => {
  const origin = await startOrigin(t, answering(ok('taken')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  // First over a new connection to the backend, then over a kept one.
  for (let i = 0; i < 2; i++) {
    client.send(EXPECTING);
    assert.equal((await client.message()).status, 100);
    client.send('hello');
    const answer = await client.message();
    assert.equal(answer.body, 'taken');
    assert.equal(answer.headers.has('connection'), false);
  }

  assert.equal(origin.connections.length, 1);
  assert.match(origin.text, /hello/);
});

test('a client that does not wait gets no 100', async (t) => {
  const origin = await startOrigin(t, answering(ok('taken')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(`${EXPECTING}hello`);

  assert.equal((await client.message()).body, 'taken');
});

test('an HTTP/1.0 client gets no 100', async (t) => {
  const origin = await startOrigin(t, answering(ok('taken')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(
    'POST / HTTP/1.0\r\nHost: shop.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello',
  );

  assert.equal((await client.message()).body, 'taken');
});

test('a final answer in place of 100 ends the connection: whether the body comes cannot be known', async (t) => {
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
tenants: { shop: { hosts: ["shop.example"], routes: [{ respond: { status: 403, body: "no" } }] } }
`,
  );
  const client = await openClient(t, front.port());

  client.send(EXPECTING);

  const answer = await client.message();
  assert.equal(answer.status, 403);
  assert.equal(answer.headers.get('connection'), 'close');
  assert.equal(await client.untilEnded(), 'end');
});

test("the backend's final answer in place of 100 reaches a client that still waits", async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  client.send(EXPECTING);
  assert.equal((await client.message()).status, 100);
  const upstream = await origin.next();
  await upstream.untilText('\r\n\r\n');

  upstream.send(
    'HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno',
  );

  const answer = await client.message();
  assert.equal(answer.status, 401);
  assert.equal(answer.body, 'no');
  // Our 100 obliged the client to send the body, so it can be skipped and the connection kept.
  client.send(`hello${requestText('GET /next')}`);
  const next = await origin.connection(1);
  await next.untilText('GET /next');
  next.send(ok('next'));
  assert.equal((await client.message()).body, 'next');
});

test('100 from a backend is not passed on; 103 is, but not to HTTP/1.0', async (t) => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n';
  const origin = await startOrigin(t, answering(`${interim}${ok('done')}`));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const oldClient = await openClient(t, front.port());

  client.send(requestText('GET /'));
  oldClient.send('GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n');

  const hints = await client.message();
  assert.equal(hints.status, 103);
  assert.equal(hints.headers.get('link'), '</a>; rel=preload');
  assert.equal((await client.message()).body, 'done');
  assert.equal((await oldClient.message()).body, 'done');
});
