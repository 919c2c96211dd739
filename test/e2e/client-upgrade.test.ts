import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { testAuthority } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';
import { startTlsFront } from '../support/tls-front.ts';

const UPGRADE = requestText('GET /', ['Connection: upgrade', 'Upgrade: echo']);
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n';

for (const scheme of ['ws', 'wss'] as const) {
  test(`a WebSocket (${scheme}) carries messages of all sizes both ways and closes with its code`, async (t) => {
    const origin = await startWebSocketOrigin(t);
    const front =
      scheme === 'ws'
        ? await startFront(t, plainConfig([origin]))
        : await startTlsFront(t, { cluster: origin });
    const client = new WebSocket(`${scheme}://127.0.0.1:${front.port()}/chat`, {
      headers: { host: 'shop.example' },
      ...(scheme === 'wss'
        ? { agent: new Agent({ ca: testAuthority().cert, servername: 'shop.example' }) }
        : {}),
    });
    t.after(() => client.terminate());
    await once(client, 'open');

    for (const size of [0, 1, 125, 126, 65_536, 1_000_000]) {
      client.send(Buffer.alloc(size, size % 251));
      const [echo] = await once(client, 'message');
      assert.deepEqual(echo, Buffer.alloc(size, size % 251));
    }
    client.close(4001, 'enough');
    const [code, reason] = await once(client, 'close');

    assert.equal(code, 4001);
    assert.equal(String(reason), 'enough');
    await front.settled();
    const [exchange] = front.exchanges;
    assert.equal(front.exchanges.length, 1);
    assert.equal(exchange!.status, 101);
    assert.equal(exchange!.error, undefined);
    assert.ok(exchange!.bytesIn > 1_065_536 && exchange!.bytesOut > 1_065_536);
    assert.equal(front.closedSessions[0]!.exchanges, 1);
    assert.equal(front.upstreamConnections, 0);
  });
}

test('the third request of a connection may become a tunnel, with bytes in the segment of its head', async (t) => {
  const origin = await startOrigin(t, echoing);
  const points: string[] = [];
  const note = (point: string) => (): { kind: 'continue' } => {
    points.push(point);
    return { kind: 'continue' };
  };
  const front = await startFront(t, plainConfig([origin.address]), {
    handlers: {
      beforeLocation: note('beforeLocation'),
      foundTenant: note('foundTenant'),
      afterLocation: note('afterLocation'),
      forward: note('forward'),
      readResponse: note('readResponse'),
      requestFinish: note('requestFinish'),
    },
  });
  const client = await openClient(t, front.port());
  for (let i = 0; i < 2; i++) {
    client.send(requestText('GET /plain'));
    assert.equal((await client.message()).body, 'plain');
  }
  points.length = 0;

  client.send(`${UPGRADE}early`);

  const answer = await client.message();
  assert.equal(answer.status, 101);
  assert.equal(answer.headers.get('upgrade'), 'echo');
  assert.equal(answer.headers.get('connection'), 'upgrade');
  await client.until(() => client.rest === 'early', 'the early bytes');
  assert.equal(front.closedSessions.length, 0);
  assert.equal(front.server.status().exchanges, 1);
  // A tunnel is not HTTP: nothing in it is a request.
  client.send(requestText('GET /inner'));
  await client.until(() => client.rest === `early${requestText('GET /inner')}`, 'the echo');
  client.end();
  assert.equal(await client.untilEnded(), 'end');
  await front.settled();
  assert.deepEqual(points, [
    'beforeLocation',
    'foundTenant',
    'afterLocation',
    'forward',
    'readResponse',
    'requestFinish',
  ]);
  const exchange = front.exchanges.at(-1)!;
  assert.equal(front.exchanges.length, 3);
  assert.equal(exchange.bytesIn, 5 + requestText('GET /inner').length);
  assert.equal(exchange.bytesOut, exchange.bytesIn);
  assert.equal(exchange.session.state, 'closed');
  assert.equal(front.instances()[0]!.inFlight, 0);
});

