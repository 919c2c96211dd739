import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  CLOSE,
  CONTINUE,
  type ForwardedStream,
  type Module,
  type SessionAnswer,
} from '../../src/core/callback-points.ts';
import type { RawStream } from '../../src/core/stream.ts';
import { startOrigin } from '../support/origin.ts';
import { sendBytes, stalled } from '../support/peer-pace.ts';
import {
  assertEndPassedOn,
  STREAM_WAYS,
  startVisits,
  type VisitedFront,
  type VisitPlan,
  type VisitWay,
} from '../support/visits.ts';

/** What a module was asked and has not answered yet. */
interface Asked {
  readonly stream: ForwardedStream;
  readonly address: string;
  answer(answer: SessionAnswer): void;
  fail(error: Error): void;
}

for (const way of STREAM_WAYS) {
  test(`${way}: no instance is dialled until the promise is kept, and nothing of what came is lost`, async (t) => {
    const { front, origin, asked, visit } = await start(t, way);
    const client = await visit();

    client.ask();
    await front.until(() => asked.length === 1);
    await turns();
    assert.equal(origin.connections.length, 0);
    assert.equal(front.upstreamConnections, 0);
    asked[0]!.answer(CONTINUE);
    await client.answered();

    assert.equal(asked[0]!.stream.session.signal.aborted, false);
    client.peer.end();
    await front.settled();
    assert.ok(asked[0]!.stream.session.signal.aborted);
    assert.equal(front.streams[0]!.ending, 'client-closed');
    assert.equal(front.count('moduleWaited'), 1);
  });

  test(`${way}: a promised close, a rejection and no answer at all close it, each with its reason`, async (t) => {
    const { front, origin, asked, visit } = await start(t, way, { timeoutMs: 200 });
    const endings: (readonly [(which: Asked) => void, string])[] = [
      [({ answer }) => answer(CLOSE), 'denied-by-module'],
      [({ fail }) => fail(new Error('a mistake')), 'module-failed'],
      [() => {}, 'module-timeout'],
    ];

    for (const [i, [end]] of endings.entries()) {
      const client = await visit();
      client.ask();
      await front.until(() => asked.length === i + 1);
      end(asked[i]!);
      await client.peer.untilEnded();
      await front.until(() => front.streams.length === i + 1);
    }
    await front.settled();
    asked[2]!.answer(CONTINUE);
    await turns();

    assert.deepEqual(
      front.streams.map(({ ending }) => ending),
      endings.map(([, ending]) => ending),
    );
    assert.equal(front.count('moduleAnswered'), 1);
    assert.equal(front.count('moduleFailed'), 2);
    assert.match(
      JSON.stringify(front.faults),
      /slow.*forwardStream.*a mistake.*slow.*no answer within 200 ms/,
    );
    assert.equal(origin.connections.length, 0);
    front.faults.length = 0;
  });

  for (const asks of [true, false]) {
    test(`${way}: a client that ${asks ? 'has sent something' : 'is silent'} and resets while it waits ends it, once`, async (t) => {
      const { front, origin, asked, visit } = await start(t, way);
      const client = await visit();

      if (asks) client.ask();
      await front.until(() => asked.length === 1);
      await turns();
      const { signal } = asked[0]!.stream.session;
      assert.equal(signal.aborted, false);
      client.below.resetAndDestroy();
      await front.settled();

      assert.ok(signal.aborted);
      asked[0]!.answer(CONTINUE);
      await turns();
      assert.deepEqual(
        front.streams.map(({ ending }) => ending),
        ['client-reset'],
      );
      assert.equal(origin.connections.length, 0);
    });
  }

  test(`${way}: what a client sends without end is not read`, async (t) => {
    const size = 8 * 1024 * 1024;
    let received = 0;
    const { front, asked, visit } = await start(t, way, {
      script: (connection) => {
        connection.keeps = false;
        connection.socket.on('data', ({ length }) => {
          received += length;
          if (received >= size) connection.send('well');
        });
        connection.ended.then(() => connection.end());
      },
    });
    const { peer } = await visit();

    const sender = sendBytes(peer, size);
    await front.until(() => asked.length === 1);
    assert.ok((await stalled(sender)) < size, 'the client was read on');
    const { bytesIn } = asked[0]!.stream as unknown as RawStream;
    // Of TLS what has been decrypted comes all the same: what one read has brought.
    assert.ok(bytesIn <= (way === 'a stream over TLS' ? 65_536 : 16_384), `${bytesIn}`);
    asked[0]!.answer(CONTINUE);
    await peer.untilText('well');

    assert.equal(received, size);
    peer.end();
    await front.settled();
  });

  test(`${way}: each attempt waits for what modules say of its instance`, async (t) => {
    const refusing = await startOrigin(t);
    await refusing.stop();
    const { front, origin, asked, visit } = await start(t, way, { before: [refusing.address] });
    const client = await visit();

    client.ask();
    await front.until(() => asked.length === 1);
    asked[0]!.answer(CONTINUE);
    await front.until(() => asked.length === 2);
    asked[1]!.answer(CONTINUE);
    await client.answered();

    assert.deepEqual(
      asked.map(({ address }) => address),
      [refusing.address, origin.address],
    );
    client.peer.end();
    await front.settled();
    assert.equal(front.streams[0]!.attempts, 2);
  });

  test(`${way}: a reload and a stop do not wait for ever`, async (t) => {
    const { front, origin, asked, config, visit } = await start(t, way);
    const client = await visit();

    client.ask();
    await front.until(() => asked.length === 1);
    await front.reload(config);
    await front.server.stop();
    await client.peer.untilEnded();

    asked[0]!.answer(CONTINUE);
    await turns();
    assert.equal(origin.connections.length, 0);
    assert.deepEqual(
      front.streams.map(({ ending }) => ending),
      ['draining'],
    );
  });

  test(`${way}: others are relayed meanwhile`, async (t) => {
    const { front, asked, visit } = await start(t, way, { onlyFirst: true });
    const slow = await visit();
    slow.ask();
    await front.until(() => asked.length === 1);

    const client = await visit();
    client.ask();
    await client.answered();
    asked[0]!.answer(CONTINUE);
    await slow.answered();
  });
}

