import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

// A response that breaks after its head was sent is cut, never completed falsely. Where the client frames it by the end of the
// connection (HTTP/1.0 and no length) that takes a RST: after a FIN it would take what it has for a whole response.

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n';

const BROKEN: Readonly<Record<string, { readonly sent: string; readonly how: (backend: Peer) => void }>> = {
  'a sized body that ends short': {
    sent: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello',
    how: (backend) => backend.end(),
  },
  'a sized body that is reset': {
    sent: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello',
    how: (backend) => backend.reset(),
  },
  'a chunked body that ends between chunks': { sent: CHUNKED, how: (backend) => backend.end() },
  'a chunked body that ends inside a chunk': { sent: `${CHUNKED}5\r\nwo`, how: (backend) => backend.end() },
  'a chunked body that is reset': { sent: CHUNKED, how: (backend) => backend.reset() },
  'a chunked body that ends inside its trailers': {
    sent: `${CHUNKED}0\r\nx-sum: 1\r\n`,
    how: (backend) => backend.end(),
  },
  'a chunked body that ends behind its last chunk': {
    sent: `${CHUNKED}0\r\n`,
    how: (backend) => backend.end(),
  },
  'a body until close that is reset': {
    sent: 'HTTP/1.1 200 OK\r\n\r\nhello',
    how: (backend) => backend.reset(),
  },
  'a chunk size that is no number': { sent: CHUNKED, how: (backend) => backend.send('xyz\r\n') },
  'a chunk that is longer than declared': { sent: CHUNKED, how: (backend) => backend.send('2\r\nabc\r\n') },
  'a chunk line that ends in LF alone': { sent: CHUNKED, how: (backend) => backend.send('2\nab\r\n') },
  'a chunk size of 17 digits': { sent: CHUNKED, how: (backend) => backend.send('10000000000000000\r\n') },
  'a framing field in the trailers': {
    sent: CHUNKED,
    how: (backend) => backend.send('0\r\ncontent-length: 5\r\n\r\n'),
  },
};

for (const version of ['1.1', '1.0']) {
  for (const [kind, { sent, how }] of Object.entries(BROKEN)) {
    test(`${kind} is cut for an HTTP/${version} client`, async (t) => {
      const origin = await startOrigin(t);
      const front = await startFront(t, plainConfig([origin.address]));
      const client = await openClient(t, front.port());

      client.send(`GET / HTTP/${version}\r\nhost: shop.example\r\n\r\n`);
      const backend = await origin.next();
      await backend.untilText('\r\n\r\n');
      backend.send(sent);
      await client.until(() => client.text.includes('hello'), 'the body so far');
      how(backend);
      const ending = await client.untilEnded();

      const isFramed = version === '1.1' || sent.includes('content-length');
      assert.equal(ending, isFramed ? 'end' : 'error');
      await assert.rejects(client.message(), 'no whole response came');
      client.end();
      await front.settled();
      assert.equal(front.exchanges[0]?.status, 200);
      assert.equal(front.exchanges[0]?.error?.name, 'response-cut');
      assert.equal(front.exchanges[0]?.error?.side, 'upstream');
      assert.equal(front.upstreamConnections, 0);
    });
  }
}

test('a body until close that ends by FIN is complete', async (t) => {
  const origin = await startOrigin(t, (backend) => {
    backend.message().then(() => backend.end('HTTP/1.1 200 OK\r\n\r\nhello'));
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const response = await client.message();

  assert.equal(response.body, 'hello');
  assert.equal(response.headers.get('transfer-encoding'), 'chunked');
  assert.equal(front.exchanges[0]?.error, undefined);
});

test('other connections do not notice when one response is cut', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const [cut, well] = [await openClient(t, front.port()), await openClient(t, front.port())];

  cut.send(requestText('GET /cut'));
  const first = await origin.next();
  await first.untilText('\r\n\r\n');
  well.send(requestText('GET /well'));
  const second = await origin.next();
  await second.untilText('\r\n\r\n');
  second.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  first.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  await cut.untilText('hello');
  first.reset();
  await cut.untilEnded();
  second.send('world');
  const response = await well.message();

  assert.equal(response.body, 'helloworld');
});

test('a response longer than declared ends where it said, and its connection is not used again', async (t) => {
  let count = 0;
  const origin = await startOrigin(t, (backend) => {
    count += 1;
    answering(count === 1 ? `${ok('hello')}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen` : ok('mine'))(
      backend,
    );
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /1'));
  const first = await client.message();
  client.send(requestText('GET /2'));
  const second = await client.message();

  assert.equal(first.body, 'hello');
  assert.equal(second.body, 'mine');
  assert.equal(origin.connections.length, 2);
  assert.equal(client.rest, '');
});

test('of two responses that come together for pipelined requests the second is not given to the second request', async (t) => {
  let count = 0;
  const origin = await startOrigin(t, (backend) => {
    count += 1;
    answering(count === 1 ? ok('hello') + ok('stolen') : ok('mine'))(backend);
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /1') + requestText('GET /2'));
  const first = await client.message();
  const second = await client.message();

  assert.equal(first.body, 'hello');
  assert.equal(second.body, 'mine');
});

test('bytes on an idle connection end it, and the next request gets a clean one', async (t) => {
  const origin = await startOrigin(t, answering(ok('mine')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /1'));
  await client.message();
  const idle = await origin.next();
  idle.send(ok('stolen'));
  await idle.untilEnded();
  client.send(requestText('GET /2'));
  const second = await client.message();

  assert.equal(second.body, 'mine');
  assert.equal(origin.connections.length, 2);
});

for (const [kind, head, request] of [
  ['a body behind an answer to HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n', 'HEAD /'],
  ['a body behind 304', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 6\r\n\r\n', 'GET /'],
  ['a body behind 204', 'HTTP/1.1 204 No Content\r\n\r\n', 'GET /'],
] as const) {
  test(`${kind} never becomes part of anything`, async (t) => {
    let count = 0;
    const origin = await startOrigin(t, (backend) => {
      count += 1;
      if (count > 1) answering(ok('mine'))(backend);
      else backend.untilText('\r\n\r\n').then(() => backend.send(`${head}stolen`));
    });
    const front = await startFront(t, plainConfig([origin.address]));
    const client = await openClient(t, front.port());

    client.send(requestText(request));
    const first = await client.message({ isHeadAnswer: request.startsWith('HEAD') });
    client.send(requestText('GET /2'));
    const second = await client.message();

    assert.equal(first.status, Number(head.slice(9, 12)));
    assert.equal(second.body, 'mine');
    assert.ok(!client.text.includes('stolen'));
    assert.equal(origin.connections.length, 2);
  });
}
