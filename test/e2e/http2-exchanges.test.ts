import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { plainBlock } from '../support/http2-hpack.ts';
import { FRAME_TYPES } from '../support/http2-names.ts';
import { type Http2Way, startHttp2Way } from '../support/http2-ways.ts';
import { data, headers, rstStream, windowUpdate } from '../support/http2-wire.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';

for (const way of ['plain', 'TLS'] as const) {
  test(`a GET over ${way} HTTP/2 reaches its backend as HTTP/1.1, and the answer its client`, async (t) => {
    const { client, origin, front } = await open(t, way);

    const exchange = client.request('/cart?item=42', { fields: [['user-agent', 'test']] });
    const upstream = await origin.next();
    const request = await upstream.message();
    upstream.send(ok('hello', ['X-Own: kept', 'Connection: x-hop', 'X-Hop: gone', 'Keep-Alive: timeout=5']));
    await client.over(exchange);

    assert.equal(request.startLine, 'GET /cart?item=42 HTTP/1.1');
    assert.equal(request.headers.get('host'), 'shop.example');
    assert.equal(request.headers.get('user-agent'), 'test');
    assert.equal(request.headers.get('via'), '2 portico');
    assert.equal(request.headers.get('x-forwarded-for'), '127.0.0.1');
    assert.equal(request.headers.get('x-forwarded-proto'), way === 'TLS' ? 'https' : 'http');
    assert.equal(request.headers.get('x-forwarded-host'), 'shop.example');
    assert.equal(request.headers.get('x-request-id'), front.exchanges[0]!.id);
    assert.deepEqual(
      [...request.headers.keys()].filter((name) => name.startsWith(':')),
      [],
    );
    assert.equal(exchange.status, 200);
    assert.equal(exchange.body, 'hello');
    assert.equal(exchange.headers.get('x-own'), 'kept');
    assert.equal(exchange.headers.get('content-length'), '5');
    for (const name of ['connection', 'keep-alive', 'x-hop', 'transfer-encoding'])
      assert.equal(exchange.headers.has(name), false, name);
  });

  test(`a POST over ${way} HTTP/2 brings its body, sized or not`, async (t) => {
    const { client, origin } = await open(t, way);
    const body = Buffer.alloc(200_000, 'body');

    const sized = client.post('/', body, [['content-length', '200000']]);
    const first = await origin.next();
    const sizedRequest = await first.message();
    first.send(ok('one'));
    assert.equal((await sized).body, 'one');
    const unsized = client.post('/', body);
    const unsizedRequest = await first.message();
    first.send(ok('two'));
    assert.equal((await unsized).body, 'two');

    assert.equal(sizedRequest.headers.get('content-length'), '200000');
    assert.equal(unsizedRequest.headers.get('transfer-encoding'), 'chunked');
    for (const { body: got } of [sizedRequest, unsizedRequest]) assert.equal(got, body.toString());
  });

  test(`thirty-two streams at once over ${way} HTTP/2 each get their own answer`, async (t) => {
    const { client, origin, front } = await open(t, way, (connection) => {
      connection.message().then(
        ({ startLine }) => connection.send(ok(startLine.split(' ')[1]!.repeat(3000))),
        () => {},
      );
    });

    const exchanges = Array.from({ length: 32 }, (_, i) => client.request(`/${i}`));
    for (const exchange of exchanges) await client.over(exchange);

    for (const [i, { status, body }] of exchanges.entries()) {
      assert.equal(status, 200);
      assert.equal(body, `/${i}`.repeat(3000));
    }
    assert.equal(origin.connections.length, 32);
    assert.equal(front.server.status().sessions, 1);
  });
}

test('a POST without a body has none', async (t) => {
  const { client, origin } = await open(t);

  client.request('/', { method: 'POST' });
  const request = await (await origin.next()).message();

  assert.equal(request.headers.get('content-length'), '0');
  assert.equal(request.headers.has('transfer-encoding'), false);
});

test('HEAD gets the head that GET would, and no body', async (t) => {
  const { client, origin } = await open(t);

  const exchange = client.request('/', { method: 'HEAD' });
  const upstream = await origin.next();
  assert.equal((await upstream.message()).startLine, 'HEAD / HTTP/1.1');
  upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
  await client.over(exchange);

  assert.equal(exchange.headers.get('content-length'), '5');
  assert.equal(exchange.bodyBytes, 0);
  assert.equal(exchange.isWhole, true);
});

