import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { answering, eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';

const DATE = 'Sat, 28 Nov 2026 12:00:00 GMT';

test('the head that a backend gets is written anew, in this order', async (t) => {
  const { origin, forward } = await echo(t);

  const head = await forward(
    'GET /path?query HTTP/1.1\r\nAccept: */*\r\nHOST: Shop.Example:80\r\nUser-Agent: test\r\n\r\n',
  );

  assert.deepEqual(head, [
    'GET /path?query HTTP/1.1',
    'host: Shop.Example:80',
    'accept: */*',
    'user-agent: test',
    'x-forwarded-for: 127.0.0.1',
    'x-forwarded-proto: http',
    'x-forwarded-host: Shop.Example:80',
    'via: 1.1 portico',
    `x-request-id: ${requestIdOf(head)}`,
  ]);
  assert.equal(origin.connections.length, 1);
});

test('hop-by-hop fields of a request end here, and those that Connection names with them', async (t) => {
  const { forward } = await echo(t);

  const head = await forward(
    requestText('GET /', [
      'Connection: keep-alive, X-Named',
      'X-Named: 1',
      'connection: x-other ,, "quoted"',
      'X-Other: 2',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic Zm9v',
      'TE: gzip, trailers;q=0.5',
      'Trailer: x-sum',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
      'X-Kept: 3',
    ]),
  );

  assert.deepEqual(without(head, OURS), ['x-kept: 3', 'te: trailers', 'connection: te']);
});

test('readiness for trailers goes on beside an upgrade, in one Connection field', async (t) => {
  const { forward } = await echo(t);

  const head = await forward(
    requestText('GET /', ['Connection: te, upgrade', 'TE: trailers', 'Upgrade: websocket']),
  );

  assert.deepEqual(without(head, OURS), ['te: trailers', 'connection: te, upgrade', 'upgrade: websocket']);
});

test('several Cookie fields go on as they are', async (t) => {
  const { forward } = await echo(t);

  const head = await forward(requestText('GET /', ['Cookie: a=1; b=2', 'X: 1', 'Cookie: a=3', 'Cookie:']));

  assert.deepEqual(without(head, OURS), ['cookie: a=1; b=2', 'x: 1', 'cookie: a=3', 'cookie: ']);
});

test('a client cannot have the fields removed that backends rely on', async (t) => {
  const { forward } = await echo(t);

  const head = await forward(
    requestText('GET /', [
      'Connection: close, host, x-forwarded-for, x-forwarded-proto, x-forwarded-host, via, x-request-id, content-length',
    ]),
  );

  assert.equal(firstOf(head, 'host'), 'shop.example');
  assert.equal(firstOf(head, 'x-forwarded-for'), '127.0.0.1');
  assert.equal(firstOf(head, 'x-forwarded-proto'), 'http');
  assert.equal(firstOf(head, 'x-forwarded-host'), 'shop.example');
  assert.equal(firstOf(head, 'via'), '1.1 portico');
  assert.ok(firstOf(head, 'x-request-id'));
});

test('hop-by-hop fields of a response end here, and those that Connection names with them', async (t) => {
  const origin = await startOrigin(
    t,
    answering(
      ok('hello', [
        'Connection: X-Named',
        'X-Named: 1',
        'Keep-Alive: timeout=5',
        'Proxy-Authenticate: Basic',
        'Upgrade: h2c',
        'Trailer: x-sum',
        'X-Kept: 2',
        `Date: ${DATE}`,
      ]),
    ),
  );
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.deepEqual(
    [...answer.headers],
    [
      ['x-kept', '2'],
      ['date', DATE],
      ['content-length', '5'],
    ],
  );
});

test("Connection: close of a response concerns the connection to the backend, not the client's", async (t) => {
  const origin = await startOrigin(t, answering(ok('hello', ['Connection: close'])));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  for (let i = 0; i < 2; i++) {
    client.send(requestText('GET /'));
    const answer = await client.message();
    assert.equal(answer.body, 'hello');
    assert.equal(answer.headers.get('connection'), undefined);
  }
  assert.equal(origin.connections.length, 2);
});

const CLAIMS = [
  'X-Forwarded-For: 192.0.2.1',
  'X-Forwarded-For: 192.0.2.2, 192.0.2.3',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: elsewhere.example',
  'Forwarded: for=192.0.2.1',
  'X-Request-Id: chosen-by-client',
  'Via: 1.0 before',
];

test('what a sender that is not trusted says of others is replaced', async (t) => {
  const { front, forward } = await echo(t, 'trustedProxies: ["10.0.0.0/8", "2001:db8::/32"]');

  const head = await forward(requestText('GET /', CLAIMS));

  assert.deepEqual(valuesOf(head, 'x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(valuesOf(head, 'x-forwarded-proto'), ['http']);
  assert.deepEqual(valuesOf(head, 'x-forwarded-host'), ['shop.example']);
  assert.deepEqual(valuesOf(head, 'forwarded'), []);
  assert.deepEqual(valuesOf(head, 'via'), ['1.0 before', '1.1 portico'], 'only appended to');
  assert.deepEqual(valuesOf(head, 'x-request-id'), [front.exchanges[0]?.id]);
  assert.notEqual(front.exchanges[0]?.id, 'chosen-by-client');
});

for (const [what, trusted, from] of [
  ['an IPv4 address', '127.0.0.1', '127.0.0.1'],
  ['an IPv4 block', '127.0.0.0/8', '127.0.0.1'],
  ['every IPv4 address', '0.0.0.0/0', '127.0.0.1'],
  ['an IPv6 address', '::1', '::1'],
  ['an IPv6 block', '::/64', '::1'],
] as const) {
  test(`what a sender says that is trusted by ${what} is appended to`, async (t) => {
    const { front, forward } = await echo(t, `trustedProxies: ["${trusted}"]`, from);

    const head = await forward(requestText('GET /', CLAIMS));

    assert.deepEqual(valuesOf(head, 'x-forwarded-for'), [`192.0.2.1, 192.0.2.2, 192.0.2.3, ${from}`]);
    assert.deepEqual(valuesOf(head, 'x-forwarded-proto'), ['https']);
    assert.deepEqual(valuesOf(head, 'x-forwarded-host'), ['elsewhere.example']);
    assert.deepEqual(valuesOf(head, 'forwarded'), ['for=192.0.2.1']);
    assert.deepEqual(valuesOf(head, 'x-request-id'), ['chosen-by-client']);
    assert.equal(front.exchanges[0]?.id, 'chosen-by-client', 'the log has the same id');
  });
}

for (const id of ['', 'two words', 'a'.repeat(129), '{"json":1}', '<b>']) {
  test(`an id that could spoil a log is not taken over from a trusted sender either: ${JSON.stringify(id.slice(0, 20))}`, async (t) => {
    const { front, forward } = await echo(t, 'trustedProxies: ["127.0.0.1"]');

    const head = await forward(requestText('GET /', [`X-Request-Id: ${id}`]));

    assert.deepEqual(valuesOf(head, 'x-request-id'), [front.exchanges[0]?.id]);
    assert.notEqual(front.exchanges[0]?.id, id);
  });
}

test('every request has an id of its own', async (t) => {
  const { forward } = await echo(t);

  const ids = new Set<string>();
  for (let i = 0; i < 50; i++) ids.add(requestIdOf(await forward(requestText('GET /'))));

  assert.equal(ids.size, 50);
});

test('names that every object has are names like any other, in both directions', async (t) => {
  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '__defineGetter__',
  ];
  const lines = names.map((name) => `${name}: ${name}`);
  const origin = await startOrigin(t, answering(ok('', lines)));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /__proto__?constructor=toString', lines));
  const answer = await client.message();

  const sent = headOf(origin.text);
  for (const name of names) {
    assert.equal(firstOf(sent, name.toLowerCase()), name);
    assert.equal(answer.headers.get(name.toLowerCase()), name);
  }
  assert.equal(sent[0], 'GET /__proto__?constructor=toString HTTP/1.1');
});

test('a response without Date gets one, which is of its second, and one that has it keeps it', async (t) => {
  let wall = Date.parse(DATE);
  const clock: Clock = { now: systemClock.now, wall: () => wall };
  const origin = await startOrigin(
    t,
    eachRequest(({ startLine }, connection) => {
      const hints = 'HTTP/1.1 103 Early Hints\r\n\r\n';
      connection.send(
        hints + ok('hello', startLine.includes('/own') ? ['Date: Thu, 01 Jan 1970 00:00:00 GMT'] : []),
      );
    }),
  );
  const front = await startFront(t, plainConfig([origin.address]), { clock });
  const client = await openClient(t, front.port());
  const dates = async (path: string): Promise<(string | undefined)[]> => {
    client.send(requestText(`GET ${path}`));
    const [hints, answer] = [await client.message(), await client.message()];
    return [hints.headers.get('date'), answer.headers.get('date')];
  };

  assert.deepEqual(await dates('/'), [undefined, DATE]);
  wall += 999;
  assert.deepEqual(await dates('/'), [undefined, DATE]);
  wall += 1;
  assert.deepEqual(await dates('/'), [undefined, 'Sat, 28 Nov 2026 12:00:01 GMT']);
  assert.deepEqual(await dates('/own'), [undefined, 'Thu, 01 Jan 1970 00:00:00 GMT']);
});

test('repeated fields keep their number and their order, in both directions', async (t) => {
  const lines = [
    'X-A: 1',
    'Set-Cookie: a=1; Path=/',
    'X-B: 2',
    'Set-Cookie: b=2',
    'X-A: 3',
    'Set-Cookie: c=3, d=4',
    `Date: ${DATE}`,
  ];
  const origin = await startOrigin(t, answering(ok('', lines)));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /', lines));
  await client.message();

  const expected = lines.map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()));
  assert.deepEqual(without(headOf(origin.text), OURS), expected);
  assert.deepEqual(headOf(client.text).slice(1, -1), expected);
});

