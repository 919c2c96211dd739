import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { MAX_CLIENT_STREAMS } from '../../protocols/http2/limits.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { type Http2Client, openHttp2Client } from '../support/http2-client.ts';
import { answeringHttp2, H2C, type Http2Backend, startHttp2Origin } from '../support/http2-origin.ts';
import { data, rstStream, settings, windowUpdate } from '../support/http2-wire.ts';

// Clients that share a connection to an instance, and an instance whose streams they are.

test('a client that goes away at any step costs its own stream and no other', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const neighbour = client.request('/neighbour', { method: 'POST', endStream: false });
  const backend = await origin.connection();
  const other = await backend.request();
  backend.respond(other, 200, 'a', { end: false });
  let count = 1;
  const steps: readonly (readonly [name: string, go: (leaving: Http2Client) => Promise<void>])[] = [
    ['before the body', async () => {}],
    ['in the body', async (leaving) => void leaving.send(data(1, 'some'))],
    ['behind the body', async (leaving) => void leaving.send(data(1, 'some', { endStream: true }))],
    [
      'behind the head',
      async (leaving) => {
        backend.respond(backend.requests[count]!, 200, '', { end: false });
        await leaving.until(() => leaving.exchange(1).status === 200, 'the head');
      },
    ],
    [
      'in the answer',
      async (leaving) => {
        backend.respond(backend.requests[count]!, 200, 'some', { end: false });
        await leaving.until(() => leaving.exchange(1).body === 'some', 'some');
      },
    ],
  ];

  for (const [name, go] of steps) {
    for (const how of ['reset', 'gone'] as const) {
      const leaving = await openHttp2Client(t, front.port());
      leaving.request('/leaving', { method: 'POST', endStream: false });
      const request = await backend.request(count);
      await go(leaving);
      await leaving.sync();
      if (how === 'reset') leaving.send(rstStream(1, 'CANCEL'));
      else leaving.peer.reset();
      await backend.until(() => request.reset !== undefined, `RST_STREAM ${name}`);
      assert.equal(request.reset, 8, `${name}, ${how}`);
      count += 1;
    }
  }

  await client.sendBody(neighbour, Buffer.from('whole'));
  await backend.until(() => other.isWhole);
  backend.send(data(other.streamId, 'b', { endStream: true }));
  assert.equal((await client.over(neighbour)).body, 'ab');
  assert.equal(other.body, 'whole');
  assert.equal(origin.raw.connections.length, 1);
  await front.until(() => front.exchanges.length === count);
  assert.equal(front.exchanges.filter(({ error }) => error?.name === 'client-gone').length, count - 1);
  assert.equal(front.count('instanceEjected'), 0);
  front.assertNothingInFlight();
});

test('a client that resets over and over is not noticed by one that shares the connection', async (t) => {
  const origin = await startHttp2Origin(t, {
    script: (backend) => {
      backend.onWhole = (request) => {
        if (request.path === '/kept') backend.respond(request, 200, 'kept');
      };
    },
  });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const rude = await openHttp2Client(t, front.port());
  const kind = await openHttp2Client(t, front.port());

  for (let i = 0; i < 100; i++) {
    const exchange = rude.request('/reset');
    await rude.sync();
    rude.send(rstStream(exchange.streamId, 'CANCEL'));
    assert.equal((await kind.get('/kept')).body, 'kept');
  }

  assert.equal(origin.raw.connections.length, 1);
  for (const { inFlight } of front.instances()) assert.ok(inFlight <= 1);
});

