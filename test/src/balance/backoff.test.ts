import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../../src/balance/backoff.ts';

test('the longest pause doubles with each attempt, up to ten times the first', () => {
  const backoff = new Backoff(25, () => 1);

  assert.deepEqual(
    [1, 2, 3, 4, 5, 9].map((attempts) => backoff.pauseMs(attempts)),
    [25, 50, 100, 200, 250, 250],
  );
});

test('chance decides from nothing on', () => {
  const chances = [0, 0.5, 0.75];
  const backoff = new Backoff(100, () => chances.shift()!);

  assert.deepEqual([backoff.pauseMs(1), backoff.pauseMs(1), backoff.pauseMs(2)], [0, 50, 150]);
});
