import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeError } from '../../../src/core/errors.ts';
import type { QueueOutcome } from '../../../src/core/telemetry.ts';
import { StartedPipeline, turn } from './started-pipeline.ts';

const LOST = exchangeError('connection-lost', 'reset');
const QUEUE = 'maxRequests: 1\nqueue: { max: 2, timeout: 1s }';

function start(instances = 1, cluster = QUEUE) {
  const outcomes: QueueOutcome[] = [];
  const telemetry = { queued: (_: unknown, outcome: QueueOutcome) => void outcomes.push(outcome) };
  return { front: new StartedPipeline(instances, { cluster, telemetry }), outcomes };
}

test('who finds all full waits, and goes in order as places become free, on the connection that is there', async () => {
  const { front, outcomes } = start();
  await front.receive({ path: '/1' });
  const [second, third] = [await front.receive({ path: '/2' }), await front.receive({ path: '/3' })];
  assert.equal(front.cluster.line?.length, 2);
  assert.equal(front.sent.length, 1);

  await front.pass(200);
  front.sent[0]!.answer();
  assert.deepEqual(
    front.sent.map(({ request }) => request.path),
    ['/1', '/2'],
  );
  front.sent[1]!.answer();
  front.sent[2]!.answer(201);

  assert.deepEqual([second.status, third.status, second.attempts], [200, 201, 1]);
  assert.equal(second.waitedMs, 200);
  assert.equal(front.connector.opened.length, 1);
  assert.equal(front.cluster.instances[0]?.inFlight, 0);
  assert.deepEqual(outcomes, ['served', 'served']);
});

test('more than may do not wait', async () => {
  const { front, outcomes } = start();
  for (let i = 0; i < 3; i++) await front.receive();

  const refused = await front.receive();

  assert.equal(refused.status, 503);
  assert.equal(refused.error?.name, 'instances-full');
  assert.match(refused.error.detail, /and 2 wait for them already$/);
  assert.deepEqual(outcomes, ['full']);
});

test('who waits too long is told so, and the next one is served all the same', async () => {
  const { front, outcomes } = start();
  await front.receive();
  const impatient = await front.receive();
  await front.pass(900);
  const later = await front.receive();
  assert.equal(impatient.status, 0);
  await front.pass(300);

  assert.equal(impatient.status, 503);
  assert.equal(impatient.error?.name, 'instances-full');
  assert.match(impatient.error.detail, /within 1000 ms$/);
  assert.equal(later.status, 0);
  front.sent[0]!.answer();
  front.sent[1]!.answer();
  assert.equal(later.status, 200);
  assert.deepEqual(outcomes, ['timeout', 'served']);
});

test('a client that goes while it waits leaves its place to those behind it', async () => {
  const { front, outcomes } = start();
  await front.receive();
  const gone = await front.receive();
  const other = await front.receive();

  gone.sink!.requestFailed(exchangeError('client-gone', 'gone'));
  assert.equal(front.cluster.line?.length, 1);
  front.sent[0]!.answer();
  front.sent[1]!.answer();

  assert.equal(gone.status, 0);
  assert.equal(other.status, 200);
  assert.equal(front.sent.length, 2);
  assert.deepEqual(outcomes, ['left', 'served']);
});

test('a client that goes while it is served makes room', async () => {
  const { front } = start();
  const gone = await front.receive();
  const waiting = await front.receive();

  gone.sink!.requestFailed(exchangeError('client-gone', 'gone'));
  await turn();
  front.sent[1]!.answer();

  assert.equal(waiting.status, 200);
});

test('a body is asked for when its request has a place', async () => {
  const { front } = start();
  await front.receive();
  const upload = await front.receive({ method: 'POST', bodyLength: 5 });
  assert.equal(upload.bodyWanted, false);

  front.sent[0]!.answer();

  assert.equal(upload.bodyWanted, true);
});

test('whoever is next does not get the instance of an attempt that has put it out of service', async () => {
  const { front } = start(1, `${QUEUE}\nhealth: { fail: 1 }`);
  await front.receive();
  const waiting = await front.receive();

  front.sent[0]!.fail(LOST, 'never');
  assert.equal(front.sent.length, 1);
  assert.equal((await front.receive()).error?.name, 'no-healthy-instance', 'nobody waits for who is out');
  await front.pass(1200);

  assert.equal(waiting.error?.name, 'no-healthy-instance');
});