test('OPTIONS * is answered here', async (t) => {
  const { client, origin } = await open(t);

  const exchange = await client.over(client.request('*', { method: 'OPTIONS' }));

  assert.equal(exchange.status, 200);
  assert.equal(origin.connections.length, 0);
});

test('a client that waits for 100 gets it when its backend can take the body', async (t) => {
  const { client, origin } = await open(t);

  const exchange = client.request('/', {
    method: 'POST',
    endStream: false,
    fields: [
      ['expect', '100-continue'],
      ['content-length', '4'],
    ],
  });
  await client.until(() => exchange.interim.length > 0);
  await client.sendBody(exchange, Buffer.from('body'));
  const upstream = await origin.next();
  assert.equal((await upstream.message()).body, 'body');
  upstream.send(ok('taken'));
  await client.over(exchange);

  assert.deepEqual(exchange.interim, [100]);
  assert.equal(exchange.body, 'taken');
});

test('a client that waits for 100 and is answered without it has been spared the body', async (t) => {
  const { client, origin } = await open(t);

  const exchange = await client.over(
    client.request('/', {
      method: 'POST',
      endStream: false,
      pseudo: pseudoFor('shop.example', 'POST', '/'),
      fields: [
        ['expect', '100-continue'],
        ['content-length', '99999999999'],
      ],
    }),
  );
  await client.sync();

  assert.equal(exchange.status, 413);
  assert.deepEqual(exchange.interim, []);
  assert.equal(exchange.reset, 'NO_ERROR');
  assert.equal(origin.connections.length, 0);
});

test('interim responses are passed on, 100 and 101 are not', async (t) => {
  const { client, origin } = await open(t);

  const exchange = client.request('/');
  const upstream = await origin.next();
  await upstream.message();
  upstream.send(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n',
  );
  await client.until(() => exchange.interim.length > 0);
  upstream.send(ok('hello'));
  await client.over(exchange);

  assert.deepEqual(exchange.interim, [103]);
  assert.equal(exchange.status, 200);
});

test('trailers pass in both directions', async (t) => {
  const { client, origin } = await open(t);

  const exchange = client.request('/', { method: 'POST', endStream: false, fields: [['te', 'trailers']] });
  client.send(
    data(exchange.streamId, 'body'),
    headers(exchange.streamId, plainBlock([['x-sum', '1']]), { endStream: true }),
  );
  const upstream = await origin.next();
  const request = await upstream.message();
  upstream.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 2\r\n\r\n');
  await client.over(exchange);

  assert.equal(request.body, 'body');
  assert.equal(request.trailers.toLowerCase(), 'x-sum: 1');
  assert.equal(exchange.body, 'hello');
  assert.deepEqual([...exchange.trailers!], [['x-sum', '2']]);
});

test('crumbs of cookies are one field for a backend of HTTP/1.1', async (t) => {
  const { client, origin } = await open(t);

  client.request('/', {
    fields: [
      ['cookie', 'a=1'],
      ['x-between', 'yes'],
      ['cookie', 'b=2'],
      ['cookie', 'c=3; d=4'],
    ],
  });
  const upstream = await origin.next();
  await upstream.message();

  assert.match(upstream.text.toLowerCase(), /\r\ncookie: a=1; b=2; c=3; d=4\r\n/);
  assert.equal(upstream.text.toLowerCase().match(/\r\ncookie:/g)!.length, 1);
});

test('several fields of one name stay several', async (t) => {
  const { client, origin } = await open(t);

  const exchange = client.request('/', {
    fields: [
      ['accept', 'text/html'],
      ['accept', 'text/plain'],
    ],
  });
  const upstream = await origin.next();
  const request = await upstream.message();
  upstream.send(ok('hello', ['Set-Cookie: a=1', 'Set-Cookie: b=2']));
  await client.over(exchange);

  assert.equal(request.headers.get('accept'), 'text/html, text/plain');
  const frame = client.frames.find(({ streamId, fields }) => streamId === exchange.streamId && fields);
  assert.deepEqual(
    frame!.fields!.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
    ['a=1', 'b=2'],
  );
});

