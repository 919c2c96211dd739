import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseHead, UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import type { RecordedExchange } from '../../support/recorded-exchange.ts';
import { StartedPipeline, turn } from './started-pipeline.ts';

const LOST = exchangeError('connection-lost', 'reset');
const TOTAL = 'timeouts: { total: 1s }\nhealth: { fail: 1, maxEjected: 100% }';

function assertTimedOut(exchange: RecordedExchange): void {
  assert.equal(exchange.status, 504);
  assert.equal(exchange.error?.name, 'total-timeout');
  assert.match(exchange.error.detail, /within 1000 ms in all$/);
}

test('a request without a response in all the time is answered 504, and its instance blamed', async () => {
  const front = new StartedPipeline(1, { cluster: TOTAL });
  const exchange = await front.receive();

  await front.pass(1000);
  assert.equal(exchange.status, 0);
  await front.pass(150);

  assertTimedOut(exchange);
  assert.ok(front.sent[0]!.isAborted);
  assert.equal(front.cluster.instances[0]?.state, 'ejected');
  assert.equal(front.cluster.instances[0].inFlight, 0);
});

test('a connection that does not come to stand in all the time counts the same', async () => {
  const front = new StartedPipeline(1, { cluster: TOTAL, accepts: false });
  const exchange = await front.receive();

  await front.pass(1150);
  front.connector.opened[0]!.accept(8);

  assertTimedOut(exchange);
  assert.equal(front.sent.length, 0);
  assert.equal(front.cluster.instances[0]?.state, 'ejected');
});

test('all attempts have the time together, and the last one is not blamed for the others', async () => {
  const front = new StartedPipeline(2, { cluster: `${TOTAL}\nretry: { on: [connection-lost] }` });
  const exchange = await front.receive();
  await front.pass(800);
  front.sent[0]!.fail(LOST, 'never');
  await turn();
  await front.pass(350);

  assertTimedOut(exchange);
  assert.equal(exchange.attempts, 2);
  assert.ok(front.sent[1]!.isAborted);
  assert.deepEqual(
    front.cluster.instances.map(({ state }) => state),
    ['ejected', 'healthy'],
  );
});

test('the time in line is part of it, and who waits leaves the line', async () => {
  const queue = 'maxRequests: 1\nqueue: { timeout: 10s }';
  const front = new StartedPipeline(1, { cluster: `${TOTAL}\n${queue}` });
  await front.receive();
  await front.pass(500);
  const waiting = await front.receive();
  await front.pass(1150);

  assertTimedOut(waiting);
  assert.equal(front.cluster.line?.length, 0);
  assert.equal(front.sent.length, 1);
});

test('an instance that has not got the whole request is not blamed', async () => {
  const front = new StartedPipeline(1, { cluster: TOTAL });
  const exchange = await front.receive({ method: 'POST', bodyLength: UNKNOWN_LENGTH });
  exchange.sink!.bodyData(Buffer.from('half'), 0, 4, undefined);

  await front.pass(1150);

  assertTimedOut(exchange);
  assert.equal(front.cluster.instances[0]?.state, 'healthy');
});

test('once there is a head the body may take its time', async () => {
  const front = new StartedPipeline(1, { cluster: TOTAL });
  const exchange = await front.receive();

  front.sent[0]!.sink.response(new ResponseHead(200, '', [], UNKNOWN_LENGTH), false);
  await front.pass(5000);
  front.sent[0]!.sink.responseEnd([]);

  assert.equal(exchange.status, 200);
  assert.equal(exchange.error, undefined);
});

test('a client that goes leaves no deadline behind', async () => {
  const front = new StartedPipeline(1, { cluster: TOTAL });
  const exchange = await front.receive();

  exchange.sink!.requestFailed(exchangeError('client-gone', 'gone'));
  await front.pass(1150);

  assert.equal(exchange.status, 0);
  assert.equal(exchange.error?.name, 'client-gone');
  assert.equal(front.cluster.instances[0]?.state, 'healthy');
});
