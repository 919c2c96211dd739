import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildClusters, type Cluster, unchangedClusters } from '../../../src/balance/cluster.ts';
import type { ClusterSettings } from '../../../src/core/settings.ts';
import { clusterSettings, instanceSettings } from './cluster-settings.ts';

function build(settings: ClusterSettings, previous?: Cluster): Cluster {
  const known = previous && new Map([[previous.name, previous]]);
  return buildClusters([settings], known).get(settings.name)!;
}

test('chooses among untried instances only, and none when all healthy ones were tried', () => {
  const cluster = build(clusterSettings([1, 1]));
  const [a, b] = cluster.instances;

  assert.equal(cluster.choose([a!]), b);
  assert.equal(cluster.choose([a!, b!]), undefined);
});

test('chooses a tried instance when that is allowed and no untried one is healthy', () => {
  const cluster = build(clusterSettings([1, 1], { fail: 1 }));
  const [a, b] = cluster.instances;

  assert.equal(cluster.choose([a!], true), b);
  b!.recordFailure(1);
  assert.equal(cluster.choose([a!], true), a);
  a!.recordFailure(1);
  assert.equal(cluster.choose([a!], true), undefined);
  assert.equal(cluster.choose([]), undefined);
});

test('knows no time to retry after while an instance is healthy, or when it has none', () => {
  const cluster = build(clusterSettings([1, 1], { fail: 1 }));
  cluster.instances[0]!.recordFailure(0);

  assert.equal(cluster.retryAfterSeconds(0), undefined);
  assert.equal(build(clusterSettings([])).retryAfterSeconds(0), undefined);
});

test('says in how many seconds the first ejected instance can be back', () => {
  const cluster = build(clusterSettings([1, 1], { fail: 1, pass: 2, intervalMs: 5000 }));
  const [a, b] = cluster.instances;
  a!.recordFailure(1000);
  b!.recordFailure(2000);

  assert.equal(cluster.retryAfterSeconds(2000), 9);
  assert.equal(cluster.retryAfterSeconds(5999), 6);
  b!.recordProbe(true, 7000);
  assert.equal(cluster.retryAfterSeconds(7000), 5);
  assert.equal(cluster.retryAfterSeconds(11_999), 1);
});

test('never asks to retry after less than a second', () => {
  const cluster = build(clusterSettings([1], { fail: 1, intervalMs: 10 }));
  cluster.instances[0]!.recordFailure(0);

  assert.equal(cluster.retryAfterSeconds(3), 1);
});

test('keeps the instances of a cluster and address over a reload, with health and load', () => {
  const before = build(clusterSettings([1, 1, 1], { fail: 1 }));
  const [a, b, c] = before.instances;
  b!.recordFailure(5);
  c!.inFlight = 3;

  const settings = clusterSettings([], { fail: 4 });
  const after = build(
    { ...settings, instances: [instanceSettings('c', 2), instanceSettings('new'), instanceSettings('b')] },
    before,
  );

  assert.equal(after.instances[0], c);
  assert.equal(after.instances[2], b);
  assert.deepEqual(
    after.instances.map(({ address, weight, index, state, inFlight }) => [
      address.text,
      weight,
      index,
      state,
      inFlight,
    ]),
    [
      ['c:80', 2, 0, 'healthy', 3],
      ['new:80', 1, 1, 'healthy', 0],
      ['b:80', 1, 2, 'ejected', 0],
    ],
  );
  assert.equal(after.instances.includes(a!), false);
});

test('is the same over a reload that changes nothing of it, and goes on with its turns', () => {
  const settings = clusterSettings([1, 1, 1]);
  const before = build(settings);
  const hosts = (cluster: Cluster, count: number) =>
    Array.from({ length: count }, () => cluster.choose([])!.address.host);
  assert.deepEqual(hosts(before, 2), ['a', 'b']);

  const after = build(settings, before);
  assert.equal(after, before);
  assert.deepEqual(hosts(after, 2), ['c', 'a']);

  const changed = build({ ...settings }, after);
  assert.notEqual(changed, before);
  assert.deepEqual(changed.instances, before.instances);
  assert.deepEqual(hosts(changed, 1), ['a']);
});

test('touches no instance that is in use when only the unchanged ones of before are given', () => {
  const settings = { ...clusterSettings([1]), name: 'kept' };
  const before = buildClusters([settings, clusterSettings([1])]);
  const wanted = [clusterSettings([7]), settings];

  const unchanged = unchangedClusters(wanted, before);
  const looked = buildClusters(wanted, unchanged);

  assert.deepEqual([...unchanged], [['kept', before.get('kept')]]);
  assert.equal(looked.get('kept'), before.get('kept'));
  assert.equal(looked.get('web')!.instances[0]!.weight, 7);
  assert.equal(before.get('web')!.instances[0]!.weight, 1);
});

test('does not share an instance between clusters, nor between two entries of one', () => {
  const before = build(clusterSettings([1]));

  const renamed = buildClusters([{ ...clusterSettings([1]), name: 'other' }], new Map([['web', before]]));
  assert.notEqual(renamed.get('other')!.instances[0], before.instances[0]);

  const twice = { ...clusterSettings([]), instances: [instanceSettings('a'), instanceSettings('a')] };
  const after = build(twice, before);
  assert.equal(after.instances[0], before.instances[0]);
  assert.notEqual(after.instances[1], before.instances[0]);
});

test('lets an old snapshot finish while a new one serves, on the same counters', () => {
  const before = build(clusterSettings([1, 1], { fail: 1 }));
  const after = build(clusterSettings([1, 1], { fail: 1 }), before);

  before.instances[0]!.recordFailure(1);

  assert.equal(after.choose([])?.address.host, 'b');
  assert.equal(after.choose([])?.address.host, 'b');
});