test('octets above ASCII in values pass byte for byte, in both directions', async (t) => {
  const value = Array.from({ length: 128 }, (_, i) => String.fromCharCode(0x80 + i)).join('');
  const lines = [`X-Octets: ${value}`, 'X-Tab: a\tb', 'X-Spaces:  \t inner  space \t '];
  const origin = await startOrigin(t, answering(ok('', lines)));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /', lines));
  await client.message();

  for (const head of [headOf(origin.text), headOf(client.text)]) {
    assert.equal(firstOf(head, 'x-octets'), value);
    assert.equal(firstOf(head, 'x-tab'), 'a\tb');
    assert.equal(firstOf(head, 'x-spaces'), 'inner  space');
  }
});

test('a field with an empty value is forwarded as such', async (t) => {
  const { forward } = await echo(t);

  const head = await forward(requestText('GET /', ['X-Empty:', 'X-Blank:   ']));

  assert.deepEqual(without(head, OURS), ['x-empty: ', 'x-blank: ']);
});

test('an absolute-form target decides the host, whatever Host says', async (t) => {
  const { forward } = await echo(t);

  const head = await forward('GET http://shop.example/x?y HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n');

  assert.equal(head[0], 'GET /x?y HTTP/1.1');
  assert.deepEqual(valuesOf(head, 'host'), ['shop.example']);
  assert.deepEqual(valuesOf(head, 'x-forwarded-host'), ['shop.example']);
});

