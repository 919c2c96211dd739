import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { rstStream } from '../support/http2-wire.ts';
import { type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';
import { openStream, startStreamFront } from '../support/stream-front.ts';

const QUEUE = 'maxRequests: 1\nqueue: { max: 2, timeout: 10s }';

test('requests that find all full are served in their order, on the connection that is there', async (t) => {
  const { front, origin, busy, instance } = await fullFront(t);
  const waiting = [await waitingClient(t, front, '/2'), await waitingClient(t, front, '/3')];
  assert.deepEqual(front.server.troubles(), [{ name: 'web', panic: false, waiting: 2, ejected: [] }]);

  instance.send(ok('1'));
  await instance.untilText('/2');
  instance.send(ok('2'));
  await instance.untilText('/3');
  instance.send(ok('3'));

  assert.deepEqual(
    await Promise.all([busy, ...waiting].map(async (client) => (await client.message()).body)),
    ['1', '2', '3'],
  );
  assert.equal(origin.connections.length, 1);
  assert.equal(front.exchanges[0]?.waitedMs, 0);
  assert.ok(front.exchanges[2]!.waitedMs > 0);
  front.assertNothingInFlight();
});

test('who comes when as many wait as may is refused at once, and those who wait are not', async (t) => {
  const { front, instance } = await fullFront(t, 'maxRequests: 1\nqueue: { max: 1, timeout: 10s }');
  const waiting = await waitingClient(t, front, '/waiting');

  const refused = await openClient(t, front.port());
  refused.send(requestText('GET /refused'));
  const answer = await refused.message();
  instance.send(ok('1'));
  await instance.untilText('/waiting');
  instance.send(ok('2'));

  assert.equal(answer.status, 503);
  assert.match(answer.body, /instances-full.*1 wait for them already/);
  assert.equal((await waiting.message()).body, '2');
});

test('who waits longer than may be is answered 503, and its client may go on', async (t) => {
  const { front, busy, instance } = await fullFront(t, 'maxRequests: 1\nqueue: { timeout: 50ms }');
  const waiting = await waitingClient(t, front, '/waiting');

  const answer = await waiting.message();
  instance.send(ok('1'));
  await busy.message();
  waiting.send(requestText('GET /again'));
  await instance.untilText('/again');
  instance.send(ok('2'));

  assert.equal(answer.status, 503);
  assert.match(answer.body, /instances-full.*within 50 ms/);
  assert.equal((await waiting.message()).body, '2');
  assert.equal(front.exchanges[0]?.attempts, 0);
  assert.ok(front.exchanges[0]!.waitedMs >= 50);
});

for (const how of ['end', 'reset'] as const) {
  test(`a client that goes (${how}) while it waits leaves the line at once, and is not sent anywhere`, async (t) => {
    const { front, busy, instance } = await fullFront(t);
    const gone = await waitingClient(t, front, '/gone');
    const other = await waitingClient(t, front, '/other');

    if (how === 'reset') gone.reset();
    else gone.socket.destroy();
    await front.until(() => waitingAt(front) === 1, 'its leaving');
    instance.send(ok('1'));
    await instance.untilText('/other');
    instance.send(ok('2'));

    assert.equal((await busy.message()).body, '1');
    assert.equal((await other.message()).body, '2');
    assert.ok(!instance.text.includes('/gone'));
    assert.equal(front.exchanges.find(({ head }) => head.path === '/gone')?.error?.name, 'client-gone');
    front.assertNothingInFlight();
  });
}

test('an HTTP/2 stream that is reset while it waits leaves the line, and its neighbours wait on', async (t) => {
  const { front, instance } = await fullFront(t);
  const client = await openHttp2Client(t, front.port());
  const [gone, other] = [client.request('/gone'), client.request('/other')];
  await front.until(() => waitingAt(front) === 2, 'both streams');

  client.send(rstStream(gone.streamId, 'CANCEL'));
  await front.until(() => waitingAt(front) === 1, 'its leaving');
  instance.send(ok('1'));
  await instance.untilText('/other');
  instance.send(ok('2'));

  assert.equal((await client.over(other)).status, 200);
  assert.ok(!instance.text.includes('/gone'));
});

test('when the instance dies, the next in line is sent on a new connection', async (t) => {
  const { front, origin, busy, instance } = await fullFront(t, QUEUE);
  const waiting = await waitingClient(t, front, '/waiting');

  instance.reset();
  const next = await origin.next();
  await next.untilText('/waiting');
  next.send(ok('2'));

  assert.equal((await busy.message()).status, 502);
  assert.equal((await waiting.message()).body, '2');
  front.assertNothingInFlight();
});

test('a reload that removes the cluster lets those who wait for it be served', async (t) => {
  const { front, origin, busy, instance } = await fullFront(t);
  const waiting = await waitingClient(t, front, '/waiting');

  await front.reload(`
listen: [{ address: "127.0.0.1:0" }]
tenants: { shop: { hosts: ["shop.example"], routes: [{ respond: { status: 204 } }] } }
`);
  instance.send(ok('1'));
  await busy.message();
  // Its pool is no more: it has a connection of its own.
  const next = await origin.next();
  await next.untilText('/waiting');
  next.send(ok('2'));

  assert.equal((await waiting.message()).body, '2');
});

test('a server that drains serves those who wait, and one that stops cuts them', async (t) => {
  for (const answers of [true, false]) {
    const { front, busy, instance } = await fullFront(t);
    const waiting = await waitingClient(t, front, '/waiting');

    const stopped = front.server.stop(answers ? 10_000 : 0);
    if (answers) {
      instance.send(ok('1'));
      await instance.untilText('/waiting');
      instance.send(ok('2'));
      assert.equal((await busy.message()).body, '1');
      assert.equal((await waiting.message()).body, '2');
    } else {
      await busy.untilEnded();
      await waiting.untilEnded();
    }
    await stopped;

    front.assertNothingInFlight();
    assert.equal(front.exchanges.length, 2);
  }
});

test('streams wait too, and what their clients send meanwhile is not lost', async (t) => {
  const origin = await startOrigin(t);
  const cluster = 'maxRequests: 1, queue: { max: 5, timeout: 10s }';
  const front = await startStreamFront(t, { instances: [origin.address], cluster });
  const first = await openStream(t, front, 'listener');
  const instance = await origin.next();
  const [gone, second] = [await openStream(t, front, 'listener'), await openStream(t, front, 'listener')];
  second.send('hello');
  await front.until(() => waitingAt(front, 'feed') === 2, 'both streams');

  gone.reset();
  await front.until(() => waitingAt(front, 'feed') === 1, 'its leaving');
  first.end();
  instance.end();
  const next = await origin.next();
  await next.untilText('hello');
  next.end();
  second.end();
  await front.settled();

  assert.deepEqual(
    front.streams.map(({ ending, waitedMs }) => [ending, waitedMs > 0]),
    [
      ['client-reset', true],
      ['client-closed', false],
      ['backend-closed', true],
    ],
  );
});

test('a stream that waits too long is reset', async (t) => {
  const origin = await startOrigin(t);
  const cluster = 'maxRequests: 1, queue: { max: 5, timeout: 50ms }';
  const front = await startStreamFront(t, { instances: [origin.address], cluster });
  await openStream(t, front, 'listener');
  await origin.next();

  const waiting = await openStream(t, front, 'listener');

  assert.equal(await waiting.untilEnded(), 'error');
  await front.until(() => front.streams.length === 1, 'its end');
  assert.equal(front.streams[0]?.ending, 'instances-full');
});

interface FullFront {
  readonly front: TestFront;
  readonly origin: Origin;
  /** The client whose request is under way. */
  readonly busy: Peer;
  /** The instance's end of that. */
  readonly instance: Peer;
}

/** A front end whose only instance has the one request that it may have, and does not answer yet. */
async function fullFront(t: TestContext, cluster = QUEUE): Promise<FullFront> {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], '', cluster));
  const busy = await openClient(t, front.port());
  busy.send(requestText('GET /1'));
  const instance = await origin.next();
  await instance.untilText('/1');
  return { front, origin, busy, instance };
}

/** A client whose request waits in line. */
async function waitingClient(t: TestContext, front: TestFront, path: string): Promise<Peer> {
  const before = waitingAt(front);
  const client = await openClient(t, front.port());
  client.send(requestText(`GET ${path}`));
  await front.until(() => waitingAt(front) === before + 1, `${path} in line`);
  return client;
}

function waitingAt(front: TestFront, cluster = 'web'): number {
  return front.server.status().clusters.find(({ name }) => name === cluster)?.waiting ?? 0;
}
