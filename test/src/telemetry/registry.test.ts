import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SERIES, Registry } from '../../../src/telemetry/registry.ts';
import { familySeries } from '../../support/family-series.ts';

test('counts in the series that the label values name', () => {
  const counter = new Registry().counter('c_total', 'help', ['a', 'b']);

  counter.add(counter.series(['x', 'y']), 2);
  counter.add(counter.series(['x', 'z']), 1);
  counter.add(counter.series(['x', 'y']), 3);

  assert.deepEqual(familySeries(counter.snapshot()), [
    { labels: ['x', 'y'], values: [5] },
    { labels: ['x', 'z'], values: [1] },
  ]);
});

test('a metric without labels is there with 0 before its first event', () => {
  const counter = new Registry().counter('c_total', 'help');

  assert.deepEqual(familySeries(counter.snapshot()), [{ labels: [], values: [0] }]);
});

test('puts an observation into the first bucket whose bound it does not exceed', () => {
  const histogram = new Registry().histogram('h_seconds', 'help', ['a'], [0.1, 1]);
  const series = histogram.series(['x']);

  for (const value of [0.1, 0.5, 1, 2]) histogram.observe(series, value);

  assert.deepEqual(familySeries(histogram.snapshot()), [{ labels: ['x'], values: [1, 2, 1, 3.6] }]);
});

test('keeps the series numbers that were handed out when the array grows', () => {
  const counter = new Registry().counter('c_total', 'help', ['a']);
  const first = counter.series(['0']);
  for (let i = 1; i < 100; i += 1) counter.series([String(i)]);

  counter.add(first, 7);

  assert.deepEqual(familySeries(counter.snapshot())[0], { labels: ['0'], values: [7] });
});

test('counts in one series of others what exceeds the bound, and loses nothing of the total', () => {
  const counter = new Registry().counter('c_total', 'help', ['a', 'b']);

  for (let i = 0; i < MAX_SERIES + 500; i += 1) counter.add(counter.series(['x', String(i)]), 1);

  const series = familySeries(counter.snapshot());
  assert.equal(series.length, MAX_SERIES + 1);
  assert.deepEqual(series.at(-1), { labels: ['other', 'other'], values: [500] });
});

test('holds names of prototype members like any others', () => {
  const counter = new Registry().counter('c_total', 'help', ['a']);

  for (const name of ['__proto__', 'constructor', 'toString']) counter.add(counter.series([name]), 1);

  assert.deepEqual(
    familySeries(counter.snapshot()).map((series) => series.labels[0]),
    ['__proto__', 'constructor', 'toString'],
  );
});

test('does not mistake label values that join to the same text', () => {
  const counter = new Registry().counter('c_total', 'help', ['a', 'b']);

  assert.notEqual(counter.series(['x,', 'y']), counter.series(['x', ',y']));
});

test('a cleared family starts anew', () => {
  const gauge = new Registry().gauge('g', 'help', ['a']);
  gauge.set(gauge.series(['gone']), 5);

  gauge.clear();
  const series = gauge.series(['new']);

  assert.deepEqual(familySeries(gauge.snapshot()), [{ labels: ['new'], values: [0] }]);
  assert.equal(series, 0);
});

test('refuses the wrong number of label values and a name used twice', () => {
  const registry = new Registry();
  const counter = registry.counter('c_total', 'help', ['a']);

  assert.throws(() => counter.series([]), /wants 1 label/);
  assert.throws(() => registry.counter('c_total', 'help'), /defined twice/);
});

test('a snapshot holds what was counted by then, for all series that there were', () => {
  const histogram = new Registry().histogram('h_seconds', 'help', ['a'], [1]);
  for (const name of ['x', 'y']) histogram.observe(histogram.series([name]), 0.5);

  const snapshot = histogram.snapshot();
  histogram.observe(histogram.series(['x']), 2);
  histogram.observe(histogram.series(['z']), 2);

  assert.deepEqual(familySeries(structuredClone(snapshot)), [
    { labels: ['x'], values: [1, 0, 0.5] },
    { labels: ['y'], values: [1, 0, 0.5] },
  ]);
  assert.equal(snapshot.values.buffer.byteLength, 6 * Float64Array.BYTES_PER_ELEMENT);
});
