import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CONTINUE } from '../../src/core/callback-points.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { H2C, startHttp2Origin } from '../support/http2-origin.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

const HEDGE = 'hedge: { after: 50ms }\nhealth: { fail: 1 }';

test('a request whose instance hangs is answered by another, and the first connection is closed', async (t) => {
  const hanging = await startOrigin(t);
  const well = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([hanging.address, well.address], '', HEDGE));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();
  const lost = await hanging.next();
  await lost.untilEnded();

  assert.equal(answer.body, 'well');
  assert.equal(front.exchanges[0]?.attempts, 2);
  assert.equal(front.exchanges[0]?.instance?.address.text, well.address);
  assert.equal(front.count('hedged'), 1);
  assert.equal(front.count('hedgeWon'), 1);
  assert.deepEqual(
    front.instances().map(({ state }) => state),
    ['healthy', 'healthy'],
  );
  front.assertNothingInFlight();
});

test('the body of the first answer goes through whole, and nothing of the other', async (t) => {
  const { front, client, both } = await hedged(t);

  both[0].send('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\none');
  await both[1].untilEnded();
  both[0].send('one');
  const answer = await client.message();
  client.send(requestText('GET /again'));
  await both[0].untilText('/again');
  both[0].send(ok('again'));

  assert.equal(answer.body, 'oneone');
  assert.equal((await client.message()).body, 'again');
  assert.equal(front.exchanges[0]?.error, undefined);
});

test('two answers at once are one for the client', async (t) => {
  const { front, client, both } = await hedged(t);

  for (const instance of both) instance.send(ok('well'));
  const answer = await client.message();
  client.send(requestText('GET /again'));
  const next = await Promise.race(
    both.map((instance) =>
      instance.untilText('/again').then(
        () => instance,
        () => never(),
      ),
    ),
  );
  next.send(ok('again'));

  assert.equal(answer.body, 'well');
  assert.equal((await client.message()).body, 'again');
  front.assertNothingInFlight();
});

for (const dying of [0, 1] as const) {
  test(`an instance that dies (${dying === 0 ? 'the first' : 'the second'}) leaves the request to the other`, async (t) => {
    const { front, client, both } = await hedged(t);

    both[dying].reset();
    await front.until(() => front.instances()[dying]!.state === 'ejected', 'its ejection');
    both[dying === 0 ? 1 : 0].send(ok('well'));

    assert.equal((await client.message()).body, 'well');
    front.assertNothingInFlight();
  });
}

test('when both die the client is told', async (t) => {
  const { front, client, both } = await hedged(t);

  for (const instance of both) instance.reset();

  assert.equal((await client.message()).status, 502);
  front.assertNothingInFlight();
});

test('a client that goes ends both connections', async (t) => {
  const { front, client, both } = await hedged(t);

  client.reset();
  for (const instance of both) await instance.untilEnded();
  await front.settled();

  assert.equal(front.exchanges[0]?.error?.name, 'client-gone');
});

test('a reload that removes the cluster takes no answer away', async (t) => {
  const { front, client, both } = await hedged(t);

  await front.reload(`
listen: [{ address: "127.0.0.1:0" }]
tenants: { shop: { hosts: ["shop.example"], routes: [{ respond: { status: 204 } }] } }
`);
  both[1].send(ok('well'));

  assert.equal((await client.message()).body, 'well');
  await both[0].untilEnded();
});

test('modules are asked for the other instance too, and what they make of the request is for that one', async (t) => {
  const origins = [await startOrigin(t), await startOrigin(t)];
  const addresses = origins.map(({ address }) => address);
  const front = await startFront(t, plainConfig(addresses, '', HEDGE), {
    handlers: {
      forward(exchange) {
        exchange.requestHeaders = [...exchange.requestHeaders, 'x-for', exchange.instance.address.text];
        return CONTINUE;
      },
    },
  });
  const client = await openClient(t, front.port());
  client.send(requestText('GET /'));

  for (const origin of origins) {
    const instance = await origin.next();
    await instance.untilText('\r\n\r\n');
    assert.deepEqual(instance.text.match(/x-for: .*(?=\r)/g), [`x-for: ${origin.address}`]);
  }
  origins[0]!.connections[0]!.send(ok('well'));

  assert.equal((await client.message()).body, 'well');
  assert.equal(front.exchanges[0]?.instance?.address.text, origins[0]!.address);
});

