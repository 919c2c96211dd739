import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import type { PlainMessage } from '../support/http1-message.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';

const LIMITS = 'limits: { head: 4KiB, line: 1KiB, headers: 10, maxBody: 100 }';

/** Bytes that are refused before anything is forwarded: [what, bytes, status, error name]. */
const REFUSED: readonly (readonly [string, string, number, string])[] = [
  ['rubbish', 'GIBBERISH\r\n\r\n', 400, 'malformed-request'],
  ['a line that ends in LF', 'GET / HTTP/1.1\nHost: shop.example\r\n\r\n', 400, 'malformed-request'],
  ['a missing Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'malformed-request'],
  ['a repeated Host', requestText('GET /', ['Host: shop.example']), 400, 'malformed-request'],
  ['a folded field', requestText('GET /', ['x: a', ' b']), 400, 'malformed-request'],
  ['blank before a colon', requestText('GET /', ['x : a']), 400, 'malformed-request'],
  ['NUL in a value', requestText('GET /', ['x: a\0b']), 400, 'malformed-request'],
  [
    'Content-Length and Transfer-Encoding',
    `${requestText('POST /', ['Content-Length: 5', 'Transfer-Encoding: chunked'])}0\r\n\r\n`,
    400,
    'malformed-request',
  ],
  [
    'two lengths',
    `${requestText('POST /', ['Content-Length: 5', 'Content-Length: 6'])}hello!`,
    400,
    'malformed-request',
  ],
  ['a list of lengths', `${requestText('POST /', ['Content-Length: 5, 5'])}hello`, 400, 'malformed-request'],
  ['a signed length', `${requestText('POST /', ['Content-Length: +5'])}hello`, 400, 'malformed-request'],
  [
    'chunked that is not last',
    requestText('POST /', ['Transfer-Encoding: chunked, gzip']),
    400,
    'malformed-request',
  ],
  ['* with another method than OPTIONS', requestText('GET *'), 400, 'malformed-request'],
  [
    'another transfer coding',
    requestText('POST /', ['Transfer-Encoding: gzip, chunked']),
    501,
    'transfer-coding-unknown',
  ],
  ['CONNECT', requestText('CONNECT shop.example:443'), 501, 'method-not-implemented'],
  ['another major version', 'GET / HTTP/2.0\r\nHost: shop.example\r\n\r\n', 505, 'version-not-supported'],
  ['another expectation', requestText('GET /', ['Expect: 200-ok']), 417, 'expectation-failed'],
  ['a long target', requestText(`GET /${'a'.repeat(2000)}`), 414, 'target-too-long'],
  ['a long field line', requestText('GET /', [`x: ${'a'.repeat(2000)}`]), 431, 'head-too-large'],
  [
    'a large head',
    requestText(
      'GET /',
      Array.from({ length: 8 }, (_, i) => `x${i}: ${'a'.repeat(900)}`),
    ),
    431,
    'head-too-large',
  ],
  [
    'many fields',
    requestText(
      'GET /',
      Array.from({ length: 11 }, (_, i) => `x${i}: a`),
    ),
    431,
    'head-too-large',
  ],
];

for (const [what, bytes, status, name] of REFUSED) {
  test(`answers ${status} to ${what}, closes, and forwards nothing`, async (t) => {
    const origin = await startOrigin(t, answering(ok('never')));
    const front = await startFront(t, plainConfig([origin.address], LIMITS));
    const client = await openClient(t, front.port());

    client.send(bytes);

    const answer = await client.message();
    assert.equal(answer.status, status);
    assertLocal(answer, name);
    assert.equal(answer.headers.get('connection'), 'close');
    assert.equal(await client.untilEnded(), 'end');
    assert.equal(client.rest, '');
    client.end();
    await front.settled();
    assert.deepEqual(front.refusals, [
      { id: answer.headers.get('x-request-id'), error: front.closedSessions[0]!.error },
    ]);
    assert.equal(front.closedSessions[0]!.error!.name, name);
    assert.equal(front.closedSessions[0]!.error!.side, 'downstream');
    assert.equal(front.count('requestRefused'), 1);
    assert.equal(origin.connections.length, 0);
  });
}

test('a request behind one that was refused is not read', async (t) => {
  const origin = await startOrigin(t, answering(ok('never')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(`${requestText('GET /', ['bad header'])}${requestText('GET /second')}`);

  assert.equal((await client.message()).status, 400);
  assert.equal(await client.untilEnded(), 'end');
  client.end(requestText('GET /third'));
  await front.settled();
  assert.equal(client.rest, '');
  assert.equal(origin.connections.length, 0);
});

test('a request that is malformed behind good ones is answered in its turn', async (t) => {
  const origin = await startOrigin(t, answering(ok('good')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(`${requestText('GET /1')}${requestText('GET /2')}BAD\r\n\r\n`);

  assert.equal((await client.message()).body, 'good');
  assert.equal((await client.message()).body, 'good');
  const answer = await client.message();
  assert.equal(answer.status, 400);
  assert.equal(answer.headers.get('x-request-id'), front.refusals[0]!.id);
  assert.equal(await client.untilEnded(), 'end');
  client.end();
  await front.settled();
  assert.equal(front.exchanges.length, 2);
});

test('a body that breaks its framing is answered 400, and its upstream exchange is aborted', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  client.send(`${requestText('POST /', ['Transfer-Encoding: chunked'])}5\r\nhello\r\n`);
  const upstream = await origin.next();
  await upstream.untilText('hello');

  client.send('zz\r\n');

  const answer = await client.message();
  assert.equal(answer.status, 400);
  assertLocal(answer, 'malformed-request');
  assert.equal(await client.untilEnded(), 'end');
  await upstream.untilEnded();
  assert.ok(!upstream.text.includes('0\r\n\r\n'), 'the body was not completed');
  client.end();
  await front.settled();
  assert.equal(front.exchanges[0]!.status, 400);
  assert.equal(front.exchanges[0]!.id, answer.headers.get('x-request-id'));
  assert.equal(front.exchanges[0]!.error!.name, 'malformed-request');
  assert.equal(front.count('requestRefused'), 0);
});

test('a body declared larger than allowed is answered 413 and not forwarded', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], LIMITS));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 101', 'Expect: 100-continue']));

  const answer = await client.message();
  assert.equal(answer.status, 413);
  assertLocal(answer, 'body-too-large');
  assertLogged(front, answer);
  // The body was not asked for, so whether it comes cannot be known.
  assert.equal(answer.headers.get('connection'), 'close');
  assert.equal(await client.untilEnded(), 'end');
  client.end();
  await front.settled();
  assert.equal(origin.connections.length, 0);
});

