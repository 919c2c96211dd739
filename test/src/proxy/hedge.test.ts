import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RequestHeadFields, ResponseHead, UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { StartedPipeline, turn } from './started-pipeline.ts';

const LOST = exchangeError('connection-lost', 'reset');
const HEDGE = 'hedge: { after: 200ms }\nhealth: { fail: 1 }';

function start(instances: number, cluster = HEDGE) {
  const counts = { hedged: 0, won: 0 };
  const telemetry = { hedged: () => void counts.hedged++, hedgeWon: () => void counts.won++ };
  return { front: new StartedPipeline(instances, { cluster, telemetry }), counts };
}

/** Nothing is under way, and nobody is blamed. */
function assertAtRest({ cluster }: StartedPipeline): void {
  assert.deepEqual(
    cluster.instances.map(({ inFlight, state }) => [inFlight, state]),
    cluster.instances.map(() => [0, 'healthy']),
  );
}

test('a request that takes long goes to another instance too, and the first answer is the one', async () => {
  const { front, counts } = start(2);
  const exchange = await front.receive();
  await front.pass(200);
  assert.deepEqual(front.ports, [9001]);
  await front.pass(150);
  assert.deepEqual(front.ports, [9001, 9002]);

  front.sent[1]!.answer(201);

  assert.equal(exchange.status, 201);
  assert.ok(exchange.isEnded);
  assert.ok(front.sent[0]!.isAborted);
  assert.equal(exchange.instance?.address.text, '127.0.0.1:9002');
  assert.equal(exchange.attempts, 2);
  assert.deepEqual(counts, { hedged: 1, won: 1 });
  assertAtRest(front);
});

test('the first instance may still be the first to answer', async () => {
  const { front, counts } = start(2);
  const exchange = await front.receive();
  await front.pass(350);

  front.sent[0]!.answer(201);

  assert.equal(exchange.status, 201);
  assert.ok(front.sent[1]!.isAborted);
  assert.equal(exchange.instance?.address.text, '127.0.0.1:9001');
  assert.deepEqual(counts, { hedged: 1, won: 0 });
  assertAtRest(front);
});

test('what is answered in time goes nowhere else, however long its body takes', async () => {
  const { front } = start(2);
  const exchange = await front.receive();

  front.sent[0]!.sink.response(new ResponseHead(200, '', [], UNKNOWN_LENGTH), false);
  await front.pass(5000);

  assert.equal(front.sent.length, 1);
  assert.equal(exchange.status, 200);
});

for (const [what, head] of [
  ['a POST', { method: 'POST' }],
  ['a DELETE, though it is idempotent', { method: 'DELETE' }],
  ['a GET with a body', { bodyLength: 5 }],
  ['a GET with a body of unknown length', { bodyLength: UNKNOWN_LENGTH }],
  ['an upgrade', { upgrade: 'websocket' }],
] as const satisfies readonly (readonly [string, Partial<RequestHeadFields>])[]) {
  test(`${what} is with one instance only`, async () => {
    const { front } = start(2);
    await front.receive(head);

    await front.pass(1000);

    assert.equal(front.sent.length, 1);
  });
}

for (const method of ['HEAD', 'OPTIONS']) {
  test(`${method} may be with two`, async () => {
    const { front } = start(2);
    await front.receive({ method });

    await front.pass(350);

    assert.equal(front.sent.length, 2);
  });
}

test('with one available instance there is nobody else to ask', async () => {
  const { front } = start(2);
  front.cluster.instances[1]!.recordProbe(false, 0);
  const exchange = await front.receive();

  await front.pass(1000);
  front.cluster.instances[1]!.recordProbe(true, 0);
  await front.pass(1000);

  assert.equal(front.sent.length, 1, 'it is looked at once');
  front.sent[0]!.answer();
  assert.deepEqual([exchange.status, exchange.attempts], [200, 1]);
});

test('an instance that is full is not asked, and nobody waits for it', async () => {
  const { front } = start(2, `${HEDGE}\nmaxRequests: 1\nqueue: { max: 5 }`);
  await front.receive();
  await front.receive();

  await front.pass(350);

  assert.equal(front.sent.length, 2);
  assert.equal(front.cluster.line?.length, 0);
});

test('each one more comes after the same time, up to as many as may be', async () => {
  const { front, counts } = start(4, 'hedge: { after: 200ms, max: 2 }');
  const exchange = await front.receive();
  await front.pass(350);
  assert.equal(front.sent.length, 2);
  await front.pass(350);
  assert.equal(front.sent.length, 3);
  await front.pass(1000);
  assert.equal(front.sent.length, 3);

  front.sent[1]!.answer();

  assert.deepEqual(front.ports, [9001, 9002, 9003]);
  assert.deepEqual(
    front.sent.map(({ isAborted }) => isAborted),
    [true, false, true],
  );
  assert.equal(exchange.attempts, 3);
  assert.deepEqual(counts, { hedged: 2, won: 1 });
  assertAtRest(front);
});

test('when everything is slow, no more than the budget of retries', async () => {
  const { front, counts } = start(2);
  for (let i = 0; i < 100; i++) await front.receive();

  await front.pass(350);

  assert.equal(counts.hedged, 10, 'as many as any cluster may have in ten seconds');
});

