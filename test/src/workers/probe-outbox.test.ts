import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeResult } from '../../../src/core/probe-result.ts';
import { ProbeOutbox } from '../../../src/workers/probe-outbox.ts';

test('what comes within the delay goes out together', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { outbox, sent } = recorded(50);

  for (let i = 0; i < 10_000; i++) outbox.add([result(`${i}`)]);
  assert.equal(sent.length, 0);
  t.mock.timers.tick(50);

  assert.deepEqual(
    sent.map(({ results }) => results.length),
    [10_000],
  );
});

test('one message is under way at a time, and of each instance the newest result waits', () => {
  const { outbox, sent } = recorded(0);

  for (let i = 0; i < 1000; i++) outbox.add([result('a', i % 2 === 0), result('b')]);
  assert.equal(sent.length, 1);
  sent[0]!.done();

  assert.deepEqual(sent[1]!.results, [result('a', false), result('b')]);
  sent[1]!.done();
  assert.equal(sent.length, 2, 'nothing is sent when there is nothing');
});

function recorded(delayMs: number) {
  const sent: { results: readonly ProbeResult[]; done: () => void }[] = [];
  return { outbox: new ProbeOutbox(delayMs, (results, done) => sent.push({ results, done })), sent };
}

function result(address: string, ok = true): ProbeResult {
  return { cluster: 'web', address, ok, isDown: !ok };
}
