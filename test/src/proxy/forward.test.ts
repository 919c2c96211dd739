import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RequestHeadFields, ResponseHead, UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import type { Repeat } from '../../../src/core/upstream.ts';
import { StartedPipeline, turn } from './started-pipeline.ts';

const REFUSED = exchangeError('connection-lost', 'refused by the instance');

test('what an instance says that it has not processed is sent again whatever the method, to another one first', async () => {
  const front = new StartedPipeline(2);
  const { sent } = front;
  const exchange = await front.receive({ method: 'POST' });
  await front.receive({ method: 'POST' });

  sent[0]!.fail(REFUSED, 'any');
  await turn();
  assert.equal(sent.length, 3);
  sent[2]!.sink.response(new ResponseHead(200, '', [], 0), false);
  sent[2]!.sink.responseEnd([]);

  assert.equal(exchange.status, 200);
  assert.equal(exchange.attempts, 1);
  assert.equal(exchange.error, undefined);
  assert.deepEqual(
    sent.map(({ port }) => port),
    [9001, 9002, 9002],
  );
});

test('an instance that refuses for ever costs an error after three repetitions, and is blamed for it', async () => {
  const front = new StartedPipeline(1);
  const { sent, cluster } = front;
  const exchange = await front.receive({ method: 'POST' });

  for (let i = 0; i < sent.length && i < 100; i++) {
    sent[i]!.fail(REFUSED, 'any');
    await turn();
  }

  assert.equal(sent.length, 4);
  assert.equal(exchange.status, 502);
  assert.equal(exchange.error, REFUSED);
  assert.equal(cluster.instances[0]?.consecutiveFailures, 1);
  assert.equal(cluster.instances[0]?.inFlight, 0);
});

test('an instance that dies under each repetition costs an error after three of them', async () => {
  const front = new StartedPipeline(1);
  const { sent } = front;
  const exchange = await front.receive({ method: 'GET' });

  for (let i = 0; i < sent.length && i < 100; i++) {
    sent[i]!.fail(REFUSED, 'idempotent');
    await turn();
  }

  assert.equal(sent.length, 4);
  assert.equal(exchange.status, 502);
});

for (const [what, head, repeat] of [
  ['a POST that may have been processed', { method: 'POST' }, 'idempotent'],
  ['a GET that was begun to be answered', { method: 'GET' }, 'never'],
  ['a request whose body was begun', { method: 'PUT', bodyLength: UNKNOWN_LENGTH }, 'any'],
] as const satisfies readonly (readonly [string, Partial<RequestHeadFields>, Repeat])[]) {
  test(`${what} is not sent again`, async () => {
    const front = new StartedPipeline(2);
    const { sent } = front;
    const exchange = await front.receive(head);

    sent[0]!.fail(REFUSED, repeat);
    await turn();

    assert.equal(sent.length, 1);
    assert.equal(exchange.status, 502);
  });
}

test('what is sent again looks for no place among others', async () => {
  const front = new StartedPipeline(1);
  const { sent, cluster } = front;
  const pool = front.pools.of(cluster.instances[0]!);
  const asked: string[] = [];
  pool.takeShared = ({ path }) => void asked.push(path);
  await front.receive({ path: '/a' });

  sent[0]!.fail(REFUSED, 'any');
  await turn();

  assert.equal(sent.length, 2);
  assert.deepEqual(asked, ['/a']);
});

test('who goes while waiting for a connection that others wait for too leaves them theirs', async () => {
  const front = new StartedPipeline(1, { accepts: false });
  const { sent, connector } = front;
  const [gone, other] = [await front.receive({}), await front.receive({})];
  assert.equal(connector.opened.length, 1);

  gone.sink!.requestFailed(exchangeError('client-gone', 'gone'));
  connector.opened[0]!.accept(8);

  assert.equal(sent.length, 1);
  sent[0]!.sink.response(new ResponseHead(204, '', [], 0), false);
  assert.equal(other.status, 204);
  assert.equal(gone.status, 0);
});