for (const [name, failing, other] of [
  ['the first', 0, 1],
  ['the second', 1, 0],
] as const) {
  test(`when ${name} of two fails, the other goes on`, async () => {
    const { front } = start(2);
    const exchange = await front.receive();
    await front.pass(350);

    front.sent[failing]!.fail(LOST, 'never');
    await turn();
    assert.equal(exchange.status, 0);
    front.sent[other]!.answer();

    assert.deepEqual([exchange.status, exchange.error, front.sent.length], [200, undefined, 2]);
    assert.equal(exchange.instance?.address.text, `127.0.0.1:${front.ports[other]}`);
    assert.equal(front.cluster.instances[failing]?.state, 'ejected', 'that is a failure as any');
  });
}

test('when both fail there is an error, and retries as many as attempts are left', async () => {
  const { front } = start(3, `${HEDGE}\nretry: { attempts: 3, on: [connection-lost] }`);
  const exchange = await front.receive();
  await front.pass(350);

  front.sent[1]!.fail(LOST, 'never');
  front.sent[0]!.fail(LOST, 'never');
  await turn();
  assert.deepEqual(front.ports, [9001, 9002, 9003]);
  front.sent[2]!.fail(LOST, 'never');

  assert.deepEqual([exchange.status, exchange.error, exchange.attempts], [502, LOST, 3]);
});

test('an answer that a retry is asked for does not win while another attempt is under way', async () => {
  const { front } = start(2, `${HEDGE}\nretry: { on: [503] }`);
  const exchange = await front.receive();
  await front.pass(350);

  front.sent[1]!.sink.response(new ResponseHead(503, '', [], UNKNOWN_LENGTH), false);
  assert.equal(exchange.status, 0);
  assert.ok(front.sent[1]!.isAborted);
  front.sent[0]!.answer();

  assert.equal(exchange.status, 200);
});

test('a connection that dies unnoticed under the first is left to the other', async () => {
  const { front } = start(2);
  const exchange = await front.receive();
  await front.pass(350);

  front.sent[0]!.fail(LOST, 'idempotent');
  await turn();
  assert.equal(front.sent.length, 2);
  front.sent[1]!.answer();

  assert.equal(exchange.status, 200);
  assertAtRest(front);
});

test('one that cannot be connected to leaves the request to the other, whoever that is', async () => {
  for (const failing of [0, 1]) {
    const { front } = start(2);
    front.connector.onOpen = (connection) => {
      connection.onSend = (stream) => front.sent.push(stream);
    };
    const exchange = await front.receive();
    await front.pass(350);
    const { opened } = front.connector;

    opened[failing]!.fail();
    opened[1 - failing]!.accept(8);
    front.sent[0]!.answer();

    assert.deepEqual([exchange.status, exchange.attempts], [200, 2]);
    assert.deepEqual(
      front.cluster.instances.map(({ inFlight }) => inFlight),
      [0, 0],
    );
  }
});

test('a loser that still waits for its connection does not get it', async () => {
  const { front } = start(2);
  front.connector.onOpen = (connection) => {
    connection.onSend = (stream) => front.sent.push(stream);
  };
  const exchange = await front.receive();
  await front.pass(350);
  const { opened } = front.connector;

  opened[1]!.accept(8);
  front.sent[0]!.answer();
  opened[0]!.accept(8);

  assert.equal(exchange.status, 200);
  assert.equal(front.sent.length, 1);
  assertAtRest(front);
});

test('a client that goes ends both', async () => {
  const { front } = start(2);
  const exchange = await front.receive();
  await front.pass(350);

  exchange.sink!.requestFailed(exchangeError('client-gone', 'gone'));
  await front.pass(1000);

  assert.deepEqual(
    front.sent.map(({ isAborted }) => isAborted),
    [true, true],
  );
  assertAtRest(front);
});

test('the total ends both, and blames who has had all the time', async () => {
  const { front } = start(2, `${HEDGE}\ntimeouts: { total: 500ms }`);
  const exchange = await front.receive();

  await front.pass(650);

  assert.equal(exchange.error?.name, 'total-timeout');
  assert.deepEqual(
    front.cluster.instances.map(({ inFlight, state }) => [inFlight, state]),
    [
      [0, 'ejected'],
      [0, 'healthy'],
    ],
  );
});

test('after a failure the next attempt may be hedged, if the first was not', async () => {
  const { front } = start(3, `${HEDGE}\nretry: { on: [connection-lost] }`);
  await front.receive();
  await front.pass(100);
  front.sent[0]!.fail(LOST, 'never');
  await turn();
  await front.pass(200);
  assert.deepEqual(front.ports, [9001, 9002], 'the time begins with the attempt');

  await front.pass(150);

  assert.deepEqual(front.ports, [9001, 9002, 9003]);
});

test('a loser has been slower than the time that it has had, as far as latency decides', async () => {
  const { front } = start(2, `${HEDGE}\nbalance: peak-ewma`);
  await front.receive();
  await front.pass(350);

  front.sent[1]!.answer();

  const [loser, winner] = front.ports.map(
    (port) => front.cluster.instances.find(({ address }) => address.port === port)!,
  );
  const { time } = front.front.clock;
  assert.equal(loser!.latency.at(time), 350);
  assert.ok(winner!.latency.at(time) <= 150);
});

test('a short time tells nothing good of a loser that is known to be slow', async () => {
  const { front } = start(2, `${HEDGE}\nbalance: peak-ewma`);
  const [a, b] = front.cluster.instances;
  const { clock } = front.front;
  a!.latency.record(10, clock.time);
  b!.latency.record(60_000, clock.time);
  await front.receive();
  await front.pass(350);
  assert.deepEqual(front.ports, [9001, 9002]);
  const known = b!.latency.at(clock.time);

  front.sent[0]!.answer();

  assert.equal(a!.latency.at(clock.time), 350);
  assert.equal(b!.latency.at(clock.time), known);
});
