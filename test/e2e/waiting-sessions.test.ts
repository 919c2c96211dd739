import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  type CallbackPoints,
  CLOSE,
  CONTINUE,
  type Module,
  type SessionAnswer,
} from '../../src/core/callback-points.ts';
import type { Session } from '../../src/core/session.ts';
import { openClient } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import { sendBytes, stalled } from '../support/peer-pace.ts';
import {
  assertEndPassedOn,
  SECURED_WAYS,
  startVisits,
  VISIT_WAYS,
  type VisitedFront,
  type VisitPlan,
  type VisitWay,
} from '../support/visits.ts';

type SessionPoint = 'accept' | 'handshake';

/** What a module was asked and has not answered yet. */
interface Asked {
  readonly session: Session;
  answer(answer: SessionAnswer): void;
  fail(error: Error): void;
}

const CASES: readonly (readonly [SessionPoint, VisitWay])[] = [
  ...VISIT_WAYS.map((way) => ['accept', way] as const),
  ...SECURED_WAYS.map((way) => ['handshake', way] as const),
];

for (const [point, way] of CASES) {
  const what = `${point}, ${way}`;

  test(`${what}: nothing goes on until the promise is kept, and nothing of what came is lost`, async (t) => {
    const { front, origin, asked, visit } = await start(t, point, way);
    const client = await visit();

    client.ask();
    await front.until(() => asked.length === 1);
    await turns();
    assert.equal(origin.connections.length, 0);
    if (point === 'accept') assert.equal(client.peer.receivedBytes, 0);
    asked[0]!.answer(CONTINUE);
    await client.answered();

    assert.equal(front.server.status().sessions, 1);
    assert.equal(asked[0]!.session.signal.aborted, false);
    client.peer.end();
    await front.settled();
    assert.ok(asked[0]!.session.signal.aborted);
    assert.equal(front.closedSessions[0]!.error, undefined);
  });

  test(`${what}: who says nothing before the promise is kept says it afterwards`, async (t) => {
    const { front, asked, visit } = await start(t, point, way);
    const client = await visit();

    await front.until(() => asked.length === 1);
    asked[0]!.answer(CONTINUE);
    await turns();
    client.ask();

    await client.answered();
    client.peer.end();
    await front.settled();
  });

  test(`${what}: a promised close closes`, async (t) => {
    const { front, origin, asked, visit } = await start(t, point, way);
    const client = await visit();

    client.ask();
    await front.until(() => asked.length === 1);
    asked[0]!.answer(CLOSE);
    await client.peer.untilEnded();
    await front.settled();

    assert.equal(origin.connections.length, 0);
    assert.equal(front.count('moduleAnswered'), 1);
    assert.equal(front.count('moduleWaited'), 1);
    assert.equal(front.closedSessions.length, 1);
    assert.equal(front.exchanges.length + front.streams.length, 0);
  });

  test(`${what}: a promise that is rejected closes the connection, and is counted and in the log`, async (t) => {
    const { front, origin, asked, visit } = await start(t, point, way);
    const client = await visit();

    client.ask();
    await front.until(() => asked.length === 1);
    asked[0]!.fail(new Error('a mistake'));
    await client.peer.untilEnded();
    await front.settled();

    assert.equal(origin.connections.length, 0);
    assert.equal(front.count('moduleFailed'), 1);
    assert.match(JSON.stringify(front.faults), new RegExp(`slow.*${point}.*a mistake`));
    front.faults.length = 0;
  });

  test(`${what}: a module that never answers costs the connection when its time is up`, async (t) => {
    const { front, origin, asked, visit } = await start(t, point, way, { timeoutMs: 20 });
    const client = await visit();

    client.ask();
    await client.peer.untilEnded();
    await front.settled();
    // Too late, and twice.
    asked[0]!.answer(CONTINUE);
    asked[0]!.answer(CLOSE);
    await turns();

    assert.ok(asked[0]!.session.signal.aborted);
    assert.equal(origin.connections.length, 0);
    assert.equal(front.closedSessions.length, 1);
    assert.match(JSON.stringify(front.faults), /slow.*no answer within 20 ms/);
    front.faults.length = 0;
  });

  test(`${what}: a module has its time, though a client would have less`, async (t) => {
    const { front, asked, visit } = await start(t, point, way, { timeoutMs: 400, clientHeader: '50ms' });
    const client = await visit();

    await client.peer.untilEnded();
    await front.settled();

    assert.equal(asked.length, 1);
    assert.match(JSON.stringify(front.faults), /no answer within 400 ms/);
    front.faults.length = 0;
  });

  for (const asks of [true, false]) {
    test(`${what}: a client that ${asks ? 'asks' : 'says nothing'} and goes away ends the wait, once`, async (t) => {
      const { front, origin, asked, visit } = await start(t, point, way);
      const client = await visit();

      if (asks) client.ask();
      await front.until(() => asked.length === 1);
      await turns();
      const { signal } = asked[0]!.session;
      assert.equal(signal.aborted, false);
      client.below.resetAndDestroy();
      await front.settled();

      assert.ok(signal.aborted);
      asked[0]!.answer(CONTINUE);
      await turns();
      assert.equal(origin.connections.length, 0);
      assert.equal(front.closedSessions.length, 1);
      assert.equal(front.count('sessionClosed'), 1);
    });
  }

  test(`${what}: others are served meanwhile`, async (t) => {
    const { front, asked, visit } = await start(t, point, way, { onlyFirst: true });
    const slow = await visit();
    await front.until(() => asked.length === 1);

    for (let i = 0; i < 3; i++) {
      const client = await visit();
      client.ask();
      await client.answered();
    }
    slow.ask();
    asked[0]!.answer(CONTINUE);
    await slow.answered();
  });

  test(`${what}: a reload and a stop do not wait for ever`, async (t) => {
    const { front, origin, asked, config, visit } = await start(t, point, way);
    const client = await visit();

    client.ask();
    await front.until(() => asked.length === 1);
    await front.reload(config);
    assert.equal(front.server.status().sessions, 1);
    await front.server.stop();
    await client.peer.untilEnded();

    assert.ok(asked[0]!.session.signal.aborted);
    asked[0]!.answer(CONTINUE);
    await turns();
    assert.equal(origin.connections.length, 0);
    assert.equal(front.closedSessions.length, 1);
  });

  test(`${what}: who is let in while the server stops is served`, async (t) => {
    const { front, asked, visit } = await start(t, point, way, { drain: '5s' });
    const client = await visit();

    client.ask();
    await front.until(() => asked.length === 1);
    const stopped = front.server.stop();
    await turns();
    asked[0]!.answer(CONTINUE);
    await client.answered();
    client.peer.end();
    await stopped;
  });

  test(`${what}: handlers behind it are asked in their order, the sync ones too`, async (t) => {
    const calls: string[] = [];
    const module = (name: string, answer: () => SessionAnswer | PromiseLike<SessionAnswer>): Module => ({
      name,
      handlers: {
        [point]() {
          calls.push(name);
          return answer();
        },
      },
    });
    const modules = [
      module('at once', () => CONTINUE),
      module('kept already', () => Promise.resolve(CONTINUE)),
      module('soon', () => new Promise((resolve) => setImmediate(resolve, CONTINUE))),
      module('at once too', () => CONTINUE),
    ];
    const { front, visit } = await startVisits(t, way, { modules });
    const client = await visit();

    client.ask();
    await client.answered();

    assert.deepEqual(calls, ['at once', 'kept already', 'soon', 'at once too']);
    assert.equal(front.count('moduleWaited'), 2);
  });
}