test('requests that are given up by the thousand cost no neighbour its answer, however few resets the instance bears', async (t) => {
  // Node's, which takes a thousand for an attack.
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  let kept: ServerHttp2Stream | undefined;
  server.on('session', (session) => void sessions.add(session.on('error', () => {})));
  server.on('stream', (stream, fields) => {
    stream.on('error', () => {});
    stream.respond();
    if (fields[':path'] === '/kept') kept = stream;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const front = await startFront(t, plainConfig([`127.0.0.1:${port}`], '', H2C));
  const kind = await openHttp2Client(t, front.port());
  const answer = kind.request('/kept');
  await kind.until(() => answer.status === 200);

  for (let round = 0; round < 40; round++) {
    // No client gives up so many that it is taken for an attacker here.
    const rude = await openHttp2Client(t, front.port());
    const begun = Array.from({ length: 50 }, () => rude.request('/'));
    await rude.until(() => begun.every(({ status }) => status === 200));
    rude.send(...begun.map(({ streamId }) => rstStream(streamId, 'CANCEL')));
    await rude.sync();
    rude.peer.socket.destroy();
  }
  kept!.end('whole');

  assert.equal((await kind.over(answer)).reset, undefined);
  assert.equal(answer.body, 'whole');
});

test('streams that are given up do not take the places of others', async (t) => {
  const origin = await startHttp2Origin(t, { settings: [['MAX_CONCURRENT_STREAMS', 2]] });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());

  for (let i = 0; i < 10; i++) {
    const exchange = client.request('/');
    const backend = await origin.connection();
    const request = await backend.request(i);
    client.send(rstStream(exchange.streamId, 'CANCEL'));
    await backend.until(() => request.reset === 8, 'CANCEL');
  }

  assert.equal(origin.raw.connections.length, 1);
});

test('slow readers hold up their own streams, and given up let go of the window of the connection', async (t) => {
  const origin = await startHttp2Origin(t, { script: bigAnswers(600_000) });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const kind = await openHttp2Client(t, front.port());
  // More of them than the window of the connection has room for, if all were kept.
  for (let i = 0; i < 40; i++) {
    const slow = await openHttp2Client(t, front.port());
    slow.refills = false;
    const exchange = slow.request('/big');
    await slow.until(() => exchange.bodyBytes === 65_535, 'what its window allows');
    if (i % 2 === 0) slow.send(rstStream(exchange.streamId, 'CANCEL'));
    else slow.peer.reset();
    const answer = await kind.get('/big');
    assert.equal(answer.bodyBytes, 600_000);
  }

  assert.equal(origin.raw.connections.length, 1);
  await front.until(() => front.exchanges.length === 80);
  front.assertNothingInFlight();
});

test('as many clients as a connection serves take nothing, and one beside them still gets its answers', async (t) => {
  const origin = await startHttp2Origin(t, { script: bigAnswers(300_000) });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const kind = await openHttp2Client(t, front.port());
  await kind.get('/big');
  const backend = await origin.connection();
  const rude = await openHttp2Client(t, front.port(), { settings: [['INITIAL_WINDOW_SIZE', 0]] });
  for (let i = 1; i < MAX_CLIENT_STREAMS; i++) {
    rude.request('/big');
    const { streamId } = await backend.wholeRequest(i);
    await backend.until(() => backend.windows.room(streamId) === 0, 'all that its window allows');
  }

  for (let i = 0; i < 5; i++) assert.equal((await kind.get('/big')).bodyBytes, 300_000);

  assert.equal(origin.raw.connections.length, 1);
});

test('an instance that dies takes the streams of its connection along, and completes none', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const old = await openClient(t, front.port());
  const exchanges = ['/waiting', '/head', '/some', '/whole'].map((path) =>
    client.request(path, { method: 'POST' }),
  );
  old.send(requestText('POST /', ['content-length: 1000'])).send('some');
  const backend = await origin.connection();
  await backend.request(4);
  backend.respond(backend.requests[1]!, 200, '', { end: false });
  backend.respond(backend.requests[2]!, 200, 'some', { end: false });
  backend.respond(backend.requests[3]!, 200, 'whole');
  await client.until(() => exchanges[2]!.body === 'some' && exchanges[3]!.isWhole, 'what there is');

  backend.peer.reset();
  for (const exchange of exchanges) await client.over(exchange);

  assert.deepEqual(
    exchanges.map(({ status, isWhole }) => [status, isWhole]),
    [
      [502, true],
      [200, false],
      [200, false],
      [200, true],
    ],
  );
  assert.equal((await old.message()).status, 502);
  await front.until(() => front.exchanges.length === 5);
  assert.deepEqual(front.exchanges.map(({ error }) => error?.name ?? '').sort(), [
    '',
    'connection-lost',
    'connection-lost',
    'response-cut',
    'response-cut',
  ]);
});

test('a GET that has crossed the end of a kept connection is sent again, and one that came first is not', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const first = client.request('/first');
  const backend = await origin.connection();
  await backend.request();
  const second = client.request('/second');
  const posted = client.request('/posted', { method: 'POST' });
  await backend.request(2);

  backend.peer.reset();
  const again = await origin.connection(1);
  again.respond(await again.request(), 200, 'again');

  assert.equal((await client.over(second)).body, 'again');
  assert.equal((await client.over(first)).status, 502);
  assert.equal((await client.over(posted)).status, 502);
});

