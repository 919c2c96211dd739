import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from '../../../src/balance/retry-budget.ts';

function takeAll(budget: RetryBudget, now: number): number {
  let taken = 0;
  while (budget.take(now)) taken += 1;
  return taken;
}

test('a share of the requests may be sent again, and a few of few', () => {
  const budget = new RetryBudget(0.2);
  assert.equal(takeAll(budget, 0), 10);

  for (let i = 0; i < 1000; i++) budget.count();

  assert.equal(takeAll(budget, 1), 190);
});

test('what was long ago is forgotten, and an hour of requests pays for no storm of retries', () => {
  const budget = new RetryBudget(0.2);
  takeAll(budget, 0);
  for (let i = 0; i < 360_000; i++) budget.count();

  const taken = takeAll(budget, 3_600_000);

  assert.ok(taken > 190 && taken < 220, `${taken}`);
});

test('without a share there are none', () => {
  const budget = new RetryBudget(0);
  for (let i = 0; i < 1000; i++) budget.count();

  assert.equal(takeAll(budget, 0), 0);
});
