import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseAfter, renewalTime, type Standing } from '../../../src/acme/renewal.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const START = Date.parse('2026-01-01');
const STANDING: Standing = { notBefore: START, notAfter: START + 90 * DAY, coversHosts: true };
const SHORT: Standing = { ...STANDING, notAfter: START + 6 * DAY };

test('what is missing, or lacks a host, is due at once', () => {
  assert.equal(renewalTime(undefined, undefined, undefined, 0.5), 0);
  assert.equal(renewalTime({ ...STANDING, coversHosts: false }, undefined, undefined, 0.5), 0);
});

test('a third of its life before its end, or a little earlier', () => {
  assert.equal(renewalTime(STANDING, undefined, undefined, 0), START + 60 * DAY);
  assert.equal(renewalTime(STANDING, undefined, undefined, 1), START + 57 * DAY);
  assert.equal(renewalTime(SHORT, undefined, undefined, 0), START + 4 * DAY);
});

test('as long before its end as the configuration says, but never in the first fifth of its life', () => {
  assert.equal(renewalTime(STANDING, 10 * DAY, undefined, 0), START + 80 * DAY);
  assert.equal(renewalTime(SHORT, 24 * DAY, undefined, 0), START + 1.2 * DAY);
});

test('within the window of the CA, unless that is too late or the configuration says earlier', () => {
  const window = { start: START + 40 * DAY, end: START + 50 * DAY };

  assert.equal(renewalTime(STANDING, undefined, window, 0.5), START + 45 * DAY);
  assert.equal(renewalTime(STANDING, 20 * DAY, window, 0.5), START + 45 * DAY);
  assert.equal(renewalTime(STANDING, 60 * DAY, window, 0), START + 30 * DAY);
  const late = { start: START + 1000 * DAY, end: START + 2000 * DAY };
  assert.equal(renewalTime(STANDING, undefined, late, 0), START + 81 * DAY);
});

test('failures are followed by pauses that grow, to six hours', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 100].map(
    (failures) => pauseAfter(failures, undefined, false, 0) / 60_000,
  );

  assert.deepEqual(pauses, [1, 4, 16, 64, 256, 360, 360]);
  assert.equal(pauseAfter(1, undefined, false, 1), 66_000);
});

test('the CA may ask for longer ones, to a day', () => {
  assert.equal(pauseAfter(1, 2 * HOUR, false, 0), 2 * HOUR);
  assert.equal(pauseAfter(6, 1000, false, 0), 6 * HOUR);
  assert.equal(pauseAfter(1, undefined, true, 0), HOUR);
  assert.equal(pauseAfter(1, 1000 * DAY, true, 0), DAY);
});
