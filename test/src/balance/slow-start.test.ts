import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../src/balance/cluster.ts';
import { buildClusters } from '../../../src/balance/cluster.ts';
import type { Instance } from '../../../src/balance/instance.ts';
import type { BalanceKind, ClusterSettings } from '../../../src/core/settings.ts';
import { clusterSettings, instanceSettings } from './cluster-settings.ts';

const SLOW_START_MS = 10_000;
const KINDS: readonly BalanceKind[] = ['round-robin', 'least-connections', 'random-two', 'peak-ewma'];

function settings(weights: readonly number[], changes: Partial<ClusterSettings> = {}): ClusterSettings {
  return { ...clusterSettings(weights, { fail: 1 }), slowStartMs: SLOW_START_MS, ...changes };
}

function build(cluster: ClusterSettings, previous?: Cluster, now = 0): Cluster {
  const known = previous && new Map([[previous.name, previous]]);
  return buildClusters([cluster], known, now).get(cluster.name)!;
}

/** The part of so many choices that fall upon an instance, enough for chance to be ten times below what is allowed; nothing is under way. */
function share(cluster: Cluster, instance: Instance, now: number, count = 110_000): number {
  let times = 0;
  for (let i = 0; i < count; i++) if (cluster.choose([], false, 0, now) === instance) times += 1;
  return times / count;
}

/** A cluster of two, of which the second was ejected, and is back at 1000. */
function recovered(balance: BalanceKind, weights: readonly number[] = [1, 1]): Cluster {
  const cluster = build(settings(weights, { balance }));
  cluster.instances[1]!.recordFailure(500);
  cluster.instances[1]!.recordProbe(true, 1000);
  return cluster;
}

for (const balance of KINDS) {
  describe(balance, () => {
    test('gives an instance that is back a tenth of its weight, then more, then all of it', () => {
      const cluster = recovered(balance);
      const back = cluster.instances[1]!;

      // A weight of w beside one of 1.
      for (const [now, weight] of [
        [1000, 0.1],
        [3500, 0.325],
        [6000, 0.55],
        [10_999, 1],
        [11_000, 1],
        [99_000, 1],
      ] as const) {
        const found = share(cluster, back, now);
        assert.ok(Math.abs(found - weight / (1 + weight)) < 0.015, `${found} at ${now}`);
      }
    });

    test('gives it the same part of a larger weight', () => {
      const cluster = recovered(balance, [1, 10]);

      assert.ok(Math.abs(share(cluster, cluster.instances[1]!, 1000) - 0.5) < 0.015);
      assert.ok(Math.abs(share(cluster, cluster.instances[1]!, 11_000) - 10 / 11) < 0.015);
    });

    test('gives it everything at once where it is the only one', () => {
      const cluster = recovered(balance);
      cluster.instances[0]!.recordFailure(1000);

      assert.equal(share(cluster, cluster.instances[1]!, 1000), 1);
    });

    test('does not hold back those that are there when the process begins', () => {
      const cluster = build(settings([1, 1], { balance }), undefined, 5000);

      assert.ok(Math.abs(share(cluster, cluster.instances[0]!, 5000) - 0.5) < 0.015);
    });

    test('holds back who is new in a cluster that was there, and lets a reload not begin it anew', () => {
      const before = build(settings([1], { balance }));
      const after = build(settings([1, 1], { balance }), before, 1000);
      assert.ok(Math.abs(share(after, after.instances[1]!, 1000) - 1 / 11) < 0.015);

      const again = build(settings([1, 1], { balance }), after, 6000);

      assert.equal(again.instances[1], after.instances[1]);
      assert.ok(Math.abs(share(again, again.instances[1]!, 6000) - 0.55 / 1.55) < 0.015);
    });
  });
}

test('round-robin spreads even a tenth, and goes round again when the time is over', () => {
  const cluster = recovered('round-robin', [1, 1]);
  const choices = (count: number, now: number): string =>
    Array.from({ length: count }, () => cluster.choose([], false, 0, now)?.address.host).join('');

  assert.match(choices(22, 1000), /^a{1,10}ba{10}ba*$/);
  assert.match(choices(6, 11_000), /^(ab){3}$|^(ba){3}$/);
});

test('least-connections holds by weight what is under way, too', () => {
  const cluster = recovered('least-connections');

  for (let i = 0; i < 110; i++) cluster.choose([], false, 0, 1000)!.inFlight += 1;

  assert.deepEqual(
    cluster.instances.map(({ inFlight }) => inFlight),
    [100, 10],
  );
});

for (const balance of ['random-two', 'peak-ewma'] as const) {
  test(`${balance} gives who is back no more than two and a half times its share while the others are busy`, () => {
    const cluster = build(settings([1, 1, 1, 1], { balance }));
    const back = cluster.instances[3]!;
    back.recordFailure(500);
    back.recordProbe(true, 1000);
    for (const instance of cluster.instances.slice(0, 3)) instance.inFlight = 100;

    // A tenth beside three of 1 is 0.032 of all.
    assert.ok(share(cluster, back, 1000) < 0.085);
  });
}

test('all weights are full at once when it is switched off, and counted from the return when switched on', () => {
  const before = recovered('round-robin');
  const off = build(settings([1, 1], { slowStartMs: undefined }), before, 2000);
  assert.equal(share(off, off.instances[1]!, 2000), 0.5);

  const on = build(settings([1, 1], { slowStartMs: 2000 }), off, 2000);

  assert.ok(Math.abs(share(on, on.instances[1]!, 2000) - 0.55 / 1.55) < 0.015);
});

test('a cluster asks for the time only where it has use for it', () => {
  assert.equal(build(settings([1], { slowStartMs: undefined })).wantsTime, false);
  assert.equal(build(settings([1])).wantsTime, true);
  assert.equal(build(settings([1], { slowStartMs: undefined, balance: 'peak-ewma' })).wantsTime, true);
});

test('an address that joins again is new', () => {
  const before = build(settings([1, 1]));
  const without = build({ ...settings([]), instances: [instanceSettings('a')] }, before, 100);
  const after = build(settings([1, 1]), without, 1000);

  assert.notEqual(after.instances[1], before.instances[1]);
  assert.ok(Math.abs(share(after, after.instances[1]!, 1000) - 1 / 11) < 0.015);
});