/** Whoever sends without end while nobody wants it yet. */
for (const [point, way] of CASES.filter(([, name]) => !name.startsWith('HTTP/2'))) {
  test(`${point}, ${way}: much that comes is not read, and arrives whole`, async (t) => {
    const size = 8 * 1024 * 1024;
    let received = 0;
    const { front, asked, visit } = await start(t, point, way, {
      script: (connection) => {
        connection.keeps = false;
        connection.socket.on('data', ({ length }) => {
          received += length;
          if (received >= size) connection.send(way.startsWith('HTTP') ? ok('well') : 'well');
        });
        connection.ended.then(() => connection.end());
      },
    });
    const { peer } = await visit();

    if (way.startsWith('HTTP'))
      peer.send(`POST / HTTP/1.1\r\nhost: shop.example\r\ncontent-length: ${size}\r\n\r\n`);
    const sender = sendBytes(peer, size);
    await front.until(() => asked.length === 1);
    // What the buffers of both kernels hold comes to more than nothing, but to much less than this.
    assert.ok((await stalled(sender)) < size, 'the client was read on');
    asked[0]!.answer(CONTINUE);
    await peer.untilText('well');

    assert.ok(received >= size);
    peer.end();
    await front.settled();
    if (!way.startsWith('HTTP') && way !== 'passthrough') assert.equal(front.streams[0]!.bytesIn, size);
  });
}

