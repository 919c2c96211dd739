import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FIRST_PAUSE_MS,
  MAX_PAUSE_MS,
  RestartPolicy,
  STABLE_MS,
} from '../../../src/workers/restart-policy.ts';

test('starts a worker that died for the first time at once', () => {
  assert.equal(new RestartPolicy().delayAfter(0, 5), 0);
});

test('doubles the pause while it keeps dying quickly, up to a bound', () => {
  const policy = new RestartPolicy();

  const delays = Array.from({ length: 10 }, () => policy.delayAfter(0, STABLE_MS - 1));

  assert.deepEqual(delays, [
    0,
    500,
    1000,
    2000,
    4000,
    8000,
    16_000,
    MAX_PAUSE_MS,
    MAX_PAUSE_MS,
    MAX_PAUSE_MS,
  ]);
});

test('begins anew after a worker that stayed up', () => {
  const policy = new RestartPolicy();
  for (let i = 0; i < 5; i += 1) policy.delayAfter(0, 1);

  assert.equal(policy.delayAfter(100, 100 + STABLE_MS), 0);
  assert.equal(policy.delayAfter(0, 1), FIRST_PAUSE_MS);
});