test('Host stands in where :authority is missing', async (t) => {
  const { client, origin } = await open(t);

  client.request('/', {
    pseudo: [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
    ],
    fields: [['host', 'shop.example']],
  });

  assert.equal((await (await origin.next()).message()).headers.get('host'), 'shop.example');
});

test('names that are properties of every object are names like others', async (t) => {
  const { client, origin } = await open(t);
  const names = ['__proto__', 'constructor', 'tostring', 'hasownproperty'];

  const exchange = client.request('/', { fields: names.map((name) => [name, name]) });
  const upstream = await origin.next();
  const request = await upstream.message();
  upstream.send(
    ok(
      'hello',
      names.map((name) => `${name}: ${name}`),
    ),
  );
  await client.over(exchange);

  for (const name of names) {
    assert.equal(request.headers.get(name), name);
    assert.equal(exchange.headers.get(name), name);
  }
});

test('a response without a length, ended by its connection, is whole', async (t) => {
  const { client, origin } = await open(t);

  const exchange = client.request('/');
  const upstream = await origin.next();
  await upstream.message();
  upstream.send('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello').end();
  await client.over(exchange);

  assert.equal(exchange.body, 'hello');
  assert.equal(exchange.isWhole, true);
  assert.equal(exchange.headers.has('content-length'), false);
});

for (const status of [204, 304]) {
  test(`a ${status} has no body`, async (t) => {
    const { client } = await open(t, 'plain', answering(`HTTP/1.1 ${status} Odd\r\netag: "a"\r\n\r\n`));

    const exchange = await client.get();

    assert.equal(exchange.status, status);
    assert.equal(exchange.bodyBytes, 0);
    assert.equal(exchange.headers.get('etag'), '"a"');
    assert.equal(client.count('DATA'), 0);
  });
}

test('a response that its backend cuts is reset, and never looks whole', async (t) => {
  const { client, origin, front } = await open(t);
  const neighbour = client.request('/neighbour');
  const other = await origin.next();
  await other.message();
  for (const head of [
    'content-length: 10\r\n\r\nhello',
    'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
  ]) {
    const exchange = client.request('/');
    const upstream = await origin.next();
    await upstream.message();
    upstream.send(`HTTP/1.1 200 OK\r\n${head}`);
    await client.until(() => exchange.bodyBytes === 5);

    upstream.end();
    await client.over(exchange);

    assert.equal(exchange.reset, 'INTERNAL_ERROR');
    assert.equal(exchange.isWhole, false);
    assert.equal(front.exchanges.at(-1)!.error!.name, 'response-cut');
  }
  other.send(ok('neighbour'));
  assert.equal((await client.over(neighbour)).body, 'neighbour');
});

test('an answer that comes before the end of the body is sent whole, and stops the body', async (t) => {
  const { client, origin, front } = await open(t);
  const exchange = client.request('/', { method: 'POST', endStream: false });
  client.send(data(exchange.streamId, 'some'));
  const upstream = await origin.next();
  await upstream.untilText('some');

  upstream.send(ok('enough'));
  await client.until(() => exchange.reset !== undefined);

  assert.equal(exchange.body, 'enough');
  assert.equal(exchange.isWhole, true);
  assert.equal(exchange.reset, 'NO_ERROR');
  // What crosses that is no fault of the client.
  client.send(data(exchange.streamId, 'more', { endStream: true }));
  await client.sync();
  assert.equal(client.count('GOAWAY'), 0);
  assert.equal(front.exchanges[0]!.error, undefined);
});

test('a client that resets a stream cancels the request to the backend, and nothing else', async (t) => {
  const { client, origin, front } = await open(t);
  const neighbour = client.request('/neighbour');
  const other = await origin.next();
  await other.message();
  const waiting = client.request('/waiting');
  const first = await origin.next();
  await first.message();
  const reading = client.request('/reading');
  const second = await origin.next();
  await second.message();
  second.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  await client.until(() => reading.bodyBytes === 5);
  const sending = client.request('/sending', { method: 'POST', endStream: false });
  client.send(data(sending.streamId, 'hello'));
  const third = await origin.next();
  await third.untilText('hello');

  for (const { streamId } of [waiting, reading, sending]) client.send(rstStream(streamId, 'CANCEL'));

  for (const upstream of [first, second, third]) await upstream.untilEnded();
  assert.deepEqual(
    front.exchanges.map(({ error }) => error!.name),
    ['client-gone', 'client-gone', 'client-gone'],
  );
  assert.equal(front.instances()[0]!.inFlight, 1);
  assert.equal(front.instances()[0]!.state, 'healthy');
  other.send(ok('well'));
  assert.equal((await client.over(neighbour)).body, 'well');
});

