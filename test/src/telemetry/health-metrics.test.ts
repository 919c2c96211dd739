import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterTrouble } from '../../../src/core/server.ts';
import { renderExposition } from '../../../src/telemetry/exposition.ts';
import { HealthMetrics } from '../../../src/telemetry/health-metrics.ts';
import { MAX_SERIES, Registry } from '../../../src/telemetry/registry.ts';
import { clusterSettings } from '../balance/cluster-settings.ts';

function tested(): (...args: Parameters<HealthMetrics['update']>) => readonly string[] {
  const registry = new Registry();
  const metrics = new HealthMetrics(registry);
  return (clusters, troubles) => {
    metrics.update(clusters, troubles);
    return renderExposition(registry.snapshot())
      .split('\n')
      .filter((line) => line.startsWith('portico'));
  };
}

const WEB = clusterSettings([1, 1]);
const API = { ...clusterSettings([1]), name: 'api' };

function trouble(fields: Partial<ClusterTrouble>): ClusterTrouble {
  return { name: 'web', panic: false, waiting: 0, ejected: [], ...fields };
}

test('all is well of which nobody tells trouble', () => {
  const update = tested();

  assert.deepEqual(update([WEB, API], []), [
    'portico_instance_healthy{cluster="web",instance="a:80"} 1',
    'portico_instance_healthy{cluster="web",instance="b:80"} 1',
    'portico_instance_healthy{cluster="api",instance="a:80"} 1',
    'portico_cluster_panic{cluster="web"} 0',
    'portico_cluster_panic{cluster="api"} 0',
    'portico_queue_length{cluster="web"} 0',
    'portico_queue_length{cluster="api"} 0',
  ]);
});

test('an instance is out when one worker says so, panic is on when one has it, and who waits is added up', () => {
  const update = tested();
  const well = update([WEB], []);

  assert.deepEqual(
    update(
      [WEB],
      [trouble({ waiting: 2 }), trouble({ panic: true, waiting: 3, ejected: ['b:80'] }), trouble({})],
    ),
    [
      'portico_instance_healthy{cluster="web",instance="a:80"} 1',
      'portico_instance_healthy{cluster="web",instance="b:80"} 0',
      'portico_cluster_panic{cluster="web"} 1',
      'portico_queue_length{cluster="web"} 5',
    ],
  );
  assert.deepEqual(update([WEB], []), well);
});

test('what a reload has removed is not told any more, and not told by a worker that still has it', () => {
  const update = tested();
  update([WEB, API], [trouble({ ejected: ['a:80'] })]);

  const after = update(
    [API],
    [trouble({ ejected: ['a:80'] }), trouble({ name: 'api', ejected: ['gone:80'] })],
  );

  assert.deepEqual(after, [
    'portico_instance_healthy{cluster="api",instance="a:80"} 1',
    'portico_cluster_panic{cluster="api"} 0',
    'portico_queue_length{cluster="api"} 0',
  ]);
});

test('of clusters beyond the bound on series the trouble of one is told, wherever it stands', () => {
  const clusters = Array.from({ length: MAX_SERIES + 3 }, (_, i) => ({ ...API, name: `c${i}` }));
  const troubles = [trouble({ name: `c${MAX_SERIES + 1}`, panic: true, waiting: 2, ejected: ['a:80'] })];

  const lines = tested()(clusters, troubles).filter((line) => line.includes('"other"'));

  assert.deepEqual(lines, [
    'portico_instance_healthy{cluster="other",instance="other"} 0',
    'portico_cluster_panic{cluster="other"} 1',
    'portico_queue_length{cluster="other"} 2',
  ]);
});