test('a route that answers itself takes no larger body than others', async (t) => {
  const route =
    'routes: [{ path: "/here", respond: { status: 200, body: here } }, { path: "/there", redirect: { to: "/here" } }]';
  const front = await startFront(
    t,
    plainConfig(['127.0.0.1:1'], LIMITS).replace('routes: [', `${route.slice(0, -1)}, `),
  );
  for (const [path, length, status] of [
    ['/here', 100, 200],
    ['/here', 101, 413],
    ['/there', 100, 302],
    ['/there', 101, 413],
  ] as const) {
    const client = await openClient(t, front.port());
    client.send(requestText(`POST ${path}`, [`Content-Length: ${length}`]));
    const answer = await client.message();
    assert.equal(answer.status, status, `${path} ${length}`);
    if (status === 413) assertLocal(answer, 'body-too-large');
    client.end();
  }
});

test('a body as large as allowed passes', async (t) => {
  const origin = await startOrigin(t, answering(ok('taken')));
  const front = await startFront(t, plainConfig([origin.address], LIMITS));
  const client = await openClient(t, front.port());

  client.send(`${requestText('POST /', ['Content-Length: 100'])}${'x'.repeat(100)}`);

  assert.equal((await client.message()).body, 'taken');
});

test('a chunked body that grows larger than allowed is answered 413, and its upstream exchange is aborted', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], LIMITS));
  const client = await openClient(t, front.port());
  client.send(`${requestText('POST /', ['Transfer-Encoding: chunked'])}50\r\n${'x'.repeat(80)}\r\n`);
  const upstream = await origin.next();
  await upstream.untilText('x'.repeat(80));

  client.send(`50\r\n${'y'.repeat(80)}\r\n`);

  const answer = await client.message();
  assert.equal(answer.status, 413);
  assertLocal(answer, 'body-too-large');
  assertLogged(front, answer);
  await upstream.untilEnded();
  assert.ok(!upstream.text.includes('yy'), 'what was too much was not forwarded');
  client.end();
  await front.settled();
});

test("a cluster's own body limit wins over the server's, in both directions", async (t) => {
  const origin = await startOrigin(t, answering(ok('taken')));
  const larger = await startFront(t, plainConfig([origin.address], LIMITS, 'limits: { maxBody: 200 }'));
  const smaller = await startFront(t, plainConfig([origin.address], LIMITS, 'limits: { maxBody: 50 }'));
  const post = `${requestText('POST /', ['Content-Length: 101'])}${'x'.repeat(101)}`;

  const [taken, refused] = await Promise.all(
    [larger, smaller].map(async (front) => (await openClient(t, front.port())).send(post).message()),
  );

  assert.equal(taken!.status, 200);
  assert.equal(refused!.status, 413);
});

const TWO_TENANTS = `
listen: [{ address: "127.0.0.1:0" }]
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
      - { path: "/known", respond: { status: 200, body: "known" } }
`;

