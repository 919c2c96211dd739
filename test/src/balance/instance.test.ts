import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Instance } from '../../../src/balance/instance.ts';
import type { HealthSettings } from '../../../src/core/settings.ts';
import { healthSettings, instanceSettings } from './cluster-settings.ts';

function instance(health: Partial<HealthSettings> = {}): Instance {
  return new Instance('web', instanceSettings('a', 2), 0, healthSettings(health));
}

test('begins healthy, with the facts of its settings', () => {
  const a = instance();

  assert.deepEqual(
    [a.cluster, a.address.text, a.weight, a.index, a.state, a.inFlight, a.ejectedAt, a.missingProbes],
    ['web', 'a:80', 2, 0, 'healthy', 0, undefined, 0],
  );
});

test('is ejected by the configured number of request failures in a row, and says so once', () => {
  const a = instance({ fail: 3 });

  assert.deepEqual(
    [1, 2, 3, 4].map((now) => a.recordFailure(now)),
    [false, false, true, false],
  );
  assert.deepEqual([a.state, a.ejectedAt, a.ejections], ['ejected', 3, 1]);
});

test('forgets request failures at the first success', () => {
  const a = instance({ fail: 2 });

  a.recordFailure(1);
  a.recordSuccess(0);

  assert.equal(a.consecutiveFailures, 0);
  assert.equal(a.recordFailure(2), false);
  assert.equal(a.recordFailure(3), true);
});

test('is ejected by the configured number of probe failures in a row', () => {
  const a = instance({ fail: 2 });

  assert.equal(a.recordProbe(false, 1), undefined);
  assert.equal(a.recordProbe(true, 2), undefined);
  assert.equal(a.recordProbe(false, 3), undefined);
  assert.equal(a.recordProbe(false, 4), 'ejected');
  assert.equal(a.ejectedAt, 4);
});

test('does not let probes that succeed hide requests that fail, nor the other way round', () => {
  const byRequests = instance({ fail: 2 });
  byRequests.recordFailure(1);
  byRequests.recordProbe(true, 2);
  assert.equal(byRequests.recordFailure(3), true);

  const byProbes = instance({ fail: 2 });
  byProbes.recordProbe(false, 1);
  byProbes.recordSuccess(0);
  assert.equal(byProbes.recordProbe(false, 2), 'ejected');
});

test('is brought back by the configured number of probe successes in a row', () => {
  const a = instance({ fail: 1, pass: 3 });
  a.recordFailure(1);

  assert.equal(a.missingProbes, 3);
  assert.equal(a.recordProbe(true, 2), undefined);
  assert.equal(a.recordProbe(true, 3), undefined);
  assert.equal(a.missingProbes, 1);
  assert.equal(a.recordProbe(false, 4), undefined);
  assert.equal(a.missingProbes, 3);
  a.recordProbe(true, 5);
  a.recordProbe(true, 6);
  assert.equal(a.recordProbe(true, 7), 'restored');
  assert.deepEqual([a.state, a.ejectedAt, a.ejections, a.consecutiveFailures], ['healthy', undefined, 1, 0]);
});

test('counts probe successes for its return only from its ejection on', () => {
  const a = instance({ fail: 1, pass: 2 });
  a.recordProbe(true, 1);
  a.recordProbe(true, 2);

  a.recordFailure(3);

  assert.equal(a.recordProbe(true, 4), undefined);
  assert.equal(a.recordProbe(true, 5), 'restored');
});

test('takes what another process makes of its probes, which may have seen more of them', () => {
  const a = instance({ fail: 3, pass: 3 });

  assert.equal(a.recordProbe(false, 1, true), 'ejected');
  assert.equal(a.recordProbe(true, 2, true), undefined);
  assert.equal(a.recordProbe(true, 3, false), 'restored');

  for (let now = 4; now < 7; now++) a.recordFailure(now);
  assert.equal(a.isProbedDown, false);
  assert.equal(a.recordProbe(true, 7, false), undefined, 'probes from before its ejection do not count');
  a.recordProbe(true, 8, false);
  assert.equal(a.recordProbe(true, 9, false), 'restored');
});

