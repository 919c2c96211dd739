import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { renderExposition } from '../../../src/telemetry/exposition.ts';
import { createTelemetry } from '../../../src/telemetry/metrics.ts';
import { Registry } from '../../../src/telemetry/registry.ts';
import { finishedExchange, session } from '../../support/finished-exchange.ts';

test('writes help, type and one line per series', () => {
  const registry = new Registry();
  const counter = registry.counter('c_total', 'What is\ncounted.', ['a', 'b']);
  counter.add(counter.series(['x', '']), 3);

  assert.equal(
    renderExposition(registry.snapshot()),
    '# HELP c_total What is\\ncounted.\n# TYPE c_total counter\nc_total{a="x",b=""} 3\n',
  );
});

test('writes a histogram with cumulative buckets, sum and count', () => {
  const registry = new Registry();
  const histogram = registry.histogram('h_seconds', 'Help.', ['a'], [0.1, 1]);
  for (const value of [0.05, 0.5, 0.5, 5]) histogram.observe(histogram.series(['x']), value);

  assert.equal(
    renderExposition(registry.snapshot()),
    [
      '# HELP h_seconds Help.',
      '# TYPE h_seconds histogram',
      'h_seconds_bucket{a="x",le="0.1"} 1',
      'h_seconds_bucket{a="x",le="1"} 3',
      'h_seconds_bucket{a="x",le="+Inf"} 4',
      'h_seconds_sum{a="x"} 6.05',
      'h_seconds_count{a="x"} 4',
      '',
    ].join('\n'),
  );
});

test('escapes label values so that none can end its line or its quotes', () => {
  const registry = new Registry();
  const gauge = registry.gauge('g', 'Help.', ['a']);
  gauge.set(gauge.series(['a"b\\c\nd']), 1);
  gauge.set(gauge.series(['__proto__']), 2);

  const lines = renderExposition(registry.snapshot()).split('\n');

  assert.equal(lines[2], 'g{a="a\\"b\\\\c\\nd"} 1');
  assert.equal(lines[3], 'g{a="__proto__"} 2');
});

test('leaves out a family without series', () => {
  const registry = new Registry();
  registry.counter('c_total', 'Help.', ['a']);

  assert.equal(renderExposition(registry.snapshot()), '');
});

const promtool = spawnSync('promtool', ['--version']).status === 0;

test('promtool finds nothing to complain about', {
  skip: promtool ? false : 'promtool is not installed: the text was not judged by Prometheus',
}, () => {
  const registry = new Registry();
  const telemetry = createTelemetry(registry);
  telemetry.sessionOpened(session());
  telemetry.exchangeStarted();
  telemetry.exchangeFinished(finishedExchange());

  const judged = spawnSync('promtool', ['check', 'metrics'], {
    input: renderExposition(registry.snapshot()),
    encoding: 'utf8',
  });

  assert.equal(judged.stderr + judged.stdout, '');
  assert.equal(judged.status, 0);
});
