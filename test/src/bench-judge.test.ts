import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  figureOf,
  keepsBars,
  type Sample,
  type ScenarioResult,
  summarize,
  verdictOn,
} from '../../bench/judge.ts';
import { renderScenario } from '../../bench/report.ts';
import { SMALL_GET } from '../../bench/scenarios/keep-alive.ts';
import { EVERY_PEER, type Judgement } from '../../bench/scenarios/scenario.ts';

const RATIO: Judgement = {
  subject: 'portico',
  against: 'nginx',
  kind: 'ratio',
  target: { bar: 1.5, aim: 1.2 },
};
const FAILED: Sample = { ok: false, reason: '3 read errors' };

function sample(value: number): Sample {
  return { ok: true, value, detail: undefined };
}

function result(portico: readonly Sample[], nginx: readonly Sample[], judgements = [RATIO]): ScenarioResult {
  const measure = { kind: 'cpu', unit: 'request', load: SMALL_GET } as const;
  return {
    scenario: { id: 'x', title: 'X', measure, contestants: EVERY_PEER, judgements },
    contestants: [
      { label: 'portico', absent: undefined, samples: portico },
      { label: 'nginx', absent: undefined, samples: nginx },
    ],
  };
}

test('the median of an even number of values lies between the middle two', () => {
  assert.deepEqual(summarize([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 });
  assert.equal(summarize([]), undefined);
});

test('a ratio compares the samples of the same round', () => {
  const figure = figureOf(
    RATIO,
    result([sample(12), sample(30), sample(11)], [sample(10), sample(20), sample(10)]),
  );

  assert.deepEqual(figure, { median: 1.2, min: 1.1, max: 1.5 });
});

test('a round in which one side failed gives no figure', () => {
  const figure = figureOf(RATIO, result([FAILED, sample(30), sample(13)], [sample(10), FAILED, sample(10)]));

  assert.deepEqual(figure, { median: 1.3, min: 1.3, max: 1.3 });
});

test('a difference is taken in the unit of the samples', () => {
  const difference: Judgement = { ...RATIO, kind: 'difference' };

  assert.equal(figureOf(difference, result([sample(14)], [sample(10)]))?.median, 4);
});

test('a value stands for itself', () => {
  const value: Judgement = { ...RATIO, kind: 'value', against: undefined };

  assert.equal(figureOf(value, result([sample(44)], []))?.median, 44);
});

test('a figure is held to its target as it is printed', () => {
  const verdict = (median: number): string => verdictOn(RATIO, { median, min: median, max: median });

  assert.equal(verdict(1.204), 'meets aim');
  assert.equal(verdict(1.206), 'meets bar');
  assert.equal(verdict(1.504), 'meets bar');
  assert.equal(verdict(1.506), 'over the bar');
});

test('a target without a bar can be missed and breaks none', () => {
  const aimed: Judgement = { ...RATIO, target: { bar: undefined, aim: 1 } };
  const missed = result([sample(11)], [sample(10)], [aimed]);

  assert.equal(verdictOn(aimed, { median: 1.1, min: 1, max: 2 }), 'over the aim');
  assert.equal(keepsBars(missed), true);
  assert.match(renderScenario(missed), /= 1\.10 \(1\.10 to 1\.10\) {3}aim 1: over the aim/);
});

test('a latency stands between the lower and the higher percentile in its table', () => {
  const { scenario } = result([], []);
  const load = { ...SMALL_GET, shape: 'rate', requestsPerSecond: 10 } as const;
  const detail = { parts: { p50: 111, 'p99.9': 999 }, perSecond: 10, load: 0.5, foreign: 0 };
  const text = renderScenario({
    scenario: { ...scenario, measure: { kind: 'latency', load } },
    contestants: [
      { label: 'portico', absent: undefined, samples: [{ ok: true, value: 222, detail }] },
      { label: 'nginx', absent: undefined, samples: [] },
    ],
  });

  assert.match(text, /p99 µs +from +to +p50 +p99\.9 +requests\/s +core/);
  assert.match(text, /portico +222\.0 +222\.0 +222\.0 +111\.0 +999\.0 +10 +50%/);
});

test('bars are not kept without a figure', () => {
  assert.equal(keepsBars(result([sample(11)], [sample(10)])), true);
  assert.equal(keepsBars(result([sample(16)], [sample(10)])), false);
  assert.equal(keepsBars(result([FAILED], [sample(10)])), false);
});

test('a judgement without a target never breaks a bar', () => {
  assert.equal(keepsBars(result([sample(90)], [sample(10)], [{ ...RATIO, target: undefined }])), true);
});

test('a sample with errors is printed as failed and never as a figure', () => {
  const text = renderScenario(result([FAILED], [sample(10)]));

  assert.match(text, /portico: round 1 failed: 3 read errors/);
  assert.match(text, /portico \/ nginx = – {3}bar 1.5, aim 1.2: no figure/);
});

test('the verdict stands beside the figure, its spread and its target', () => {
  const text = renderScenario(result([sample(13), sample(14)], [sample(10), sample(10)]));

  assert.match(text, /portico \/ nginx = 1\.35 \(1\.30 to 1\.40\) {3}bar 1\.5, aim 1\.2: meets bar/);
});

test('a judgement on a sample whose core others used says so', () => {
  const detail = { parts: { user: 5, system: 5 }, perSecond: 1, load: 0.5, foreign: 0.3 };
  const text = renderScenario(result([sample(10)], [{ ok: true, value: 10, detail }]));

  assert.match(text, /meets aim \(disturbed\)/);
});

test('bulk costs milliseconds per GiB, and its rate has decimals', () => {
  const { scenario } = result([], []);
  const detail = { parts: { user: 300, system: 700 }, perSecond: 0.937, load: 0.9, foreign: 0 };
  const text = renderScenario({
    scenario: { ...scenario, measure: { kind: 'cpu', unit: 'GiB', load: SMALL_GET } },
    contestants: [{ label: 'portico', absent: undefined, samples: [{ ok: true, value: 1000, detail }] }],
  });

  assert.match(text, /CPU ms\/GiB .* GiBs\/s/);
  assert.match(text, /portico +1000\.0 .* 0\.94 +90%/);
});