test('a request that waits for its answer longer than it may is given up, and its neighbours are not', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(
    t,
    plainConfig([origin.address], '', `${H2C}\ntimeouts: { responseHeader: 300ms }`),
  );
  const client = await openHttp2Client(t, front.port());
  const begun = client.request('/begun');
  const waiting = client.request('/waiting');
  const backend = await origin.connection();
  backend.respond(await backend.request(), 200, 'some', { end: false });

  assert.equal((await client.over(waiting)).status, 504);
  await backend.until(() => backend.requests[1]!.reset === 8, 'CANCEL');
  backend.send(data(1, ' more', { endStream: true }));

  assert.equal((await client.over(begun)).body, 'some more');
  // What comes too late is for nobody.
  backend.respond(backend.requests[1]!, 200, 'late');
  const next = client.request('/next');
  backend.respond(await backend.request(2), 204);
  assert.equal((await client.over(next)).status, 204);
});

test('a body that the instance does not take is given up after the idle time', async (t) => {
  const origin = await startHttp2Origin(t, { settings: [['INITIAL_WINDOW_SIZE', 10]] });
  const front = await startFront(t, plainConfig([origin.address], '', `${H2C}\ntimeouts: { idle: 300ms }`));
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/', { method: 'POST', endStream: false });
  client.send(data(exchange.streamId, 'x'.repeat(100), { endStream: true }));
  const backend = await origin.connection();
  backend.refills = false;
  const request = await backend.request();
  // A slow one is not a dead one.
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    backend.send(windowUpdate(request.streamId, 10));
  }
  await backend.until(() => request.receivedBytes === 50, 'half of it');

  assert.equal((await client.over(exchange)).status, 504);
  await backend.until(() => request.reset === 8, 'CANCEL');
  assert.match(front.exchanges[0]!.error!.detail, /^no progress within 300 ms/);
});

test('when a server stops, its streams to instances end first', async (t) => {
  const origin = await startHttp2Origin(t);
  const yaml = plainConfig([origin.address], '', H2C).replace('drain: 50ms', 'drain: 10s');
  const front = await startFront(t, yaml);
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/');
  const backend = await origin.connection();
  const request = await backend.request();

  const stopped = front.server.stop();
  await client.frame('GOAWAY');
  backend.respond(request, 200, 'last');

  assert.equal((await client.over(exchange)).body, 'last');
  client.peer.end();
  await stopped;
  assert.equal(await backend.peer.untilEnded(), 'end');
});

test('a reload that changes the protocol lets streams end, and speaks the other one from then on', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const old = client.request('/old');
  const backend = await origin.connection();
  const request = await backend.request();

  await front.reload(plainConfig([origin.address]));
  client.request('/new');
  const second = await origin.raw.connection(1);
  second.keeps = true;
  await second.until(() => second.receivedBytes > 24, 'a request');
  backend.respond(request, 200, 'old');

  assert.equal((await client.over(old)).body, 'old');
  await backend.frame('GOAWAY NO_ERROR');
  assert.equal(await backend.peer.untilEnded(), 'end');
  assert.equal((await origin.connection(1)).requests.length, 0);
});

test('a connection without streams is closed after the idle time, with a word', async (t) => {
  const origin = await startHttp2Origin(t, { script: answeringHttp2('x') });
  const front = await startFront(t, plainConfig([origin.address], '', `${H2C}\ntimeouts: { idle: 200ms }`));
  const client = await openHttp2Client(t, front.port());
  await client.get('/');
  const backend = await origin.connection();

  await backend.frame('GOAWAY last=0 NO_ERROR');
  assert.equal(await backend.peer.untilEnded(), 'end');
  await front.until(() => front.upstreamConnections === 0);
});

test('settings that come late and often do not hold anything up', async (t) => {
  const origin = await startHttp2Origin(t, { script: answeringHttp2('x') });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  for (let i = 0; i < 50; i++) {
    const exchange = client.request('/');
    const backend = await origin.connection();
    backend.send(
      settings([
        ['INITIAL_WINDOW_SIZE', 1000 + i],
        ['HEADER_TABLE_SIZE', i % 2 === 0 ? 0 : 4096],
        ['MAX_FRAME_SIZE', 16_384 + i],
      ]),
    );
    assert.equal((await client.over(exchange)).body, 'x');
  }
  assert.equal(origin.raw.connections.length, 1);
});

function bigAnswers(length: number): (backend: Http2Backend) => void {
  return (backend) => {
    backend.onWhole = (request) => {
      backend.respond(request, 200, '', { end: false });
      let left = length;
      const go = (): void => {
        const { windows } = backend;
        while (left > 0 && windows.room(request.streamId) > 0 && request.reset === undefined) {
          const size = Math.min(left, 16_384, windows.room(request.streamId));
          windows.use(request.streamId, size);
          left -= size;
          backend.send(data(request.streamId, Buffer.alloc(size, 'x'), { endStream: left === 0 }));
        }
        if (left > 0 && request.reset === undefined) backend.peer.socket.once('data', () => setImmediate(go));
      };
      go();
    };
  };
}