test('a stream whose backend is slow holds up none of its neighbours', async (t) => {
  const { client, origin } = await open(t);
  const slow = client.request('/slow');
  const stuck = await origin.next();
  await stuck.message();
  stuck.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');

  for (let i = 0; i < 50; i++) {
    const exchange = client.request(`/${i}`);
    const upstream = await (i === 0 ? origin.next() : origin.connection(1));
    await upstream.message();
    upstream.send(ok(`${i}`));
    assert.equal((await client.over(exchange)).body, `${i}`);
  }

  assert.equal(slow.isOver, false);
  stuck.send('world');
  assert.equal((await client.over(slow)).body, 'helloworld');
});

test('an urgent response overtakes a bulk one that has begun', async (t) => {
  const { client, origin } = await open(t);
  client.refills = false;
  const bulk = client.request('/bulk', { fields: [['priority', 'u=7, i']] });
  const slow = await origin.next();
  await slow.message();
  slow.send(ok('b'.repeat(1_000_000)));
  await client.until(() => bulk.bodyBytes === 65_535);
  const urgent = client.request('/urgent', { fields: [['priority', 'u=0']] });
  const quick = await origin.next();
  await quick.message();
  quick.send(ok('u'.repeat(50_000)));
  await client.until(() => urgent.status === 200);

  const from = client.frames.length;
  client.refills = true;
  client.send(windowUpdate(0, 65_535), windowUpdate(bulk.streamId, 65_535));
  await client.over(urgent);
  const order = client.frames
    .slice(from)
    .filter(({ type }) => type === FRAME_TYPES.DATA)
    .map(({ streamId }) => streamId);
  // Between two reads of the urgent one's backend the bulk may go on: nothing is gained by waiting for them.
  assert.equal(order[0], urgent.streamId);
  const before = order.slice(0, order.lastIndexOf(urgent.streamId)).filter((id) => id === bulk.streamId);
  assert.ok(before.length < 30, `${before.length} of ${order.length} frames`);
  await client.over(bulk);

  assert.equal(urgent.bodyBytes, 50_000);
  assert.equal(bulk.bodyBytes, 1_000_000);
});

test('streams above the limit are refused, and those below are served', async (t) => {
  const origin = await startOrigin(t);
  const { front, open: openClient } = await startHttp2Way(
    t,
    'plain',
    origin.address,
    'http2: { maxStreams: 4 }',
  );
  const client = await openClient();

  const exchanges = Array.from({ length: 6 }, (_, i) => client.request(`/${i}`));
  for (const refused of exchanges.slice(4))
    assert.equal((await client.over(refused)).reset, 'REFUSED_STREAM');
  for (const _ of exchanges.slice(0, 4)) {
    const upstream = await origin.next();
    await upstream.message();
    upstream.send(ok('served'));
  }

  for (const served of exchanges.slice(0, 4)) assert.equal((await client.over(served)).body, 'served');
  assert.equal(front.exchanges.length, 4);
});

test('a connection for hosts of several tenants leads each stream to its own', async (t) => {
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
tenants:
  a: { hosts: ["a.example"], routes: [{ respond: { status: 200, body: "a" } }] }
  b: { hosts: ["b.example"], routes: [{ respond: { status: 200, body: "b" } }] }
`,
  );
  const client = await openHttp2Client(t, front.port());

  for (const name of ['a', 'b', 'a']) {
    const exchange = client.request('/', { pseudo: pseudoFor(`${name}.example`) });
    assert.equal((await client.over(exchange)).body, name);
  }
});

async function open(t: TestContext, way: Http2Way = 'plain', script?: Parameters<typeof startOrigin>[1]) {
  const origin: Origin = await startOrigin(t, script);
  const { front, open: openClient } = await startHttp2Way(
    t,
    way,
    origin.address,
    'limits: { maxBody: 1GiB }',
  );
  return { origin, front, client: await openClient() };
}

function pseudoFor(authority: string, method = 'GET', path = '/'): [string, string][] {
  return [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', authority],
  ];
}