test('is not brought back by probes that pass after one that brought it down, before they are enough', () => {
  const a = instance({ fail: 1, pass: 2 });
  a.recordFailure(1);
  a.recordProbe(false, 2);

  assert.equal(a.isProbedDown, true);
  assert.equal(a.recordProbe(true, 3), undefined);
  assert.equal(a.isProbedDown, true);
  assert.equal(a.recordProbe(true, 4), 'restored');
  assert.equal(a.isProbedDown, false);
});

test('is not brought back by a request that was under way and ends well', () => {
  const a = instance({ fail: 1 });
  a.recordFailure(1);

  a.recordSuccess(0);

  assert.equal(a.state, 'ejected');
});

test('needs as many failures as at first to be ejected again', () => {
  const a = instance({ fail: 2 });
  a.recordFailure(1);
  a.recordFailure(2);
  a.recordFailure(3);
  a.recordProbe(true, 4);

  assert.equal(a.recordFailure(5), false);
  assert.equal(a.recordFailure(6), true);
  assert.equal(a.ejections, 2);
});

test('takes new weight and thresholds without losing health and load', () => {
  const a = instance({ fail: 1, pass: 1 });
  a.inFlight = 7;
  a.recordFailure(1);

  a.applySettings(instanceSettings('a', 9), 4, healthSettings({ pass: 2 }));

  assert.deepEqual([a.weight, a.index, a.inFlight, a.state, a.missingProbes], [9, 4, 7, 'ejected', 2]);
});

const RATE = { failureShare: 0.5, minRequests: 4, windowMs: 1000 };

test('is ejected when too many of the requests of a window failed, in a row or not', () => {
  const a = instance({ fail: 100, failRate: RATE });

  a.recordSuccess(0);
  assert.equal(a.recordFailure(1), false);
  a.recordSuccess(2);
  assert.equal(a.recordFailure(3), true, 'two of four');
});

test('says nothing of fewer requests than asked for, nor of a share below', () => {
  const few = instance({ fail: 100, failRate: RATE });
  for (let i = 0; i < 3; i++) assert.equal(few.recordFailure(i), false);

  const some = instance({ fail: 100, failRate: RATE });
  for (let i = 0; i < 300; i++) {
    some.recordSuccess(i);
    some.recordSuccess(i);
    assert.equal(some.recordFailure(i), false);
  }
});

test('counts failures of one window together only, and of one life', () => {
  const slow = instance({ fail: 100, failRate: RATE });
  for (let i = 0; i < 20; i++) assert.equal(slow.recordFailure(i * 500), false);

  const back = instance({ fail: 100, failRate: RATE });
  for (let i = 0; i < 4; i++) back.recordFailure(0);
  assert.equal(back.state, 'ejected');
  back.recordProbe(true, 1);
  for (let i = 0; i < 3; i++) assert.equal(back.recordFailure(2), false);
  assert.equal(back.recordFailure(2), true);
});

test('keeps what it has counted over a reload that does not change how', () => {
  const a = instance({ fail: 100, failRate: RATE });
  for (let i = 0; i < 3; i++) a.recordFailure(0);

  a.applySettings(instanceSettings('a'), 0, healthSettings({ fail: 100, failRate: { ...RATE } }));
  assert.equal(a.recordFailure(1), true);

  const b = instance({ fail: 100, failRate: RATE });
  for (let i = 0; i < 3; i++) b.recordFailure(0);
  b.applySettings(
    instanceSettings('a'),
    0,
    healthSettings({ fail: 100, failRate: { ...RATE, minRequests: 3 } }),
  );
  assert.equal(b.recordFailure(1), false);
});
