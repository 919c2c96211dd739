import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { plainConfig } from '../support/front.ts';
import type { Http2Client } from '../support/http2-client.ts';
import { requestBlock } from '../support/http2-request-block.ts';
import { startHttp2Way } from '../support/http2-ways.ts';
import { data, headers, ping } from '../support/http2-wire.ts';
import { answering, eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

/** One way in which an exchange can be under way; brings client and origin there, and gives the origin's end of it. */
interface Step {
  readonly name: string;
  readonly reach: (client: Http2Client, origin: Origin) => Promise<Peer | undefined>;
}

const HEAD = requestBlock({ method: 'POST' });

const STEPS: readonly Step[] = [
  { name: 'between its streams', reach: async () => undefined },
  {
    name: 'in a frame',
    reach: async (client) => {
      client.send(headers(3, HEAD).subarray(0, 20));
      return undefined;
    },
  },
  {
    name: 'in a header block',
    reach: async (client) => {
      client.send(headers(3, HEAD, { endHeaders: false }));
      return undefined;
    },
  },
  {
    name: 'in its body',
    reach: async (client, origin) => {
      client.send(headers(3, HEAD), data(3, 'hello'));
      const upstream = await origin.next();
      await upstream.untilText('hello');
      return upstream;
    },
  },
  {
    name: 'in a frame of its body',
    reach: async (client, origin) => {
      client.send(headers(3, HEAD), data(3, 'hello, world').subarray(0, 14));
      const upstream = await origin.next();
      await upstream.untilText('hello');
      return upstream;
    },
  },
  {
    name: 'while it waits for the response',
    reach: async (client, origin) => {
      client.send(headers(3, HEAD, { endStream: true }));
      const upstream = await origin.next();
      await upstream.message();
      return upstream;
    },
  },
  {
    name: 'in a response body',
    reach: async (client, origin) => {
      client.send(headers(3, HEAD, { endStream: true }));
      const upstream = await origin.next();
      await upstream.message();
      upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
      await client.until(() => client.exchange(3).bodyBytes === 5);
      return upstream;
    },
  },
  {
    name: 'while an early answer waits for the end of its body',
    reach: async (client, origin) => {
      client.send(headers(3, HEAD), data(3, 'hello'));
      const upstream = await origin.next();
      await upstream.untilText('hello');
      upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
      await client.until(() => client.exchange(3).bodyBytes === 5);
      return upstream;
    },
  },
];

for (const { name, reach } of STEPS) {
  for (const how of ['resets', 'ends'] as const) {
    test(`a client that ${how} its connection ${name} takes its exchanges with it, and nothing else`, async (t) => {
      const { front, origin, client, bystander } = await open(t);
      const upstream = await reach(client, origin);

      if (how === 'resets') client.peer.reset();
      else client.peer.end();

      await upstream?.untilEnded();
      if (how === 'ends') {
        assert.notEqual(await client.peer.untilEnded(), 'destroyed');
        client.peer.socket.destroy();
      }
      await front.until(() => front.server.status().sessions === 1, 'the end of the session');
      assert.equal(front.server.status().exchanges, 1);
      assert.equal(front.instances()[0]!.inFlight, 1);
      if (upstream !== undefined) assert.equal(front.exchanges.at(-1)!.error!.name, 'client-gone');
      bystander.upstream.send('3\r\nend\r\n0\r\n\r\n');
      assert.equal((await bystander.client.over(bystander.exchange)).body, 'halfend');
      bystander.client.peer.end();
      await front.settled();
      assert.equal(front.instances()[0]!.state, 'healthy');
    });
  }
}

test('a client that has ended its direction still gets the answer that comes soon', async (t) => {
  const { origin, client } = await open(t);
  const exchange = client.request('/');
  const upstream = await origin.next();
  await upstream.message();

  client.refills = false;
  client.peer.end();
  upstream.send(ok('hello'));
  await client.over(exchange);

  assert.equal(exchange.body, 'hello');
  assert.equal(await client.peer.untilEnded(), 'end');
});

const DEATHS: readonly {
  readonly name: string;
  readonly bytes: string;
  readonly status: number;
  readonly error: string;
}[] = [
  { name: 'before its answer', bytes: '', status: 502, error: 'connection-lost' },
  {
    name: 'in the head of its answer',
    bytes: 'HTTP/1.1 200 OK\r\nserv',
    status: 502,
    error: 'connection-lost',
  },
  { name: 'with an answer that is none', bytes: 'RUBBISH\r\n\r\n', status: 502, error: 'malformed-response' },
];

for (const { name, bytes, status, error } of DEATHS) {
  for (const how of ['end', 'reset'] as const) {
    test(`a backend that goes (${how}) ${name} is a ${status} on its stream, and its neighbours go on`, async (t) => {
      const { front, origin, client } = await open(t);
      const neighbour = client.request('/neighbour');
      const other = await origin.next();
      await other.message();
      const exchange = client.request('/', { method: 'POST', endStream: false });
      client.send(data(exchange.streamId, 'body', { endStream: true }));
      const upstream = await origin.next();
      await upstream.message();

      if (bytes !== '') upstream.send(bytes);
      await nextTurn();
      if (how === 'end') upstream.end();
      else upstream.reset();
      await client.over(exchange);

      assert.equal(exchange.status, status);
      assert.equal(exchange.isWhole, true);
      if (how === 'end') assert.equal(front.exchanges[0]!.error!.name, error);
      other.send(ok('well'));
      assert.equal((await client.over(neighbour)).body, 'well');
    });
  }
}

test('a reload keeps connections and streams; those that come are under the new configuration', async (t) => {
  const { front, origin, client } = await open(t);
  const second = await startOrigin(t, answering(ok('new')));
  const exchange = client.request('/');
  const upstream = await origin.next();
  await upstream.message();
  upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  await client.until(() => exchange.bodyBytes === 5);

  await front.reload(plainConfig([second.address]));
  const after = await client.get();
  upstream.send('world');
  await client.over(exchange);

  assert.equal(after.body, 'new');
  assert.equal(exchange.body, 'helloworld');
  assert.equal(client.count('GOAWAY'), 0);
});

for (const way of ['plain', 'TLS'] as const) {
  test(`a stop lets the streams of a ${way} connection finish, and those that cross it`, async (t) => {
    const origin = await startOrigin(t);
    const { front, open: openOne } = await startHttp2Way(t, way, origin.address);
    if (way === 'plain') await front.reload(patient(origin));
    const client = await openOne();
    client.acknowledges = false;
    const running = client.request('/running');
    const first = await origin.next();
    await first.message();

    const stopped = front.server.stop();
    await client.frame('GOAWAY last=2147483647 NO_ERROR');
    const crossing = client.request('/crossing');
    const second = await origin.next();
    await second.message();
    const { payload } = await client.frame('PING');
    client.send(ping(payload, { ack: true }));
    await client.frame(`GOAWAY last=${crossing.streamId} NO_ERROR`);
    const late = client.request('/late');
    second.send(ok('crossed'));
    await client.over(crossing);
    assert.equal(client.peer.hasEnded, false);
    first.send(ok('ran'));
    await client.over(running);

    assert.equal(running.body, 'ran');
    assert.equal(crossing.body, 'crossed');
    assert.equal(await client.peer.untilEnded(), 'end');
    assert.equal(late.status, 0);
    client.peer.end();
    await stopped;
    assert.equal(front.exchanges.length, 2);
    for (const { error } of front.exchanges) assert.equal(error, undefined);
  });
}

test('a stop ends a connection without streams at once when its client answers', async (t) => {
  const { front, client } = await open(t);

  const stopped = front.server.stop();
  assert.equal(await client.peer.untilEnded(), 'end');

  assert.equal(client.count('GOAWAY'), 2);
  client.peer.end();
  await stopped;
});

test('what is not finished by the end of the drain is answered 503, or cut off by the end of the connection', async (t) => {
  const { front, origin, client, bystander } = await open(t);
  const waiting = client.request('/waiting');
  const first = await origin.next();
  await first.message();
  const half = client.request('/half');
  const second = await origin.next();
  await second.message();
  second.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
  await client.until(() => half.bodyBytes === 5);

  await front.server.stop();

  await client.peer.untilEnded();
  assert.equal(waiting.status, 503);
  assert.match(waiting.body, /draining/);
  for (const { isWhole, reset } of [half, bystander.exchange])
    assert.deepEqual([isWhole, reset], [false, undefined]);
  for (const upstream of [first, second, bystander.upstream]) await upstream.untilEnded();
  front.assertNothingInFlight();
  for (const { error } of front.exchanges) assert.equal(error!.name, 'draining');
});

test('a steady load loses nothing when its server stops', async (t) => {
  const origin = await startOrigin(
    t,
    eachRequest((_, connection) => connection.send(ok('served'))),
  );
  const { front, open: openOne } = await startHttp2Way(t, 'plain', origin.address);
  await front.reload(patient(origin));
  const clients = await Promise.all(Array.from({ length: 8 }, () => openOne()));
  let answers = 0;
  const lost: string[] = [];
  const load = clients.map(async (client) => {
    // Until it is told that there will be no more.
    while (client.count('GOAWAY') === 0 && !client.peer.hasEnded) {
      const exchanges = Array.from({ length: 4 }, () => client.request('/'));
      for (const exchange of exchanges) {
        await client.until(() => exchange.isOver || isRefused(client, exchange.streamId));
        if (exchange.body === 'served') answers += 1;
        else if (!isRefused(client, exchange.streamId)) lost.push(`${exchange.status} ${exchange.reset}`);
      }
    }
    await client.peer.untilEnded();
    client.peer.end();
  });
  await front.until(() => front.exchanges.length > 500, 'some load');

  const stopped = front.server.stop();
  await Promise.all(load);
  await stopped;

  assert.deepEqual(lost, []);
  assert.equal(front.exchanges.length, answers);
  for (const { error } of front.exchanges) assert.equal(error, undefined);
});

test('what a session and its exchanges were is told at their end', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const states: string[] = [];
  const { front, open: openOne } = await startHttp2Way(t, 'plain', origin.address, '', {
    accept: (session) => {
      states.push(`accept ${session.state} ${session.protocol}`);
      return { kind: 'continue' };
    },
    beforeLocation: ({ session }) => {
      states.push(`request ${session.state} ${session.protocol}`);
      return { kind: 'continue' };
    },
    finish: ({ state, protocol }) => void states.push(`finish ${state} ${protocol}`),
  });
  const client = await openOne();
  await client.post('/', Buffer.alloc(1000));
  await client.get();
  await client.sync();
  const { bytesWritten } = client.peer.socket;
  assert.equal(front.exchanges[0]!.session.state, 'idle');

  client.peer.end();
  await client.peer.untilEnded();
  client.peer.socket.destroy();
  await front.settled();

  assert.deepEqual(states, ['accept new ', 'request active h2', 'request active h2', 'finish closed h2']);
  assert.deepEqual(
    front.exchanges.map(({ bytesIn, bytesOut, status, attempts, head }) => [
      bytesIn,
      bytesOut,
      status,
      attempts,
      head.version,
    ]),
    [
      [1000, 5, 200, 1, '2'],
      [0, 5, 200, 1, '2'],
    ],
  );
  const [session] = front.closedSessions;
  assert.equal(session!.exchanges, 2);
  assert.equal(session!.bytesIn, bytesWritten);
  assert.equal(session!.bytesOut, client.peer.receivedBytes);
  assert.equal(session!.error, undefined);
});

/** Whether the last GOAWAY says that a stream was not looked at. */
function isRefused(client: Http2Client, streamId: number): boolean {
  const last = client.frames.findLast(({ type }) => type === 7);
  return last !== undefined && streamId > (last.payload.readUInt32BE(0) & 0x7fffffff);
}

async function open(t: TestContext) {
  const origin = await startOrigin(t);
  const { front, open: openOne } = await startHttp2Way(t, 'plain', origin.address);
  const other = await openOne();
  const exchange = other.request('/other');
  const upstream = await origin.next();
  await upstream.message();
  upstream.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n');
  await other.until(() => exchange.bodyBytes === 4);
  const client = await openOne();
  await front.until(() => front.server.status().sessions === 2, 'both sessions');
  return { front, origin, client, bystander: { client: other, exchange, upstream } };
}

/** Its configuration, with time for a drain. */
function patient({ address }: Origin): string {
  return plainConfig([address]).replace(/^drain: .*$/m, 'drain: 1h');
}