test('the reason phrase of a backend is passed on, and one is made where there is none', async (t) => {
  const origin = await startOrigin(t, (connection) => {
    connection
      .untilText('/given')
      .then(() => connection.send('HTTP/1.1 299 So \xfc\r\ncontent-length: 0\r\n\r\n'));
    connection.untilText('/none').then(() => connection.send('HTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n'));
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /given'));
  assert.equal((await client.message()).startLine, 'HTTP/1.1 299 So \xfc');
  client.send(requestText('GET /none'));
  assert.equal((await client.message()).startLine, 'HTTP/1.1 404 Not Found');
});

test('an upgrade that is granted passes Upgrade and Connection on, written anew', async (t) => {
  const origin = await startOrigin(t, (connection) => {
    connection
      .untilText('\r\n\r\n')
      .then(() =>
        connection.send(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade, x-hop\r\nX-Hop: 1\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
        ),
      );
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(
    requestText('GET /chat', [
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]),
  );
  const answer = await client.message();

  const sent = headOf(origin.text);
  assert.deepEqual(valuesOf(sent, 'upgrade'), ['websocket']);
  assert.deepEqual(valuesOf(sent, 'connection'), ['upgrade']);
  assert.equal(firstOf(sent, 'sec-websocket-key'), 'dGhlIHNhbXBsZSBub25jZQ==');
  assert.deepEqual(
    [...answer.headers],
    [
      ['sec-websocket-accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
      ['connection', 'upgrade'],
      ['upgrade', 'websocket'],
    ],
  );
});

/** Added to every request. */
const OURS = ['host', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'via', 'x-request-id'];

interface Echo {
  readonly front: TestFront;
  readonly origin: Origin;
  /** Sends a request on a connection of its own; gives the lines of the head that the backend got for it. */
  readonly forward: (request: string) => Promise<string[]>;
}

async function echo(t: TestContext, top = '', from = '127.0.0.1'): Promise<Echo> {
  const origin = await startOrigin(t, answering(ok('')));
  const host = from.includes(':') ? `[${from}]` : from;
  const front = await startFront(t, plainConfig([origin.address], top).replace('127.0.0.1:0', `${host}:0`));
  const forward = async (request: string): Promise<string[]> => {
    const before = origin.text.length;
    const client = await openClient(t, front.port(), from);
    client.send(request);
    await client.message();
    return headOf(origin.text.slice(before));
  };
  return { front, origin, forward };
}

/** Start line and field lines of the first head in a text. */
function headOf(text: string): string[] {
  return text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
}

/** Field lines but those of these names. */
function without(head: readonly string[], names: readonly string[]): string[] {
  return head.slice(1).filter((line) => !names.includes(line.slice(0, line.indexOf(':'))));
}

function valuesOf(head: readonly string[], name: string): string[] {
  return head.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
}

function firstOf(head: readonly string[], name: string): string | undefined {
  return valuesOf(head, name)[0];
}

function requestIdOf(head: readonly string[]): string {
  const id = firstOf(head, 'x-request-id');
  assert.ok(id);
  return id;
}

test('the protocols that 426 asks for reach the client', async (t) => {
  const origin = await startOrigin(
    t,
    answering(
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n',
    ),
  );
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  const answer = await client.message();
  assert.equal(answer.status, 426);
  assert.equal(answer.headers.get('upgrade'), 'websocket');
  assert.equal(answer.headers.get('connection'), 'upgrade');
});
