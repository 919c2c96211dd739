import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBalancer } from '../../src/balance/create-balancer.ts';
import { Instance } from '../../src/balance/instance.ts';

import { clusterSettings } from '../src/balance/cluster-settings.ts';

const RUNS = { numRuns: 500 };
const weightList = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });

function instancesOf(weights: readonly number[]): Instance[] {
  const { instances, health } = clusterSettings(weights, { fail: 1 });
  return instances.map((settings, i) => new Instance('web', settings, i, health));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

test('gives each instance exactly its weight in every round of as many choices as the weights add up to', () => {
  fc.assert(
    fc.property(weightList, fc.integer({ min: 1, max: 3 }), (weights, rounds) => {
      const balancer = createBalancer('round-robin', instancesOf(weights));

      for (let round = 0; round < rounds; round++) {
        const counts = weights.map(() => 0);
        for (let i = 0; i < sum(weights); i++) counts[balancer.choose([], 0, 0)!.index]! += 1;
        assert.deepEqual(counts, weights);
      }
    }),
    RUNS,
  );
});

test('never strays from the fair share by more than half a turn per instance', () => {
  fc.assert(
    fc.property(weightList, (weights) => {
      const balancer = createBalancer('round-robin', instancesOf(weights));
      const counts = weights.map(() => 0);

      for (let i = 1; i <= sum(weights); i++) {
        counts[balancer.choose([], 0, 0)!.index]! += 1;
        for (const [at, weight] of weights.entries()) {
          const share = (i * weight) / sum(weights);
          assert.ok(Math.abs(counts[at]! - share) <= Math.max(1, weights.length / 2), `${counts} after ${i}`);
        }
      }
    }),
    RUNS,
  );
});

test('runs on one instance at most twice as long as the even spread of the others would let it', () => {
  for (let heavy = 2; heavy <= 30; heavy++) {
    for (let others = 1; others <= 8; others++) {
      const balancer = createBalancer('round-robin', instancesOf([heavy, ...Array<number>(others).fill(1)]));

      let run = 0;
      let longest = 0;
      for (let i = 0; i < 2 * (heavy + others); i++) {
        run = balancer.choose([], 0, 0)!.index === 0 ? run + 1 : 0;
        longest = Math.max(longest, run);
      }

      const even = Math.ceil(heavy / others);
      assert.ok(longest <= 2 * even, `${longest} in a row of ${heavy} against ${others}`);
    }
  }
});

type Step = { readonly at: number; readonly kind: 'eject' | 'restore' | 'choose' | 'retry' };
const step: fc.Arbitrary<Step> = fc.record({
  at: fc.nat({ max: 7 }),
  kind: fc.constantFrom('eject', 'restore', 'choose', 'choose', 'retry'),
});

test('whatever happens to instances: chooses a healthy untried one when there is one, and nothing else', () => {
  fc.assert(
    fc.property(weightList, fc.array(step, { maxLength: 60 }), (weights, steps) => {
      const instances = instancesOf(weights);
      const balancer = createBalancer('round-robin', instances);

      for (const { at, kind } of steps) {
        const instance = instances[at % instances.length]!;
        if (kind === 'eject') instance.recordFailure(0);
        else if (kind === 'restore') instance.recordProbe(true, 0);
        else {
          const tried = kind === 'retry' ? [instance] : [];
          const eligible = instances.filter((each) => each.isHealthy && !tried.includes(each));
          const chosen = balancer.choose(tried, 0, 0);
          assert.equal(chosen === undefined, eligible.length === 0);
          if (chosen !== undefined) assert.ok(eligible.includes(chosen));
        }
      }
    }),
    RUNS,
  );
});

test('is exactly fair again from the moment the set of healthy instances last changed', () => {
  fc.assert(
    fc.property(weightList, fc.array(step, { maxLength: 40 }), (weights, steps) => {
      const instances = instancesOf(weights);
      const balancer = createBalancer('round-robin', instances);
      for (const { at, kind } of steps) {
        const instance = instances[at % instances.length]!;
        if (kind === 'eject') instance.recordFailure(0);
        else if (kind === 'restore') instance.recordProbe(true, 0);
        else balancer.choose([], 0, 0);
      }
      // One more change, so that a round begins here.
      if (instances[0]!.isHealthy) instances[0]!.recordFailure(0);
      else instances[0]!.recordProbe(true, 0);

      const fair = weights.map((weight, i) => (instances[i]!.isHealthy ? weight : 0));
      const counts = weights.map(() => 0);
      for (let i = 0; i < sum(fair); i++) counts[balancer.choose([], 0, 0)!.index]! += 1;

      assert.deepEqual(counts, fair);
    }),
    RUNS,
  );
});