test('answers 404 to a host of nobody and to a path without a route, and keeps the connection', async (t) => {
  const front = await startFront(t, TWO_TENANTS);
  const client = await openClient(t, front.port());

  for (const [path, host, name] of [
    ['/known', 'nobody.example', 'no-tenant'],
    ['/unknown', 'shop.example', 'no-route'],
  ] as const) {
    client.send(requestText(`GET ${path}`, [], host));
    const answer = await client.message();
    assert.equal(answer.status, 404);
    assertLocal(answer, name);
    assertLogged(front, answer);
    assert.equal(answer.headers.has('connection'), false);
  }
  client.send(requestText('GET /known'));
  assert.equal((await client.message()).body, 'known');
  assert.equal(front.exchanges.at(-1)!.session.exchanges, 3);
});

test('a host that is a property of every object is a host of nobody', async (t) => {
  const front = await startFront(t, TWO_TENANTS);
  const client = await openClient(t, front.port());

  for (const host of ['__proto__', 'constructor', 'tostring', 'hasownproperty']) {
    client.send(requestText('GET /known', [], host));
    assert.equal((await client.message()).status, 404);
  }
});

test('a local answer has the id of its log line, also to HEAD, where it has no body', async (t) => {
  const front = await startFront(t, TWO_TENANTS);
  const client = await openClient(t, front.port());

  client.send(`${requestText('HEAD /unknown')}${requestText('GET /known')}`);

  const answer = await client.message({ isHeadAnswer: true });
  assert.equal(answer.status, 404);
  assert.ok(Number(answer.headers.get('content-length')) > 0);
  assert.equal(answer.headers.get('x-request-id'), front.exchanges[0]!.id);
  assert.equal((await client.message()).body, 'known');
});

test('OPTIONS * is answered by the server itself, whatever the host', async (t) => {
  const origin = await startOrigin(t, answering(ok('never')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('OPTIONS *', [], 'anything.example'));

  const answer = await client.message();
  assert.equal(answer.status, 200);
  assert.equal(answer.body, '');
  assert.equal(answer.headers.get('x-request-id'), front.exchanges[0]!.id);
  assert.equal(origin.connections.length, 0);
  client.send(requestText('GET /'));
  assert.equal((await client.message()).body, 'never');
});

/** What every answer of ours carries. */
function assertLocal(answer: PlainMessage, name: string): void {
  const id = answer.headers.get('x-request-id');
  assert.match(id!, /^[\w-]{8,}$/);
  assert.match(answer.headers.get('content-type')!, /^text\/plain/);
  assert.ok(answer.body.includes(name), answer.body);
  assert.ok(answer.body.includes(id!), answer.body);
}

/** The newest exchange was logged as it was answered. */
function assertLogged(front: TestFront, answer: PlainMessage): void {
  const { id, status, error } = front.exchanges.at(-1)!;
  assert.equal(answer.headers.get('x-request-id'), id);
  assert.equal(answer.status, status);
  assert.equal(error!.status, status);
}

test('an https target is not to be had over a plain connection', async (t) => {
  const origin = await startOrigin(t, answering(ok('never')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET https://shop.example/'));

  const answer = await client.message();
  assert.equal(answer.status, 421);
  assertLocal(answer, 'misdirected-request');
  assert.equal(origin.connections.length, 0);
});

test('Max-Forwards is counted down for OPTIONS and TRACE, and ends them here at 0', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const statusOf = async (method: string, hops: number): Promise<number> => {
    client.send(requestText(`${method} /a`, [`Max-Forwards: ${hops}`]));
    return (await client.message()).status;
  };

  assert.equal(await statusOf('OPTIONS', 0), 200);
  assert.equal(await statusOf('TRACE', 0), 501);
  assert.equal(origin.text, '');
  assert.equal(await statusOf('TRACE', 1), 200);
  assert.match(origin.text, /^TRACE \/a HTTP\/1.1\r\n(?:.*\r\n)*max-forwards: 0\r\n/);
  assert.equal(await statusOf('GET', 0), 200);
  assert.match(origin.text, /GET \/a HTTP\/1.1\r\n(?:.*\r\n)*max-forwards: 0\r\n/);
});

test('an answer of 304 says nothing of the length that a whole one would have', async (t) => {
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
tenants: { shop: { hosts: ["shop.example"], routes: [{ respond: { status: 304 } }] } }
`,
  );
  const client = await openClient(t, front.port());

  for (const method of ['GET', 'HEAD']) {
    client.send(requestText(`${method} /`));
    const answer = await client.message({ isHeadAnswer: method === 'HEAD' });
    assert.equal(answer.status, 304);
    assert.equal(answer.headers.get('content-length'), undefined);
  }
});