for (const kind of ['plain', 'TLS'] as const) {
  test(`in a tunnel over ${kind} the client may end its direction and still hear the rest`, async (t) => {
    const { client, upstream, front } = await openTunnel(t, kind);

    client.end('last words');
    assert.equal(await upstream.untilEnded(), 'end');
    assert.match(upstream.text, /last words$/);
    upstream.send('answer').send('x'.repeat(300_000)).end();

    assert.equal(await client.untilEnded(), 'end');
    assert.equal(client.rest, `answer${'x'.repeat(300_000)}`);
    await front.settled();
    assert.equal(front.exchanges[0]!.error, undefined);
    assert.equal(front.exchanges[0]!.bytesOut, 300_006);
  });

  test(`in a tunnel over ${kind} the backend may end its direction and still hear the rest`, async (t) => {
    const { client, upstream, front } = await openTunnel(t, kind);

    upstream.end('bye');
    assert.equal(await client.untilEnded(), 'end');
    assert.equal(client.rest, 'bye');
    client.send('x'.repeat(300_000)).end('end');

    await upstream.until(() => upstream.text.endsWith('xend'), 'the rest');
    assert.equal(await upstream.untilEnded(), 'end');
    await front.settled();
    assert.equal(front.exchanges[0]!.error, undefined);
    assert.equal(front.exchanges[0]!.bytesIn, 300_003);
  });
}

test('a tunnel in which one side resets ends for the other', async (t) => {
  const first = await openTunnel(t);
  const second = await openTunnel(t);

  first.client.reset();
  second.upstream.reset();

  await first.upstream.untilEnded();
  await second.client.untilEnded();
  await first.front.settled();
  await second.front.settled();
  assert.equal(first.front.exchanges[0]!.error!.name, 'client-gone');
  assert.equal(second.front.exchanges[0]!.error!.side, 'upstream');
});

test('a tunnel is held back by the side that does not read', async (t) => {
  const { client, upstream } = await openTunnel(t);
  const chunk = Buffer.alloc(65_536);
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    to.keeps = false;
    to.socket.pause();
    // More than the kernel holds on both ways.
    let sent = 0;
    while (sent < 64 * 1024 * 1024) {
      from.send(chunk);
      sent += chunk.length;
    }
    await stalled(from);
    assert.ok(from.socket.writableLength > 16 * 1024 * 1024, 'the sender was held back');

    const before = to.receivedBytes;
    to.socket.resume();
    await to.until(() => to.receivedBytes - before >= sent, 'all of it');
  }
});

test('a tunnel whose client does not read what its instance echoes is not ended by the idle time of the instance', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { idle: 300ms }'));
  const client = await openClient(t, front.port());
  const instance = await upgrade(client, origin);
  instance.keeps = false;
  client.keeps = false;
  instance.socket.pipe(instance.socket);
  client.socket.pause();
  const before = client.receivedBytes;
  client.send(Buffer.alloc(64 * 1024 * 1024, 'x'));
  await stalled(client);

  // Silent ones live for just that time.
  for (let i = 0; i < 2; i++) {
    const silent = await openClient(t, front.port());
    await upgrade(silent, origin);
    await silent.untilEnded();
  }
  assert.equal(front.exchanges.length, 2);

  client.socket.resume();
  await client.until(() => client.receivedBytes === before + 64 * 1024 * 1024, 'all of the echo');
});

test('a backend that refuses the upgrade answers an ordinary request, and the connection is kept', async (t) => {
  const origin = await startOrigin(t, answering('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno'));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  for (let i = 0; i < 2; i++) {
    client.send(UPGRADE);
    const answer = await client.message();
    assert.equal(answer.status, 403);
    assert.equal(answer.body, 'no');
    assert.equal(answer.headers.has('upgrade'), false);
  }

  assert.equal(origin.connections.length, 1);
});

