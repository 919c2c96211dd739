import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildClusters, type Cluster } from '../../../src/balance/cluster.ts';
import type { Instance } from '../../../src/balance/instance.ts';
import { murmur3 } from '../../../src/core/murmur3.ts';
import type { ClusterSettings, SubClusterSettings } from '../../../src/core/settings.ts';
import { clusterSettings } from './cluster-settings.ts';

const POOLS: readonly SubClusterSettings[] = [
  { name: 'west', weight: 1, isBlackhole: false, instances: [2, 3] },
  { name: 'east', weight: 3, isBlackhole: false, instances: [0, 1] },
  { name: 'spare', weight: 0, isBlackhole: false, instances: [4] },
];

/** Instances a b of east, c d of west, e on standby. */
function build(changes: Partial<ClusterSettings> = {}, previous?: Cluster): Cluster {
  const settings = { ...clusterSettings([1, 1, 1, 1, 1], { fail: 1 }), subClusters: POOLS, ...changes };
  return buildClusters([settings], previous && new Map([['web', previous]])).get('web')!;
}

function choices(cluster: Cluster, count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const key = murmur3(`user-${i}`);
    return cluster.choose([], false, key, 0, cluster.enter(key))?.address.host ?? '-';
  }).join('');
}

function count(text: string, letters: string): number {
  return [...text].filter((letter) => letters.includes(letter)).length;
}

test('requests are divided by the weights of the pools, and within each by its own', () => {
  const chosen = choices(build(), 40);

  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((letter) => count(chosen, letter)),
    [15, 15, 5, 5, 0],
  );
});

test('a key has its pool, and pools their shares of the keys, whatever the order of the file', () => {
  const hashing = { balance: 'maglev', hashOn: { kind: 'address' } } as const;
  const chosen = choices(build(hashing), 4000);

  assert.ok(Math.abs(count(chosen, 'ab') / 4000 - 0.75) < 0.03, chosen.slice(0, 80));
  for (const letter of 'abcd') assert.ok(count(chosen, letter) > 300, letter);
  assert.equal(count(chosen, 'e'), 0);
  assert.equal(choices(build({ ...hashing, subClusters: POOLS.toReversed() }), 4000), chosen);
});

test('a pool without healthy instances is stood in for by the others, the one on standby last', () => {
  const cluster = build();
  const [a, b, c, d, e] = cluster.instances;

  a!.recordFailure(0);
  b!.recordFailure(0);
  assert.match(choices(cluster, 20), /^[cd]{20}$/);
  c!.recordFailure(0);
  d!.recordFailure(0);
  assert.equal(choices(cluster, 3), 'eee');
  e!.recordFailure(0);
  assert.equal(choices(cluster, 1), '-');
});

test('attempts go through the own pool first, then through the others', () => {
  const cluster = build();
  const east = cluster.subClusters.find(({ name }) => name === 'east')!;
  const tried: Instance[] = [];
  for (let i = 0; i < 5; i++) tried.push(cluster.choose(tried, false, 0, 0, east)!);

  const order = tried.map(({ address }) => address.host).join('');
  assert.match(order, /^(ab|ba)(cd|dc)e$/);
  assert.equal(cluster.choose(tried, false, 0, 0, east), undefined);
  assert.ok('ab'.includes(cluster.choose(tried, true, 0, 0, east)!.address.host));
});

test("a blackhole's share gets nothing, and nobody fails over to it", () => {
  const hole = { name: 'hole', weight: 4, isBlackhole: true, instances: [] };
  const cluster = build({ subClusters: [...POOLS, hole] });

  const chosen = choices(cluster, 80);

  assert.equal(count(chosen, '-'), 40);
  assert.equal(count(chosen, 'ab'), 30);
});

test('instances that change their pool with a reload keep their health', () => {
  const before = build();
  before.instances[0]!.recordFailure(0);
  const moved = POOLS.map((pool) => ({
    ...pool,
    instances: pool.name === 'east' ? [1] : pool.name === 'west' ? [0, 2, 3] : [4],
  }));

  const after = build({ subClusters: moved }, before);

  assert.equal(after.instances[0], before.instances[0]);
  assert.equal(after.instances[0]!.subCluster, 'west');
  assert.equal(after.instances[0]!.isHealthy, false);
});
