import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker } from '../../../src/balance/breaker.ts';

const SETTINGS = { failureShare: 0.5, minRequests: 4, windowMs: 1000, openMs: 500, fallback: undefined };

function report(breaker: Breaker, outcomes: string, now = 0): void {
  for (const outcome of outcomes) breaker.report(outcome === '+', now);
}

function opened(): Breaker {
  const breaker = new Breaker(SETTINGS);
  report(breaker, '++--');
  assert.equal(breaker.state, 'open');
  return breaker;
}

test('opens when the share is reached by enough requests of one window, and not before', () => {
  const breaker = new Breaker(SETTINGS);

  report(breaker, '---');
  assert.equal(breaker.state, 'closed', 'too few');
  report(breaker, '++++-', 0);
  assert.equal(breaker.state, 'open');
  const slow = new Breaker(SETTINGS);
  report(slow, '---', 0);
  report(slow, '---', 1001);
  assert.equal(slow.state, 'closed', 'not in one window');
  const well = new Breaker(SETTINGS);
  report(well, '+++-+-+-+-');
  assert.equal(well.state, 'closed');
});

test('lets nothing through while open, then one at a time, and closes when that one is well', () => {
  const breaker = opened();

  assert.equal(breaker.allows(499), false);
  assert.equal(breaker.retryAfterSeconds(100), 1);
  assert.equal(breaker.allows(500), true);
  assert.equal(breaker.allows(501), false, 'one at a time');
  breaker.report(true, 502);
  assert.equal(breaker.state, 'closed');
  assert.equal(breaker.allows(503), true);
  assert.equal(breaker.retryAfterSeconds(503), undefined);
});

test('opens again when the one that was tried fails, and tries another when its client has gone', () => {
  const breaker = opened();

  assert.equal(breaker.allows(500), true);
  breaker.report(false, 600);
  assert.equal(breaker.allows(1099), false);
  assert.equal(breaker.allows(1100), true);
  breaker.withdraw();
  assert.equal(breaker.allows(1101), true);
});

test('what was under way when it opened changes nothing', () => {
  const breaker = opened();

  report(breaker, '+++++', 100);

  assert.equal(breaker.state, 'open');
});