for (const way of ['a stream', 'a stream over TLS'] as const) {
  for (const speaks of [true, false]) {
    test(`${way}: a client that ends its direction while it waits ${speaks ? 'has sent what it has sent' : 'without a word'} still hears`, async (t) => {
      const { front, origin, asked, visit } = await start(t, way, { script: () => {} });
      const client = await visit();

      await front.until(() => asked.length === 1);
      if (speaks) client.ask();
      client.peer.end();
      await turns();
      assert.equal(origin.connections.length, 0);
      asked[0]!.answer(CONTINUE);
      await assertEndPassedOn(front, origin, client.peer, speaks ? 'hello' : '');
    });
  }
}

interface Started extends VisitedFront {
  readonly asked: Asked[];
  readonly config: string;
}

/** A front end with a module that answers for each attempt when it is told to: of all streams, or of the first. */
async function start(
  t: TestContext,
  way: VisitWay,
  {
    timeoutMs,
    onlyFirst = false,
    ...plan
  }: VisitPlan & { readonly timeoutMs?: number; readonly onlyFirst?: boolean } = {},
): Promise<Started> {
  const asked: Asked[] = [];
  const module: Module = {
    name: 'slow',
    ...(timeoutMs !== undefined && { timeoutMs }),
    handlers: {
      forwardStream(stream) {
        if (onlyFirst && asked.length > 0) return CONTINUE;
        const { promise, resolve, reject } = Promise.withResolvers<SessionAnswer>();
        void stream.session.signal;
        asked.push({ stream, address: stream.instance.address.text, answer: resolve, fail: reject });
        visited.front.changed();
        return promise;
      },
    },
  };
  const visited = await startVisits(t, way, { modules: [module] }, plan);
  return { ...visited, asked };
}

/** Lets what is on its way arrive. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
