import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, eachRequest, ok, startOrigin } from '../support/origin.ts';

// A connection that repeats its head byte for byte is neither parsed nor routed nor rewritten again (design.md, section 9).
// What follows from the head may be kept; what does not must not.

test('a repeated request goes to where a new snapshot sends it', async (t) => {
  const [old, young] = [
    await startOrigin(t, answering(ok('old'))),
    await startOrigin(t, answering(ok('young'))),
  ];
  const front = await startFront(t, plainConfig([old.address]));
  const client = await openClient(t, front.port());
  const ask = async (): Promise<string> => {
    client.send(requestText('GET /'));
    return (await client.message()).body;
  };

  const before = [await ask(), await ask()];
  await front.reload(plainConfig([young.address]));
  const after = [await ask(), await ask()];
  await front.reload(plainConfig([old.address]));
  const again = await ask();

  assert.deepEqual([...before, ...after, again], ['old', 'old', 'young', 'young', 'old']);
});

test('a repeated request is rewritten by the rules of a new snapshot', async (t) => {
  const origin = await startOrigin(t, answering(ok('')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const forwardedFor: (string | undefined)[] = [];
  for (const trusted of ['192.0.2.0/24', '127.0.0.1', '192.0.2.0/24']) {
    await front.reload(plainConfig([origin.address], `trustedProxies: ["${trusted}"]`));
    for (let i = 0; i < 2; i++) {
      const before = origin.text.length;
      client.send(requestText('GET /', ['X-Forwarded-For: 192.0.2.1']));
      await client.message();
      forwardedFor.push(/^x-forwarded-for: (.*)\r$/m.exec(origin.text.slice(before))?.[1]);
    }
  }

  const [alone, appended] = ['127.0.0.1', '192.0.2.1, 127.0.0.1'];
  assert.deepEqual(forwardedFor, [alone, alone, appended, appended, alone, alone]);
});

test('the same head from two clients keeps what they are apart', async (t) => {
  const origin = await startOrigin(t, answering(ok('')));
  // One listener for both families: clients differ by address.
  const front = await startFront(t, plainConfig([origin.address]).replace('127.0.0.1:0', '[::]:0'));
  const v4 = await openClient(t, front.port());
  const v6 = await openClient(t, front.port(), '::1');

  for (let i = 0; i < 3; i++) {
    for (const client of [v4, v6]) {
      client.send(requestText('GET /'));
      await client.message();
    }
  }

  const addresses = [...origin.text.matchAll(/^x-forwarded-for: (.*)\r$/gm)].map(([, address]) => address);
  assert.deepEqual(addresses.toSorted(), ['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1', '::1', '::1']);
});

test('every repetition has an id, an exchange and a log line of its own', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /').repeat(10));
  for (let i = 0; i < 10; i++) await client.message();
  await front.until(() => front.exchanges.length === 10);

  const sent = [...origin.text.matchAll(/^x-request-id: (.*)\r$/gm)].map(([, id]) => id);
  assert.equal(new Set(sent).size, 10);
  assert.deepEqual(
    front.exchanges.map(({ id }) => id),
    sent,
  );
  assert.deepEqual(
    front.exchanges.map(({ status, bytesOut }) => [status, bytesOut]),
    Array.from({ length: 10 }, () => [200, 5]),
  );
});

test('two heads in turn are each answered as themselves', async (t) => {
  const origin = await startOrigin(
    t,
    eachRequest(({ startLine }, connection) => connection.send(ok(startLine))),
  );
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const paths = ['/a', '/b', '/a', '/a', '/b', '/b', '/a'];

  client.send(paths.map((path) => requestText(`GET ${path}`)).join(''));
  const answers: string[] = [];
  for (const _ of paths) answers.push((await client.message()).body);

  assert.deepEqual(
    answers,
    paths.map((path) => `GET ${path} HTTP/1.1`),
  );
});

test('two response heads in turn reach the client each as itself', async (t) => {
  const answers = [
    ok('one', ['x-number: 1']),
    ok('one', ['x-number: 1']),
    ok('two', ['x-number: 2']),
    ok('one', ['x-number: 1']),
    'HTTP/1.1 204 None\r\nx-number: 3\r\n\r\n',
    ok('uno', ['x-number: 1']),
  ];
  const origin = await startOrigin(
    t,
    eachRequest((_request, connection, index) => connection.send(answers[index]!)),
  );
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  const seen: (readonly [number, string | undefined, string])[] = [];
  for (const _ of answers) {
    client.send(requestText('GET /'));
    const { status, headers, body } = await client.message();
    seen.push([status, headers.get('x-number'), body]);
  }

  assert.deepEqual(seen, [
    [200, '1', 'one'],
    [200, '1', 'one'],
    [200, '2', 'two'],
    [200, '1', 'one'],
    [204, '3', ''],
    [200, '1', 'uno'],
  ]);
});

test('a repeated response head is framed for each request: by HEAD, by version, by an ending connection', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
  const origin = await startOrigin(
    t,
    eachRequest(({ startLine }, connection) =>
      connection.send(startLine.startsWith('HEAD') ? head : `${head}2\r\nhi\r\n0\r\n\r\n`),
    ),
  );
  const front = await startFront(t, plainConfig([origin.address]));
  const [first, second] = [await openClient(t, front.port()), await openClient(t, front.port())];

  first.send(requestText('GET /'));
  const chunked = await first.message();
  first.send(requestText('HEAD /'));
  const none = await first.message({ isHeadAnswer: true });
  second.send('GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n');
  const untilClose = await second.message();
  first.send(requestText('GET /', ['Connection: close']));
  const last = await first.message();

  assert.equal(origin.connections.length, 1, 'all four came on one connection');
  assert.deepEqual([chunked.body, chunked.headers.get('transfer-encoding')], ['hi', 'chunked']);
  assert.deepEqual([none.body, none.headers.get('connection')], ['', undefined]);
  assert.deepEqual([untilClose.body, untilClose.headers.get('connection')], ['hi', 'close']);
  assert.deepEqual([last.body, last.headers.get('connection')], ['hi', 'close']);
});

test('the same POST head with different bodies forwards each body', async (t) => {
  const origin = await startOrigin(
    t,
    eachRequest(({ body }, connection) => connection.send(ok(body))),
  );
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const head = requestText('POST /', ['Content-Length: 3']);

  client.send(`${head}one${head}two${head}3rd`);
  const bodies = [await client.message(), await client.message(), await client.message()].map(
    ({ body }) => body,
  );

  assert.deepEqual(bodies, ['one', 'two', '3rd']);
});
