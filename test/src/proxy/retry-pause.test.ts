import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { StartedPipeline, turn } from './started-pipeline.ts';

const LOST = exchangeError('connection-lost', 'reset');
const BACKOFF = `retry: { attempts: 3, on: [connect-failure, connection-lost, 503], backoff: 400ms }
health: { fail: 100 }`;

/** Every pause is as long as it can be, or what `chance` says of it. */
function start(t: TestContext, instances: number, cluster = BACKOFF, chance = 0.999_999): StartedPipeline {
  t.mock.method(Math, 'random', () => chance);
  return new StartedPipeline(instances, { cluster });
}

test('a failed attempt is followed by another after a pause, the next after a longer one', async (t) => {
  const front = start(t, 3);
  const exchange = await front.receive();

  front.sent[0]!.fail(LOST, 'never');
  await front.pass(350);
  assert.equal(front.sent.length, 1);
  assert.equal(front.cluster.instances[0]?.inFlight, 0);
  await front.pass(150);
  assert.equal(front.sent.length, 2);
  front.sent[1]!.answer(503);
  await front.pass(750);
  assert.equal(front.sent.length, 2);
  await front.pass(150);
  front.sent[2]!.answer(200);

  assert.deepEqual(front.ports, [9001, 9002, 9003]);
  assert.deepEqual([exchange.status, exchange.attempts], [200, 3]);
});

test('chance may make a pause short', async (t) => {
  const front = start(t, 2, BACKOFF, 0);
  await front.receive();

  front.sent[0]!.fail(LOST, 'never');
  assert.equal(front.sent.length, 1);
  await front.pass(150);

  assert.equal(front.sent.length, 2);
});

test('a connection that failed is a reason for a pause, one that died unnoticed is none', async (t) => {
  const front = start(t, 2);
  await front.receive();
  front.sent[0]!.fail(LOST, 'idempotent');
  await turn();
  assert.equal(front.sent.length, 2);

  const refused = start(t, 2);
  refused.connector.onOpen = () => {};
  await refused.receive();
  refused.connector.opened[0]!.fail();
  await turn();
  assert.equal(refused.connector.opened.length, 1);
  await refused.pass(550);
  assert.equal(refused.connector.opened.length, 2);
});

test('without a backoff there is no pause', async (t) => {
  const front = start(t, 2, 'retry: { on: [connection-lost] }');
  await front.receive();

  front.sent[0]!.fail(LOST, 'never');
  await turn();

  assert.equal(front.sent.length, 2);
});

test('a client that goes in a pause is not sent anywhere any more', async (t) => {
  const front = start(t, 2);
  const exchange = await front.receive();
  front.sent[0]!.fail(LOST, 'never');

  exchange.sink!.requestFailed(exchangeError('client-gone', 'gone'));
  await front.pass(1000);

  assert.equal(front.sent.length, 1);
  assert.equal(exchange.error?.name, 'client-gone');
});

test('the total ends a pause', async (t) => {
  const front = start(t, 2, `${BACKOFF}\ntimeouts: { total: 200ms }`);
  const exchange = await front.receive();
  front.sent[0]!.fail(LOST, 'never');

  await front.pass(350);
  assert.equal(exchange.error?.name, 'total-timeout');
  await front.pass(1000);

  assert.equal(front.sent.length, 1);
});

test('what of the body comes in a pause is not lost', async (t) => {
  const front = start(t, 2);
  const exchange = await front.receive({ method: 'PUT', bodyLength: UNKNOWN_LENGTH });
  const write = (text: string) => exchange.sink!.bodyData(Buffer.from(text), 0, text.length, undefined);
  write('one ');
  front.sent[0]!.fail(LOST, 'never');

  assert.equal(write('two'), false, 'more is held back');
  exchange.sink!.bodyEnd([]);
  await front.pass(550);

  assert.equal(front.sent[1]!.body, 'one two');
});

test('with everybody out after the pause, the last error is the answer', async (t) => {
  const front = start(t, 2);
  const exchange = await front.receive();
  front.sent[0]!.fail(LOST, 'never');
  for (let i = 0; i < 100; i++) front.cluster.instances[1]!.recordProbe(false, front.front.clock.time);

  await front.pass(550);

  assert.equal(exchange.error, LOST);
  assert.equal(exchange.status, 502);
});