test('a module that answers in place of the other instance ends nothing that is under way', async (t) => {
  const origins = [await startOrigin(t), await startOrigin(t)];
  const addresses = origins.map(({ address }) => address);
  const asked = Promise.withResolvers<void>();
  const front = await startFront(t, plainConfig(addresses, '', HEDGE), {
    handlers: {
      forward({ attempts }) {
        if (attempts === 1) return CONTINUE;
        asked.resolve();
        return { kind: 'respond', status: 403, headers: [], body: 'no' };
      },
    },
  });
  const client = await openClient(t, front.port());
  client.send(requestText('GET /'));
  const instance = await origins[0]!.next();
  await asked.promise;
  instance.send(ok('well'));

  assert.equal((await client.message()).body, 'well');
  assert.equal(front.exchanges[0]?.attempts, 1);
  assert.equal(front.count('hedged'), 0);
  assert.equal(origins[1]!.connections.length, 0);
  front.assertNothingInFlight();
});

for (const isInTime of [true, false]) {
  test(`a module that thinks about the other instance ${isInTime ? 'has it asked when it has thought' : 'thinks in vain when the first answers'}`, async (t) => {
    const origins = [await startOrigin(t), await startOrigin(t)] as const;
    const addresses = origins.map(({ address }) => address);
    const asked = Promise.withResolvers<void>();
    const verdict = Promise.withResolvers<typeof CONTINUE>();
    const front = await startFront(t, plainConfig(addresses, '', HEDGE), {
      handlers: {
        async forward({ attempts }) {
          if (attempts === 1) return CONTINUE;
          asked.resolve();
          return verdict.promise;
        },
      },
    });
    const client = await openClient(t, front.port());
    client.send(requestText('GET /'));
    const first = await origins[0].next();
    await asked.promise;
    assert.equal(origins[1].connections.length, 0);

    if (isInTime) {
      verdict.resolve(CONTINUE);
      const second = await origins[1].next();
      await second.untilText('\r\n\r\n');
      second.send(ok('second'));
      await first.untilEnded();
    } else first.send(ok('first'));

    assert.equal((await client.message()).body, isInTime ? 'second' : 'first');
    verdict.resolve(CONTINUE);
    client.end();
    await front.settled();
    assert.equal(front.exchanges[0]?.attempts, isInTime ? 2 : 1);
    assert.equal(front.exchanges[0]?.instance?.address.text, addresses[isInTime ? 1 : 0]);
    assert.equal(front.count('hedged'), isInTime ? 1 : 0);
    assert.equal(origins[1].connections.length, isInTime ? 1 : 0);
  });
}

test('over HTTP/2 the loser is reset, and its connection stays', async (t) => {
  const origins = [await startHttp2Origin(t), await startHttp2Origin(t)] as const;
  const addresses = origins.map(({ address }) => address);
  const front = await startFront(t, plainConfig(addresses, '', `${H2C}\n${HEDGE}`));
  const client = await openClient(t, front.port());
  client.send(requestText('GET /'));
  const [slow, fast] = [await origins[0].connection(), await origins[1].connection()];
  const lost = await slow.request(0);

  fast.respond(await fast.request(0), 200, 'well');
  const answer = await client.message();
  await slow.until(() => lost.reset !== undefined, 'its reset');
  client.send(requestText('GET /again'));
  slow.respond(await slow.request(1), 200, 'again');

  assert.equal(answer.body, 'well');
  assert.equal((await client.message()).body, 'again');
  assert.equal(origins[0].raw.connections.length, 1);
});

interface Hedged {
  readonly front: TestFront;
  readonly client: Peer;
  /** The ends of the two instances that have its request. */
  readonly both: readonly [Peer, Peer];
}

/** A client whose request is with two instances, neither of which has answered. */
async function hedged(t: TestContext): Promise<Hedged> {
  const origins: readonly [Origin, Origin] = [await startOrigin(t), await startOrigin(t)];
  const addresses = origins.map(({ address }) => address);
  const front = await startFront(t, plainConfig(addresses, '', HEDGE));
  const client = await openClient(t, front.port());
  client.send(requestText('GET /'));
  const both = [await origins[0].next(), await origins[1].next()] as const;
  for (const instance of both) await instance.untilText('\r\n\r\n');
  return { front, client, both };
}

function never(): Promise<never> {
  return new Promise(() => {});
}
