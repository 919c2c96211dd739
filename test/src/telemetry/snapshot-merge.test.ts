import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SERIES, Registry, type RegistrySnapshot } from '../../../src/telemetry/registry.ts';
import { countsOnly, mergeSnapshots } from '../../../src/telemetry/snapshot-merge.ts';
import { familySeries } from '../../support/family-series.ts';

test('sums counters and histograms of several processes, series by series', () => {
  const first = processSnapshot({ requests: { shop: 2, feed: 1 }, seconds: [0.5] });
  const second = processSnapshot({ requests: { shop: 3, cart: 4 }, seconds: [0.5, 5] });

  const merged = mergeSnapshots([first, second]);

  assert.deepEqual(seriesOf(merged, 'requests_total'), [
    { labels: ['shop'], values: [5] },
    { labels: ['feed'], values: [1] },
    { labels: ['cart'], values: [4] },
  ]);
  assert.deepEqual(seriesOf(merged, 'seconds'), [{ labels: ['all'], values: [2, 1, 6] }]);
});

test('merges gauges by their rule', () => {
  const first = processSnapshot({ healthy: 1, utilization: 0.2 });
  const second = processSnapshot({ healthy: 0, utilization: 0.7 });

  const merged = mergeSnapshots([first, second]);

  assert.deepEqual(seriesOf(merged, 'healthy'), [{ labels: [], values: [0] }]);
  assert.deepEqual(seriesOf(merged, 'utilization'), [{ labels: [], values: [0.7] }]);
});

test('keeps of an ended process its counts and not its gauges', () => {
  const kept = countsOnly(processSnapshot({ requests: { shop: 2 }, seconds: [0.5] }));

  assert.deepEqual(
    kept.families.map((family) => family.name),
    ['requests_total', 'seconds'],
  );
});

test('does not change what it was given', () => {
  const first = processSnapshot({ requests: { shop: 2 } });
  const before = structuredClone(first);

  mergeSnapshots([first, first]);

  assert.deepEqual(first, before);
});

test('holds the bound on series for the sum too', () => {
  const names = (from: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: MAX_SERIES }, (_, i) => [`n${from + i}`, 1]));

  const merged = mergeSnapshots([
    processSnapshot({ requests: names(0) }),
    processSnapshot({ requests: names(MAX_SERIES) }),
  ]);

  const series = seriesOf(merged, 'requests_total');
  assert.equal(series.length, MAX_SERIES + 1);
  assert.deepEqual(series.at(-1), { labels: ['other'], values: [MAX_SERIES] });
});

function processSnapshot(counts: {
  requests?: Record<string, number>;
  seconds?: number[];
  healthy?: number;
  utilization?: number;
}): RegistrySnapshot {
  const registry = new Registry();
  const requests = registry.counter('requests_total', 'Help.', ['tenant']);
  for (const [tenant, count] of Object.entries(counts.requests ?? {})) {
    requests.add(requests.series([tenant]), count);
  }
  const seconds = registry.histogram('seconds', 'Help.', ['a'], [1]);
  for (const value of counts.seconds ?? []) seconds.observe(seconds.series(['all']), value);
  registry.gauge('healthy', 'Help.', [], 'min').set(0, counts.healthy ?? 0);
  registry.gauge('utilization', 'Help.', [], 'max').set(0, counts.utilization ?? 0);
  return registry.snapshot();
}

function seriesOf(snapshot: RegistrySnapshot, name: string): readonly object[] {
  return familySeries(snapshot.families.find((family) => family.name === name)!);
}