test('an upgrade to a protocol that would hide requests from us is not passed on', async (t) => {
  const origin = await startOrigin(t, answering(ok('plain')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  for (const protocol of ['h2c', 'H2C', 'TLS/1.0', 'HTTP/2.0', 'h2c, websocket', 'websocket, h2c']) {
    client.send(
      requestText('GET /', [
        'Connection: Upgrade, HTTP2-Settings',
        `Upgrade: ${protocol}`,
        'HTTP2-Settings: AAMAAABk',
      ]),
    );
    assert.equal((await client.message()).body, 'plain');
  }

  assert.doesNotMatch(origin.text, /upgrade|http2-settings|h2c/i);
});

test('a request with a body is not upgraded, nor is one that does not name upgrade in Connection', async (t) => {
  const origin = await startOrigin(t, answering(ok('plain')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(`${requestText('POST /', ['Connection: upgrade', 'Upgrade: echo', 'Content-Length: 4'])}body`);
  assert.equal((await client.message()).body, 'plain');
  client.send(requestText('GET /', ['Upgrade: echo']));
  assert.equal((await client.message()).body, 'plain');

  assert.doesNotMatch(origin.text, /upgrade/i);
});

test('101 that nobody asked for, or for another protocol, is a fault of the backend', async (t) => {
  for (const request of [
    requestText('GET /'),
    requestText('GET /', ['Connection: upgrade', 'Upgrade: other']),
  ]) {
    const origin = await startOrigin(t, answering(SWITCHING));
    const front = await startFront(t, plainConfig([origin.address]));
    const client = await openClient(t, front.port());
    client.send(request);
    assert.equal((await client.message()).status, 502);
    assert.equal(front.exchanges[0]!.error!.name, 'malformed-response');
  }
});

/** An origin that answers plain requests and turns into an echo when asked to upgrade. */
function echoing(connection: Peer): void {
  connection.message().then(
    (request) => {
      if (request.headers.get('upgrade') !== 'echo') {
        connection.send(ok('plain'));
        echoing(connection);
        return;
      }
      connection.send(SWITCHING).send(connection.rest);
      connection.socket.on('data', (chunk) => connection.send(chunk));
      connection.socket.on('end', () => connection.end());
    },
    () => {},
  );
}

/** A client and a backend with a tunnel between them. */
async function openTunnel(t: TestContext, kind: 'plain' | 'TLS' = 'plain') {
  const origin = await startOrigin(t);
  const isPlain = kind === 'plain';
  const front = isPlain
    ? await startFront(t, plainConfig([origin.address]))
    : await startTlsFront(t, { cluster: origin.address });
  const client = await (isPlain ? openClient : openTlsClient)(t, front.port());
  return { front, client, upstream: await upgrade(client, origin) };
}

/** Makes a tunnel of a client's connection, and returns the backend's end. */
async function upgrade(client: Peer, origin: Origin): Promise<Peer> {
  client.send(UPGRADE);
  const upstream = await origin.next();
  await upstream.message();
  upstream.send(SWITCHING);
  await client.message();
  return upstream;
}

/** Waits until what a sender still has to send does not shrink any more. */
async function stalled({ socket }: Peer): Promise<void> {
  for (;;) {
    const { writableLength } = socket;
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (socket.writableLength === writableLength) return;
  }
}

/** A server made of ws that echoes messages; gives its address. */
async function startWebSocketOrigin(t: TestContext): Promise<string> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, maxPayload: 2_000_000 });
  sockets.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const first of ['client', 'instance'] as const) {
  test(`a client that leaves the last of a tunnel untaken is given up (the ${first} ends first)`, async (t) => {
    const origin = await startOrigin(t);
    const front = await startFront(t, plainConfig([origin.address], 'timeouts: { clientWrite: 200ms }'));
    const client = await openClient(t, front.port());
    const instance = await upgrade(client, origin);
    client.socket.pause();

    // A little is left in the front end: not so much that it waits for room, which has its own deadline.
    const held = acceptedSocket(front.port());
    const piece = 'x'.repeat(8192);
    while (held.writableLength === 0) {
      const before = held.bytesWritten;
      instance.send(piece);
      while (held.bytesWritten === before) await nextTurn();
    }
    if (first === 'client') {
      client.end();
      await instance.untilEnded();
      instance.end();
    } else {
      instance.end();
      while (!held.writableEnded) await nextTurn();
      client.end();
    }

    await front.settled();
    assert.equal(front.exchanges[0]!.error, undefined);
  });
}

/** The front end's own end of the only connection to this port. */
function acceptedSocket(port: number): Socket {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  return handles.find((one): one is Socket => one instanceof Socket && one.localPort === port)!;
}