test('an instance that comes back takes those who wait', async () => {
  const { front } = start(1, `${QUEUE}\nhealth: { fail: 1 }`);
  await front.receive();
  const waiting = await front.receive();
  front.sent[0]!.fail(LOST, 'never');

  front.cluster.instances[0]!.recordProbe(true, front.front.clock.time);
  await turn();
  front.sent[1]!.answer();

  assert.equal(waiting.status, 200);
});

test('a retry waits for an instance that it has not tried, before those that were never sent', async () => {
  const { front } = start(2, `${QUEUE}\nretry: { on: [connection-lost] }\nhealth: { fail: 100 }`);
  const first = await front.receive({ path: '/first' });
  await front.receive({ path: '/other' });
  const waiting = await front.receive({ path: '/waiting' });
  assert.deepEqual(front.ports, [9001, 9002]);

  front.sent[0]!.fail(LOST, 'never');
  await turn();
  assert.deepEqual(front.ports, [9001, 9002, 9001], 'what it does not want goes to who waits');
  assert.equal(front.sent[2]!.request.path, '/waiting');
  front.sent[1]!.answer();
  assert.equal(front.sent[3]!.request.path, '/first');
  front.sent[3]!.answer();
  front.sent[2]!.answer();

  assert.deepEqual([first.status, first.attempts, waiting.status], [200, 2, 200]);
});

test('a retry that waits in vain fails with what its last attempt has met', async () => {
  const { front } = start(2, `${QUEUE}\nretry: { on: [connection-lost] }\nhealth: { fail: 100 }`);
  const first = await front.receive();
  await front.receive();
  front.sent[0]!.fail(LOST, 'never');

  await front.pass(1200);

  assert.equal(first.status, 502);
  assert.equal(first.error, LOST);
});

test('what has to be sent again because its connection was dying waits, when another has taken its place', async () => {
  const { front } = start();
  const unlucky = await front.receive({ method: 'POST', path: '/unlucky' });
  await front.receive({ path: '/next' });

  front.sent[0]!.fail(LOST, 'any');
  await turn();
  assert.equal(front.sent[1]!.request.path, '/next');
  front.sent[1]!.answer();
  await turn();
  front.sent[2]!.answer();

  assert.deepEqual([unlucky.status, unlucky.attempts, front.cluster.instances[0]?.inFlight], [200, 1, 0]);
});

test('a reload that gives instances more room serves those who wait', async () => {
  const { front } = start();
  await front.receive();
  const waiting = await front.receive();

  front.reload(1, 'maxRequests: 2\nqueue: { max: 2, timeout: 1s }');
  await turn();
  front.sent[1]!.answer();

  assert.equal(waiting.status, 200);
});

for (const [what, instances, cluster] of [
  ['takes the queue away', 1, 'maxRequests: 1'],
  ['makes it shorter', 1, 'maxRequests: 1\nqueue: { max: 1, timeout: 1s }'],
  ['adds an instance', 2, QUEUE],
] as const) {
  test(`after a reload that ${what} those who wait are served, before who comes later`, async () => {
    const { front } = start();
    await front.receive();
    const waiting = [await front.receive(), await front.receive()];

    front.reload(instances, cluster);
    await turn();
    assert.equal(front.cluster.line?.length, 2);
    front.sent[0]!.answer();
    front.sent[1]!.answer();
    front.sent[2]!.answer();

    assert.deepEqual(
      waiting.map(({ status }) => status),
      [200, 200],
    );
    assert.equal(front.cluster.line?.length, 0);
  });
}

test('after a reload that takes their instance away those who wait are served by it, or told in time', async () => {
  const { front } = start(2);
  const busy = [await front.receive(), await front.receive()];
  const waiting = [await front.receive(), await front.receive()];

  front.reload(1, QUEUE);
  front.sent[1]!.answer();
  await turn();
  assert.deepEqual(front.ports, [9001, 9002, 9002]);
  await front.pass(1200);

  front.sent[2]!.answer();
  assert.deepEqual([busy[1]!.status, waiting[0]!.status, waiting[1]!.status], [200, 200, 503]);
});
