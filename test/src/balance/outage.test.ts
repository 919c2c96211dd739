import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildClusters, type Cluster } from '../../../src/balance/cluster.ts';
import type { HealthSettings } from '../../../src/core/settings.ts';
import { clusterSettings } from './cluster-settings.ts';

/** A cluster of so many instances that one failure ejects, and what it says of panic. */
function build(
  count: number,
  health: Partial<HealthSettings>,
  previous?: Cluster,
): { readonly cluster: Cluster; readonly told: string[] } {
  const told: string[] = [];
  const settings = clusterSettings(Array<number>(count).fill(1), { fail: 1, ...health });
  const known = previous && new Map([['web', previous]]);
  const clusters = buildClusters([settings], known, 0, (name, isPanic) => told.push(`${name} ${isPanic}`));
  return { cluster: clusters.get('web')!, told };
}

function ejected({ instances }: Cluster): number {
  return instances.filter(({ state }) => state === 'ejected').length;
}

test('failures of requests take no more out than the cap, probes take all', () => {
  const { cluster } = build(5, { maxEjectedShare: 0.5 });

  const out = cluster.instances.map((instance) => instance.recordFailure(1));
  assert.deepEqual(out, [true, true, false, false, false]);
  for (const instance of cluster.instances) instance.recordProbe(false, 2);

  assert.equal(ejected(cluster), 5);
  assert.equal(cluster.choose([]), undefined);
});

test('who goes on failing goes out as soon as another is back', () => {
  const { cluster } = build(2, { maxEjectedShare: 0.5 });
  const [a, b] = cluster.instances;
  a!.recordFailure(1);
  assert.equal(b!.recordFailure(1), false);

  a!.recordProbe(true, 2);

  assert.equal(b!.recordFailure(3), true);
});

test('what probes have ejected takes no place from requests', () => {
  const { cluster } = build(4, { maxEjectedShare: 0.5 });
  const [a, b, c, d] = cluster.instances;
  a!.recordProbe(false, 1);
  b!.recordProbe(false, 1);

  assert.equal(c!.recordFailure(2), true);
  a!.recordProbe(true, 3);
  assert.equal(d!.recordFailure(4), true);
});

test('half of one instance is none', () => {
  const { cluster } = build(1, { maxEjectedShare: 0.5 });

  for (let i = 0; i < 10; i++) assert.equal(cluster.instances[0]!.recordFailure(i), false);
});

test('when more are out than panic says, all are used until enough are back', () => {
  const { cluster, told } = build(4, { panicShare: 0.5 });
  const [a, b, c, d] = cluster.instances;
  const used = (): string =>
    [...new Set(Array.from({ length: 12 }, () => cluster.choose([])?.address.host))].toSorted().join('');
  a!.recordFailure(1);
  b!.recordProbe(false, 1);
  assert.deepEqual([used(), cluster.outage.isPanic, told], ['cd', false, []], 'half is not more than half');

  c!.recordFailure(2);
  assert.deepEqual([used(), cluster.outage.isPanic, told], ['abcd', true, ['web true']]);
  d!.recordFailure(3);
  assert.equal(used(), 'abcd');
  assert.equal(cluster.choose([a!, b!, c!]), d, 'who was tried is not tried again');
  d!.recordProbe(true, 4);
  assert.deepEqual([used(), told], ['abcd', ['web true']]);
  a!.recordProbe(true, 5);

  assert.deepEqual([used(), cluster.outage.isPanic, told], ['ad', false, ['web true', 'web false']]);
});

test('without panic nobody is used who is out', () => {
  const { cluster, told } = build(2, {});
  for (const instance of cluster.instances) instance.recordFailure(1);

  assert.equal(cluster.choose([]), undefined);
  assert.deepEqual(told, []);
});

test('a reload goes on with what is out, and tells of panic only what it changes', () => {
  const before = build(4, { panicShare: 0.5, maxEjectedShare: 0.75 });
  for (const instance of before.cluster.instances.slice(0, 3)) instance.recordFailure(1);
  assert.deepEqual(before.told, ['web true']);

  const same = build(4, { panicShare: 0.5, maxEjectedShare: 0.75 }, before.cluster);
  assert.deepEqual([same.told, same.cluster.outage.isPanic], [[], true]);
  assert.equal(same.cluster.instances[3]!.recordFailure(2), false, 'three of four are out for requests');
  const calm = build(4, { panicShare: 0.75 }, same.cluster);
  assert.deepEqual([calm.told, calm.cluster.outage.isPanic], [['web false'], false]);
  const larger = build(9, { panicShare: 0.2 }, calm.cluster);
  assert.deepEqual(larger.told, ['web true']);
  for (const instance of larger.cluster.instances.slice(0, 3)) instance.recordProbe(true, 3);
  assert.deepEqual(larger.told, ['web true', 'web false']);
});

test('it counts right whatever happens', () => {
  const event = fc.tuple(fc.nat(4), fc.constantFrom('failure', 'ill', 'well', 'reload'));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const health = { maxEjectedShare: 0.4, panicShare: 0.6 };
      let { cluster } = build(5, health);
      for (const [i, what] of events) {
        const instance = cluster.instances[i]!;
        if (what === 'reload') cluster = build(5, health, cluster).cluster;
        else if (what === 'failure') instance.recordFailure(1);
        else instance.recordProbe(what === 'well', 1);

        const byRequests = cluster.instances.filter(({ isEjectedByRequests }) => isEjectedByRequests);
        assert.ok(byRequests.length <= 2);
        assert.equal(cluster.outage.mayEject, byRequests.length < 2);
        assert.equal(cluster.outage.isPanic, ejected(cluster) > 3);
        for (const { isUsable, isHealthy } of cluster.instances)
          assert.equal(isUsable, isHealthy || ejected(cluster) > 3);
      }
    }),
  );
});
