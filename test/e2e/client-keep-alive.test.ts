import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';

test('HTTP/1.0 without keep-alive is answered once and closed', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send('GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n');

  const answer = await client.message();
  assert.match(answer.startLine, /^HTTP\/1\.1 200 /);
  assert.equal(answer.body, 'hello');
  assert.equal(await client.untilEnded(), 'end');
});

test('HTTP/1.0 with keep-alive is kept, and told so', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  for (let i = 0; i < 3; i++) {
    client.send('GET / HTTP/1.0\r\nHost: shop.example\r\nConnection: keep-alive\r\n\r\n');
    const answer = await client.message();
    assert.equal(answer.body, 'hello');
    assert.equal(answer.headers.get('connection'), 'keep-alive');
  }
});

test('a body of unknown length goes to HTTP/1.0 without chunks and ends with the connection', async (t) => {
  const origin = await startOrigin(t, answering(CHUNKED));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send('GET / HTTP/1.0\r\nHost: shop.example\r\nConnection: keep-alive\r\n\r\n');

  const answer = await client.message();
  assert.equal(answer.headers.has('transfer-encoding'), false);
  assert.equal(answer.headers.has('content-length'), false);
  assert.equal(answer.headers.get('connection'), 'close');
  assert.equal(answer.body, 'hello');
  assert.equal(await client.untilEnded(), 'end');
});

test('HTTP/1.0 without Host goes to the default tenant, and the backend is told the address that the client has asked', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send('GET / HTTP/1.0\r\n\r\n');

  assert.equal((await client.message()).body, 'hello');
  assert.match(origin.text, new RegExp(`\r\nhost: 127.0.0.1:${front.port()}\r\n`));
  assert.doesNotMatch(origin.text, /x-forwarded-host/);
});

test('a Host of another case, with a port or a trailing dot is the same host', async (t) => {
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
tenants: { shop: { hosts: ["shop.example"], routes: [{ respond: { status: 200, body: "mine" } }] } }
`,
  );
  const client = await openClient(t, front.port());

  for (const host of ['SHOP.example', 'shop.example:8080', 'shop.example.', 'Shop.Example.:80']) {
    client.send(requestText('GET /', [], host));
    assert.equal((await client.message()).body, 'mine', host);
  }
});

test('HEAD gets the head of a GET and nothing else, and the connection is kept', async (t) => {
  const sized = 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n';
  const origin = await startOrigin(t, answering(sized));
  const chunking = await startOrigin(t, answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'));
  for (const address of [origin.address, chunking.address]) {
    const front = await startFront(t, plainConfig([address]));
    const client = await openClient(t, front.port());
    for (let i = 0; i < 2; i++) {
      client.send(requestText('HEAD /'));
      const answer = await client.message({ isHeadAnswer: true });
      assert.equal(answer.status, 200);
      assert.equal(client.rest, '');
      if (address === origin.address) assert.equal(answer.headers.get('content-length'), '1000');
    }
    assert.equal(front.exchanges[1]!.bytesOut, 0);
  }
  assert.equal(origin.connections.length, 1);
  assert.equal(chunking.connections.length, 1);
});

test('204 and 304 have no body, whatever the backend declares', async (t) => {
  for (const head of [
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n',
  ]) {
    const origin = await startOrigin(t, answering(head));
    const front = await startFront(t, plainConfig([origin.address]));
    const client = await openClient(t, front.port());
    for (let i = 0; i < 2; i++) {
      client.send(requestText('GET /'));
      assert.equal(`HTTP/1.1 ${(await client.message()).status}`, head.slice(0, 12));
    }
    assert.equal(origin.connections.length, 1);
  }
});

test('an empty line before a request is skipped, as old clients send one behind a body', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  for (let i = 0; i < 2; i++) {
    client.send(`${requestText('POST /', ['Content-Length: 2'])}ab\r\n`);
    assert.equal((await client.message()).body, 'hello');
  }
});

test('a client that repeats its head with other bytes behind it is understood anew each time', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const head = requestText('POST /', ['Content-Length: 3']);

  for (const body of ['one', 'two', 'six']) {
    client.send(`${head}${body}`);
    assert.equal((await client.message()).body, 'hello');
  }

  const ids = front.exchanges.map(({ id }) => id);
  assert.equal(new Set(ids).size, 3);
  const seen = [...origin.text.matchAll(/x-request-id: (\S+)\r\n(?:\S.*\r\n)*\r\n(\w{3})/g)];
  assert.deepEqual(
    seen.map(([, id, body]) => [id, body]),
    [
      [ids[0], 'one'],
      [ids[1], 'two'],
      [ids[2], 'six'],
    ],
  );
});

test('trailers go through to the client of a chunked body', async (t) => {
  const origin = await startOrigin(
    t,
    answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nchecksum: abc\r\n\r\n'),
  );
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(
    `${requestText('POST /', ['Transfer-Encoding: chunked', 'TE: trailers'])}2\r\nhi\r\n0\r\nx-sum: def\r\n\r\n`,
  );

  const answer = await client.message();
  assert.equal(answer.body, 'ok');
  assert.equal(answer.trailers, 'checksum: abc');
  assert.match(origin.text, /0\r\nx-sum: def\r\n\r\n$/);
});
