import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { webSocketAccept } from '../../src/upstream/websocket-handshake.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { type Http2Client, openHttp2Client } from '../support/http2-client.ts';
import { Http2Exchange } from '../support/http2-exchange.ts';
import type { Field } from '../support/http2-hpack-decoder.ts';
import { H2C, type Http2Backend, startHttp2Origin } from '../support/http2-origin.ts';
import { data, rstStream, windowUpdate } from '../support/http2-wire.ts';
import { answering, Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';
import { openWebSocket, startWebSocketEcho, type WebSocketVersion } from '../support/websockets.ts';

const VERSIONS: readonly WebSocketVersion[] = ['HTTP/1.1', 'HTTP/2'];
const OFFERS = { settings: [['ENABLE_CONNECT_PROTOCOL', 1]] } as const;
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const UPGRADE = requestText('GET /chat', [
  'Connection: Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Extensions: permessage-deflate',
]);

for (const from of VERSIONS) {
  for (const to of VERSIONS) {
    test(`a WebSocket of ${from} to an instance of ${to} carries messages of all sizes both ways`, async (t) => {
      const origin = await startWebSocketEcho(t, to);
      const front = await startFront(t, plainConfig([origin], '', to === 'HTTP/2' ? H2C : ''));
      const client = await openWebSocket(t, front.port(), from);
      assert.equal(client.protocol, 'chat');

      for (const size of [0, 1, 125, 126, 65_536, 1_048_576]) {
        const message = randomBytes(size);
        client.send(message);
        const [echo] = await once(client, 'message');
        assert.ok(message.equals(echo), `${size} octets`);
      }
      client.ping('are you there');
      assert.equal(String((await once(client, 'pong'))[0]), 'are you there');
      client.close(4001, 'enough');
      const [code, reason] = await once(client, 'close');

      assert.deepEqual([code, String(reason)], [4001, 'enough']);
      await front.until(() => front.exchanges.length === 1, 'the end of the exchange');
      const [exchange] = front.exchanges;
      assert.equal(exchange!.status, from === 'HTTP/1.1' ? 101 : 200);
      assert.equal(exchange!.error, undefined);
      assert.ok(exchange!.bytesIn > 1_114_000 && exchange!.bytesOut > 1_114_000);
      front.assertNothingInFlight();
    });
  }
}

test('a dozen WebSockets share one connection on either side', async (t) => {
  const origin = await startWebSocketEcho(t, 'HTTP/2');
  const front = await startFront(t, plainConfig([origin], '', H2C));
  const clients = await Promise.all(
    VERSIONS.flatMap((version) => Array.from({ length: 6 }, () => openWebSocket(t, front.port(), version))),
  );

  const echoes = clients.map((client) => once(client, 'message'));
  for (const [i, client] of clients.entries()) client.send(`${i}`);

  for (const [i, echo] of echoes.entries()) assert.equal(String((await echo)[0]), `${i}`);
  assert.ok(front.upstreamConnections <= 2);
});

test('towards HTTP/1.1 each handshake gets a key of its own, and the answer loses what only HTTP/1.1 has', async (t) => {
  const { client, origin } = await beginOverHttp2(t);
  const keys: string[] = [];

  for (let i = 0; i < 2; i++) {
    const exchange = openTunnel(client, [['sec-websocket-extensions', 'x-ext']]);
    const instance = await origin.next();
    const request = await instance.message();
    keys.push(request.headers.get('sec-websocket-key')!);
    instance.send(switching(keys[i]!, ['Sec-WebSocket-Extensions: x-ext', 'Sec-WebSocket-Protocol: chat']));
    await client.until(() => exchange.status !== 0, 'the answer');

    assert.equal(request.startLine, 'GET /chat HTTP/1.1');
    assert.equal(request.headers.get('connection'), 'upgrade');
    assert.equal(request.headers.get('upgrade'), 'websocket');
    assert.equal(request.headers.get('sec-websocket-version'), '13');
    assert.equal(request.headers.get('sec-websocket-extensions'), 'x-ext');
    for (const name of ['content-length', 'transfer-encoding', ':protocol'])
      assert.equal(request.headers.has(name), false, name);
    assert.equal(exchange.status, 200);
    assert.equal(exchange.headers.get('sec-websocket-extensions'), 'x-ext');
    assert.equal(exchange.headers.get('sec-websocket-protocol'), 'chat');
    for (const name of ['sec-websocket-accept', 'connection', 'upgrade', 'content-length'])
      assert.equal(exchange.headers.has(name), false, name);
    assert.equal(exchange.isWhole, false);
  }

  assert.notEqual(keys[0], keys[1]);
  for (const key of keys) assert.equal(Buffer.from(key, 'base64').length, 16);
});

for (const [name, lines] of [
  ['no Sec-WebSocket-Accept', []],
  ['that of another key', [`Sec-WebSocket-Accept: ${webSocketAccept(KEY)}`]],
  ['an empty one', ['Sec-WebSocket-Accept: ']],
] as const) {
  test(`a 101 with ${name} to a key of ours is a fault of the instance`, async (t) => {
    const { client, origin, front } = await beginOverHttp2(t);
    const exchange = openTunnel(client);
    const instance = await origin.next();
    await instance.message();

    instance.send(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\nframes`,
    );
    await client.over(exchange);

    assert.equal(exchange.status, 502);
    assert.equal(front.exchanges[0]!.error?.name, 'malformed-response');
    await instance.untilEnded();
  });
}

test('an instance that answers 2xx in place of a 101 does not open a tunnel, and is no worse for it', async (t) => {
  const origin = await startOrigin(t, answering(ok('plain')));
  const front = await startFront(t, plainConfig([origin.address], '', 'health: { fail: 1 }'));
  const client = await openHttp2Client(t, front.port());

  const { status } = await client.over(openTunnel(client));

  assert.equal(status, 502);
  assert.equal(front.exchanges[0]!.error?.name, 'upgrade-not-offered');
  assert.equal(front.count('instanceEjected'), 0);
  assert.equal((await client.over(client.request('/'))).status, 200);
});

test('an answer of our own to an extended CONNECT is none that opens a tunnel', async (t) => {
  const front = await startFront(
    t,
    plainConfig(['127.0.0.1:1']).replace('{ cluster: web }', '{ respond: { status: 200, body: hello } }'),
  );
  const client = await openHttp2Client(t, front.port());

  const { status, body } = await client.over(openTunnel(client));

  assert.deepEqual([status, body], [501, 'hello']);
  assert.equal((await client.over(client.request('/'))).status, 200);
});

test('towards HTTP/2 the key stays here, and the client that sent it gets its answer', async (t) => {
  const { client, backend, front } = await beginOverHttp1(t);
  const request = await backend.request();
  backend.respond(request, 200, '', {
    end: false,
    fields: [
      ['sec-websocket-accept', 'nonsense'],
      ['x-own', 'kept'],
    ],
  });
  const answer = await client.message();

  for (const [name, value] of [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':scheme', 'http'],
    [':path', '/chat'],
    [':authority', 'shop.example'],
    ['sec-websocket-version', '13'],
    ['sec-websocket-extensions', 'permessage-deflate'],
  ] as const)
    assert.deepEqual(request.values(name), [value], name);
  for (const name of ['connection', 'upgrade', 'sec-websocket-key', 'content-length', 'host'])
    assert.deepEqual(request.values(name), [], name);
  assert.equal(request.isWhole, false);
  assert.equal(answer.status, 101);
  assert.equal(answer.headers.get('connection'), 'upgrade');
  assert.equal(answer.headers.get('upgrade'), 'websocket');
  assert.equal(answer.headers.get('sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert.equal(answer.headers.get('x-own'), 'kept');
  assert.equal(front.server.status().exchanges, 1);
});

test('an instance that does not offer it is 502, and no worse for it', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', `${H2C}\nhealth: { fail: 1 }`));
  const old = await openClient(t, front.port());
  const young = await openHttp2Client(t, front.port());

  for (let i = 0; i < 3; i++) {
    old.send(UPGRADE);
    assert.equal((await old.message()).status, 502);
    assert.equal((await young.over(openTunnel(young))).status, 502);
  }
  const exchange = young.request('/');
  const backend = await origin.connection();
  backend.respond(await backend.request(), 204);

  assert.equal((await young.over(exchange)).status, 204);
  for (const { error } of front.exchanges.slice(0, 6)) assert.equal(error?.name, 'upgrade-not-offered');
  assert.equal(front.count('instanceEjected'), 0);
  assert.equal(origin.requests.length, 1);
});

test('what an instance refuses is an ordinary response, body and all', async (t) => {
  const { client, origin } = await beginOverHttp2(t);
  const overHttp2 = openTunnel(client);
  const instance = await origin.next();
  await instance.message();
  instance.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
  await client.over(overHttp2);
  assert.deepEqual([overHttp2.status, overHttp2.body, overHttp2.isWhole], [403, 'no', true]);
  client.send(data(overHttp2.streamId, 'a little late'));

  const other = await beginOverHttp1(t);
  for (let i = 0; i < 2; i++) {
    const request = await other.backend.request(i);
    other.backend.respond(request, 403, 'no');
    const { status, body, headers: fields } = await other.client.message();
    assert.deepEqual([status, body, fields.has('upgrade')], [403, 'no', false]);
    await other.backend.frame(`RST_STREAM stream=${request.streamId} NO_ERROR`);
    if (i === 0) other.client.send(UPGRADE);
  }
  // The stream of the refused one is over, its connection is not.
  const next = client.request('/');
  instance.send(ok('kept'));
  assert.equal((await client.over(next)).body, 'kept');
});

test('an extended CONNECT for anything else is not implemented', async (t) => {
  const { client, origin } = await beginOverHttp2(t);

  for (const protocol of ['connect-udp', 'connect-ip', 'h2c', 'WebSocket']) {
    const exchange = openTunnel(client, [], protocol);
    assert.equal((await client.over(exchange)).status, 501, protocol);
  }

  assert.equal(origin.connections.length, 0);
});

test('another upgrade is not asked of an instance of HTTP/2, and the request is an ordinary one', async (t) => {
  const origin = await startHttp2Origin(t, OFFERS);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /', ['Connection: upgrade', 'Upgrade: echo']));
  const backend = await origin.connection();
  const request = await backend.request();
  backend.respond(request, 200, 'plain');

  assert.equal((await client.message()).body, 'plain');
  assert.deepEqual(request.values(':method'), ['GET']);
  assert.equal(request.isWhole, true);
});

test('either side may end its direction and still hear the rest', async (t) => {
  for (const first of ['client', 'instance'] as const) {
    const { client, backend, front, request } = await openedTunnel(t);
    const end = () => backend.send(data(request.streamId, 'bye', { endStream: true }));
    if (first === 'client') {
      client.end('last words');
      await backend.until(() => request.isWhole, 'END_STREAM');
      assert.equal(request.body, 'last words');
      backend.send(data(request.streamId, 'x'.repeat(16_000)));
      await client.until(() => client.rest.length >= 16_000, 'what comes later');
      end();
      assert.equal(await client.untilEnded(), 'end');
    } else {
      end();
      assert.equal(await client.untilEnded(), 'end');
      client.send('x'.repeat(100_000)).end('end');
      await backend.until(() => request.isWhole, 'the rest');
      assert.equal(request.body.length, 100_003);
    }
    await front.settled();
    assert.equal(front.exchanges[0]!.error, undefined);
    assert.equal(front.upstreamConnections, 1);
  }
});

test('over HTTP/2 on both sides, too', async (t) => {
  const { client, front, origin } = await beginBetweenHttp2(t);
  const exchange = openTunnel(client);
  const backend = await origin.connection();
  const request = await backend.request();
  backend.respond(request, 200, '', { end: false });
  await client.until(() => exchange.status === 200, 'the tunnel');

  client.send(data(exchange.streamId, 'last words', { endStream: true }));
  await backend.until(() => request.isWhole, 'the end of the client');
  backend.send(data(request.streamId, 'answer', { endStream: true }));
  await client.over(exchange);

  assert.equal(request.body, 'last words');
  assert.deepEqual([exchange.body, exchange.isWhole, exchange.reset], ['answer', true, undefined]);
  await front.until(() => front.exchanges.length === 1);
  assert.equal(front.exchanges[0]!.error, undefined);
});

for (const to of VERSIONS) {
  test(`a client that ends its direction with its request has ended it in the tunnel to an instance of ${to}`, async (t) => {
    const isOld = to === 'HTTP/1.1';
    const { client, front, origin } = isOld ? await beginOverHttp2(t) : await beginBetweenHttp2(t);
    const exchange = openTunnel(client, [], 'websocket', true);
    if (origin instanceof Origin) {
      const instance = await origin.next();
      instance.send(switching((await instance.message()).headers.get('sec-websocket-key')!));
      assert.equal(await instance.untilEnded(), 'end');
      instance.end('bye');
    } else {
      const backend = await origin.connection();
      const request = await backend.request();
      backend.respond(request, 200, '', { end: false });
      await backend.until(() => request.isWhole, 'the end of the client');
      backend.send(data(request.streamId, 'bye', { endStream: true }));
    }
    await client.over(exchange);

    assert.deepEqual([exchange.status, exchange.body, exchange.isWhole], [200, 'bye', true]);
    await front.until(() => front.exchanges.length === 1, 'the end of the exchange');
    assert.equal(front.exchanges[0]!.error, undefined);
    front.assertNothingInFlight();
  });
}

test('the last words of a client reach an instance that has ended before, however slowly it reads', async (t) => {
  const { client, front, backend, request } = await beginLastWords(t);
  client.peer.end();

  backend.send(...windows(request.streamId, 100_000));

  await backend.until(() => request.isWhole, 'all of it');
  assert.equal(request.receivedBytes, 100_000);
  await front.until(() => front.exchanges.length === 1, 'the end of the exchange');
  assert.equal(front.exchanges[0]!.error, undefined);
  front.assertNothingInFlight();
});

test('a reset of one side ends the tunnel for the other, and only that', async (t) => {
  const broken = await openedTunnel(t);
  broken.backend.send(rstStream(broken.request.streamId, 'CANCEL'));
  assert.notEqual(await broken.client.untilEnded(), 'end');
  await broken.front.settled();
  assert.equal(broken.front.exchanges[0]!.error?.side, 'upstream');
  assert.equal(broken.front.upstreamConnections, 1);

  const left = await openedTunnel(t);
  left.client.reset();
  await left.backend.frame(`RST_STREAM stream=${left.request.streamId} CANCEL`);
  await left.front.settled();
  assert.equal(left.front.exchanges[0]!.error?.name, 'client-gone');

  const { client, origin, front } = await beginOverHttp2(t);
  const exchange = openTunnel(client);
  const instance = await origin.next();
  instance.send(switching((await instance.message()).headers.get('sec-websocket-key')!));
  await client.until(() => exchange.status === 200, 'the tunnel');
  client.send(rstStream(exchange.streamId, 'CANCEL'));
  await instance.untilEnded();
  await front.until(() => front.exchanges.length === 1);
  const second = openTunnel(client);
  const other = await origin.next();
  other.send(switching((await other.message()).headers.get('sec-websocket-key')!));
  await client.until(() => second.status === 200, 'the tunnel');
  other.reset();
  assert.equal((await client.over(second)).isWhole, false);
});

test('a tunnel in which nothing moves is ended after the idle time, and one in which one side speaks is not', async (t) => {
  const origin = await startHttp2Origin(t, OFFERS);
  const front = await startFront(t, plainConfig([origin.address], '', `${H2C}\ntimeouts: { idle: 300ms }`));
  const open = async (index: number) => {
    const client = await openClient(t, front.port());
    client.send(UPGRADE);
    const backend = await origin.connection();
    const request = await backend.request(index);
    backend.respond(request, 200, '', { end: false });
    await client.message();
    return { client, request, backend };
  };
  const speaking = await open(0);
  const silent = await open(1);
  const half = await open(2);
  half.backend.send(data(half.request.streamId, '', { endStream: true }));
  const timer = setInterval(() => speaking.client.send('x'), 50);
  t.after(() => clearInterval(timer));

  assert.notEqual(await silent.client.untilEnded(), 'destroyed');
  await half.backend.frame(`RST_STREAM stream=${half.request.streamId} CANCEL`);
  const { length } = speaking.request.body;
  await speaking.backend.until(
    () => speaking.request.body.length > length + 8,
    'more of the one that speaks',
  );

  assert.equal(speaking.client.hasEnded, false);
  assert.equal(front.exchanges.length, 2);
  for (const { error } of front.exchanges) assert.equal(error?.name, 'idle-timeout');
});

test('a tunnel is held back by the side that does not read, and goes on when it does', async (t) => {
  const { client, backend, request } = await openedTunnel(t);
  backend.refills = false;
  const chunk = Buffer.alloc(65_536, 'x');
  for (let i = 0; i < 1024; i++) client.send(chunk);
  await backend.until(() => request.receivedBytes === 65_535, 'all that the window allows');
  assert.ok(client.socket.writableLength > 16 * 1024 * 1024, 'the client was held back');

  backend.refills = true;
  backend.send(...windows(request.streamId, 65_535));
  await backend.until(() => request.receivedBytes === 1024 * 65_536, 'all of it');
});

test('a stop waits for the last words of a client that has gone by then', async (t) => {
  const { client, front, backend, request } = await beginLastWords(t, '10s');

  const stopped = front.server.stop();
  client.peer.end();
  await front.until(() => front.server.status().sessions === 0, 'the end of the session');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(front.server.status().state, 'draining');
  backend.send(...windows(request.streamId, 100_000));
  await stopped;

  await backend.until(() => request.isWhole, 'all of it');
  assert.equal(request.receivedBytes, 100_000);
  assert.equal(front.exchanges.length, 1);
});

test('what the client says before the tunnel stands waits for it', async (t) => {
  const { client, origin } = await beginOverHttp2(t);
  const exchange = openTunnel(client);
  client.send(data(exchange.streamId, 'early'));
  const instance = await origin.next();
  const request = await instance.message();
  await client.sync();
  assert.equal(instance.rest, '');

  instance.send(switching(request.headers.get('sec-websocket-key')!));

  await instance.until(() => instance.rest === 'early', 'the early octets');
  await client.until(() => exchange.status === 200, 'the tunnel');
});

function windows(streamId: number, bytes: number): readonly Buffer[] {
  return [0, streamId].map((id) => windowUpdate(id, bytes));
}

function switching(key: string, lines: readonly string[] = []): string {
  const all = [
    'Connection: upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${webSocketAccept(key)}`,
    ...lines,
  ];
  return `HTTP/1.1 101 Switching Protocols\r\n${all.map((line) => `${line}\r\n`).join('')}\r\n`;
}

function openTunnel(
  client: Http2Client,
  fields: readonly Field[] = [],
  protocol = 'websocket',
  endStream = false,
): Http2Exchange {
  return client.request('/chat', {
    pseudo: [
      [':method', 'CONNECT'],
      [':protocol', protocol],
      [':scheme', 'http'],
      [':path', '/chat'],
      [':authority', 'shop.example'],
    ],
    fields: [['sec-websocket-version', '13'], ...fields],
    endStream,
  });
}

/** A client of HTTP/2 in front of an instance of HTTP/1.1. */
async function beginOverHttp2(t: TestContext) {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openHttp2Client(t, front.port());
  return { origin, front, client };
}

/** A client of HTTP/2 in front of an instance of HTTP/2. */
async function beginBetweenHttp2(t: TestContext, drain = '50ms') {
  const origin = await startHttp2Origin(t, OFFERS);
  const yaml = plainConfig([origin.address], '', H2C).replace('drain: 50ms', `drain: ${drain}`);
  const front = await startFront(t, yaml);
  const client = await openHttp2Client(t, front.port());
  return { origin, front, client };
}

/** A tunnel between the two whose instance has ended its direction, and that has more of the client's last words than it lets in. */
async function beginLastWords(t: TestContext, drain?: string) {
  const { origin, front, client } = await beginBetweenHttp2(t, drain);
  const exchange = openTunnel(client);
  const backend = await origin.connection();
  backend.refills = false;
  const request = await backend.request();
  backend.respond(request, 200, '', { end: false });
  backend.send(data(request.streamId, 'bye', { endStream: true }));
  await client.over(exchange);
  await client.sendBody(new Http2Exchange(exchange.streamId), Buffer.alloc(100_000, 'x'));
  await backend.until(() => request.receivedBytes === 65_535, 'what the window allows');
  return { front, client, backend, request };
}

/** A client that has asked by HTTP/1.1, in front of an instance of HTTP/2. */
async function beginOverHttp1(t: TestContext) {
  const origin = await startHttp2Origin(t, OFFERS);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client: Peer = await openClient(t, front.port());
  client.send(UPGRADE);
  const backend: Http2Backend = await origin.connection();
  return { origin, front, client, backend };
}

async function openedTunnel(t: TestContext) {
  const { front, client, backend } = await beginOverHttp1(t);
  const request = await backend.request();
  backend.respond(request, 200, '', { end: false });
  await client.message();
  return { front, client, backend, request };
}
