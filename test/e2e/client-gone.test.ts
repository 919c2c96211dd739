import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

/** One way in which an exchange can be under way, and what the client has seen of it by then. */
interface Step {
  readonly name: string;
  /** Brings client and origin to the step; gives the origin's end of the exchange, if there is one. */
  readonly reach: (client: Peer, origin: Origin) => Promise<Peer | undefined>;
  /** A client that merely ends its direction at this step still gets its answer. */
  readonly finIsHalfClose?: boolean;
}

const STEPS: readonly Step[] = [
  { name: 'before its head', reach: async () => undefined },
  {
    name: 'in its head',
    reach: async (client) => {
      client.send('GET / HTTP/1.1\r\nHost: sh');
      return undefined;
    },
  },
  {
    name: 'in its body',
    reach: async (client, origin) => {
      client.send(`${requestText('POST /', ['Content-Length: 10'])}hello`);
      const upstream = await origin.next();
      await upstream.untilText('hello');
      return upstream;
    },
  },
  {
    name: 'in a chunk of its body',
    reach: async (client, origin) => {
      client.send(`${requestText('POST /', ['Transfer-Encoding: chunked'])}a\r\nhello`);
      const upstream = await origin.next();
      await upstream.untilText('hello');
      return upstream;
    },
  },
  {
    name: 'while it waits for the response',
    finIsHalfClose: true,
    reach: async (client, origin) => {
      client.send(requestText('GET /'));
      const upstream = await origin.next();
      await upstream.message();
      return upstream;
    },
  },
  {
    name: 'in the response head',
    finIsHalfClose: true,
    reach: async (client, origin) => {
      client.send(requestText('GET /'));
      const upstream = await origin.next();
      await upstream.message();
      upstream.send('HTTP/1.1 200 OK\r\nserv');
      return upstream;
    },
  },
  {
    name: 'in a sized response body',
    finIsHalfClose: true,
    reach: async (client, origin) => {
      client.send(requestText('GET /'));
      const upstream = await origin.next();
      await upstream.message();
      upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
      await client.untilText('hello');
      return upstream;
    },
  },
  {
    name: 'in the trailers of the response',
    finIsHalfClose: true,
    reach: async (client, origin) => {
      client.send(requestText('GET /'));
      const upstream = await origin.next();
      await upstream.message();
      upstream.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 1\r\n');
      await client.untilText('hello');
      return upstream;
    },
  },
  {
    name: 'while tunnelling',
    finIsHalfClose: true,
    reach: async (client, origin) => {
      client.send(requestText('GET /', ['Connection: upgrade', 'Upgrade: echo']));
      const upstream = await origin.next();
      await upstream.message();
      upstream.send('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhi');
      await client.untilText('\r\n\r\nhi');
      return upstream;
    },
  },
];

for (const { name, reach, finIsHalfClose } of STEPS) {
  test(`a client that resets ${name} takes its upstream exchange with it, and nothing else`, async (t) => {
    const { front, origin, client, bystander } = await open(t);
    const upstream = await reach(client, origin);

    client.reset();

    await upstream?.untilEnded();
    await nothingIsLeftBut(front, bystander, upstream);
    if (upstream !== undefined) assert.equal(front.exchanges.at(-2)!.error?.name, 'client-gone');
  });

  if (!finIsHalfClose) {
    test(`a client that ends ${name} takes its upstream exchange with it, and nothing else`, async (t) => {
      const { front, origin, client, bystander } = await open(t);
      const upstream = await reach(client, origin);

      client.end();

      await upstream?.untilEnded();
      assert.notEqual(await client.untilEnded(), 'destroyed');
      await nothingIsLeftBut(front, bystander, upstream);
      if (upstream !== undefined) assert.equal(front.exchanges.at(-2)!.error?.name, 'client-gone');
    });
  }
}

test('a client that resets with requests held back is noticed once it can be answered', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  client.send(requestText('GET /').repeat(5));
  const upstream = await origin.next();
  await upstream.message();

  // We do not read while requests are held, so the reset is met only afterwards.
  client.reset();
  upstream.send(ok('first'));

  await upstream.untilEnded();
  await front.settled();
  assert.ok(front.exchanges.length <= 2);
  assert.equal(front.upstreamConnections, 0);
});

test('a client that resets while its connection to the backend is being made is forgotten', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  for (let i = 0; i < 50; i++) {
    const client = await openClient(t, front.port());
    // Head and reset may arrive in one turn of the loop, with the connection under way.
    client.send(requestText('GET /'));
    client.socket.resetAndDestroy();
  }

  await front.until(() => front.count('sessionClosed') === 50, 'the end of all sessions');

  await front.settled();
});

/** A client at the beginning of its first exchange, and another in the middle of one. */
async function open(t: Parameters<typeof startFront>[0]): Promise<{
  front: TestFront;
  origin: Origin;
  client: Peer;
  bystander: { readonly client: Peer; readonly upstream: Peer };
}> {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const other = await openClient(t, front.port());
  other.send(requestText('GET /other'));
  const upstream = await origin.next();
  await upstream.message();
  upstream.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n');
  await other.untilText('half');
  const client = await openClient(t, front.port());
  await front.until(() => front.server.status().sessions === 2, 'both sessions');
  return { front, origin, client, bystander: { client: other, upstream } };
}

async function nothingIsLeftBut(
  front: TestFront,
  { client, upstream }: { readonly client: Peer; readonly upstream: Peer },
  aborted: Peer | undefined,
): Promise<void> {
  await front.until(() => front.server.status().sessions === 1, 'the end of the session');
  assert.equal(front.server.status().exchanges, 1);
  assert.equal(front.instances()[0]!.inFlight, 1);
  await front.until(() => front.upstreamConnections === 1, 'the end of the upstream connection');
  upstream.send('3\r\nend\r\n0\r\n\r\n');
  assert.equal((await client.message()).body, 'halfend');
  client.end();
  await client.untilEnded();
  await front.settled();
  assert.equal(front.upstreamConnections, 1);
  assert.equal(front.count('upstreamOpened') - front.count('upstreamClosed'), 1);
  assert.equal(front.exchanges.length, aborted === undefined ? 1 : 2);
}

test('a kept connection to a backend survives clients that come and go', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  for (let i = 0; i < 20; i++) {
    const client = await openClient(t, front.port());
    client.send(requestText('GET /'));
    await client.message();
    if (i % 2 === 0) client.reset();
    else client.end();
    await front.until(() => front.server.status().sessions === 0, 'the end of the session');
  }

  await front.settled();
  assert.equal(origin.connections.length, 1);
  assert.equal(front.upstreamConnections, 1);
});