for (const [point, way] of CASES.filter(([, name]) => name.startsWith('HTTP/1'))) {
  test(`${point}, ${way}: a client that ends without a word is gone, and nothing is said of it`, async (t) => {
    const { front, asked, visit } = await start(t, point, way);
    const client = await visit();
    await front.until(() => asked.length === 1);

    client.peer.end();
    await front.settled();

    assert.ok(asked[0]!.session.signal.aborted);
    // Probes of load balancers are like that; over TLS there was a ClientHello.
    const isBegun = point === 'accept' && way === 'HTTP/1 over TLS';
    assert.deepEqual(
      front.refusals.map(({ error }) => error!.name),
      isBegun ? ['client-gone'] : [],
    );
  });

  if (point === 'accept' && way === 'HTTP/1 over TLS') continue;
  test(`${point}, ${way}: a client that asks and ends its direction has its answer`, async (t) => {
    const { front, asked, visit } = await start(t, point, way);
    const client = await visit();
    await front.until(() => asked.length === 1);

    client.ask();
    client.peer.end();
    await turns();
    assert.equal(asked[0]!.session.signal.aborted, false);
    asked[0]!.answer(CONTINUE);

    await client.answered();
    await front.settled();
  });

  test(`${point}, ${way}: a client that asks and is gone is told of`, async (t) => {
    const { front, asked, visit } = await start(t, point, way);
    const client = await visit();
    await front.until(() => asked.length === 1);

    client.ask();
    await turns();
    client.below.resetAndDestroy();
    await front.settled();

    assert.deepEqual(
      front.refusals.map(({ error }) => error!.name),
      ['client-gone'],
    );
    assert.equal(front.closedSessions[0]!.error!.name, 'client-gone');
  });

  test(`${point}, ${way}: a head larger than what is kept goes on when it may`, async (t) => {
    const { front, asked, visit } = await start(t, point, way);
    const { peer } = await visit();
    const fields = Array.from({ length: 5 }, (_, i) => `x-${i}: ${'a'.repeat(8000)}\r\n`).join('');

    peer.send(`GET / HTTP/1.1\r\nhost: shop.example\r\n${fields}\r\n`);
    await front.until(() => asked.length === 1);
    await turns();
    asked[0]!.answer(CONTINUE);

    await peer.untilText('well');
    peer.end();
    await front.settled();
  });
}

for (const [point, way] of CASES.filter(([, name]) => name === 'a stream' || name === 'a stream over TLS')) {
  if (point === 'accept' && way === 'a stream over TLS') continue;
  for (const speaks of [true, false]) {
    test(`${point}, ${way}: an end of the client's direction is passed on ${speaks ? 'behind what it has sent' : 'alone'}`, async (t) => {
      const { front, origin, asked, visit } = await start(t, point, way, { script: () => {} });
      const client = await visit();
      await front.until(() => asked.length === 1);

      if (speaks) client.ask();
      client.peer.end();
      await turns();
      await turns();
      asked[0]!.answer(CONTINUE);
      await assertEndPassedOn(front, origin, client.peer, speaks ? 'hello' : '');
    });
  }
}

test('handshake, a stream over TLS: an end without close_notify is a reset', async (t) => {
  const { front, asked, visit } = await start(t, 'handshake', 'a stream over TLS');
  const client = await visit();
  client.ask();
  await front.until(() => asked.length === 1);
  await turns();

  // Below TLS, as who stands in between can.
  client.below.end();
  await turns();
  asked[0]!.answer(CONTINUE);
  await front.settled();

  assert.deepEqual(
    front.streams.map(({ ending }) => ending),
    ['client-reset'],
  );
});

test('what comes behind a PROXY header is kept while a module thinks of the client', async (t) => {
  const addresses: string[] = [];
  const origin = await startOrigin(t, answering(ok('well')));
  const config = plainConfig([origin.address]).replace(
    '"127.0.0.1:0"',
    '"127.0.0.1:0", proxyProtocol: { from: ["127.0.0.1"] }',
  );
  const answers: ((answer: SessionAnswer) => void)[] = [];
  const front = await startFront(t, config, {
    handlers: {
      accept({ remoteAddress }) {
        addresses.push(remoteAddress);
        front.changed();
        return new Promise((resolve) => answers.push(resolve));
      },
    },
  });
  const client = await openClient(t, front.port());

  client.send('PROXY TCP4 192.0.2.7 10.1.2.3 56324 443\r\nGET / HTTP/1.1\r\nhost: sho');
  await front.until(() => answers.length === 1);
  client.send('p.example\r\n\r\n');
  await turns();
  answers[0]!(CONTINUE);

  assert.equal((await client.message()).body, 'well');
  assert.deepEqual(addresses, ['192.0.2.7']);
  client.end();
  await front.settled();
});

interface Started extends VisitedFront {
  readonly asked: Asked[];
  readonly config: string;
}

/** A front end with a module that answers at one point when it is told to: of all sessions, or of the first. */
async function start(
  t: TestContext,
  point: SessionPoint,
  way: VisitWay,
  {
    timeoutMs,
    onlyFirst = false,
    ...plan
  }: VisitPlan & { readonly timeoutMs?: number; readonly onlyFirst?: boolean } = {},
): Promise<Started> {
  const asked: Asked[] = [];
  const handler = (session: Session): SessionAnswer | Promise<SessionAnswer> => {
    if (onlyFirst && asked.length > 0) return CONTINUE;
    const { promise, resolve, reject } = Promise.withResolvers<SessionAnswer>();
    void session.signal;
    asked.push({ session, answer: resolve, fail: reject });
    visited.front.changed();
    return promise;
  };
  const handlers = { [point]: handler } as Partial<CallbackPoints>;
  const module: Module = { name: 'slow', ...(timeoutMs !== undefined && { timeoutMs }), handlers };
  const visited = await startVisits(t, way, { modules: [module] }, plan);
  return { ...visited, asked };
}

/** Lets what is on its way arrive. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
