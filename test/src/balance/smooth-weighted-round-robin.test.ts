import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Balancer } from '../../../src/balance/balancer.ts';
import { createBalancer } from '../../../src/balance/create-balancer.ts';
import { Instance } from '../../../src/balance/instance.ts';

import { clusterSettings } from './cluster-settings.ts';

function instances(...weights: number[]): Instance[] {
  const { instances: settings, health } = clusterSettings(weights, { fail: 1 });
  return settings.map((instance, i) => new Instance('web', instance, i, health));
}

/** The next `count` choices as letters; `-` for none. */
function choices(balancer: Balancer, count: number, tried: readonly Instance[] = []): string {
  return Array.from({ length: count }, () => balancer.choose(tried, 0, 0)?.address.host ?? '-').join('');
}

test('spreads weights 5, 1, 1 as nginx does', () => {
  const balancer = createBalancer('round-robin', instances(5, 1, 1));

  assert.equal(choices(balancer, 14), 'aabacaa'.repeat(2));
});

test('spreads weights 2 and 1, and 1 and 3', () => {
  assert.equal(choices(createBalancer('round-robin', instances(2, 1)), 6), 'abaaba');
  assert.equal(choices(createBalancer('round-robin', instances(1, 3)), 8), 'babbbabb');
});

test('goes round when weights are equal', () => {
  assert.equal(choices(createBalancer('round-robin', instances(1, 1, 1)), 7), 'abcabca');
  assert.equal(choices(createBalancer('round-robin', instances(4, 4)), 5), 'ababa');
});

test('always takes the only instance', () => {
  assert.equal(choices(createBalancer('round-robin', instances(3)), 3), 'aaa');
});

test('takes none when there are none', () => {
  assert.equal(choices(createBalancer('round-robin', []), 2), '--');
});

for (const weights of [
  [1, 1, 1],
  [3, 2, 1],
]) {
  test(`leaves out ejected and tried instances with weights ${weights}`, () => {
    const all = instances(...weights);
    const [a, b, c] = all as [Instance, Instance, Instance];
    const balancer = createBalancer('round-robin', all);

    assert.doesNotMatch(choices(balancer, 12, [a]), /a|-/);
    assert.equal(choices(balancer, 3, [a, c]), 'bbb');
    assert.equal(choices(balancer, 1, [a, b, c]), '-');
    a.recordFailure(1);
    assert.doesNotMatch(choices(balancer, 12), /a|-/);
    assert.equal(choices(balancer, 1, [b, c]), '-');
    b.recordFailure(1);
    c.recordFailure(1);
    assert.equal(choices(balancer, 1), '-');
  });

  test(`gives an instance that came back its share and no more with weights ${weights}`, () => {
    const all = instances(...weights);
    const balancer = createBalancer('round-robin', all);
    const undisturbed = choices(createBalancer('round-robin', instances(...weights)), 6);
    all[0]!.recordFailure(1);
    choices(balancer, 300);

    all[0]!.recordProbe(true, 2);

    const shares = [...choices(balancer, 6)].toSorted().join('');
    assert.equal(shares, [...undisturbed].toSorted().join(''));
  });
}

test('shares the turns of an ejected instance evenly among the others', () => {
  const all = instances(1, 1, 1);
  const balancer = createBalancer('round-robin', all);
  all[1]!.recordFailure(1);

  assert.equal(choices(balancer, 6), 'acacac');
});

test('keeps the weights it was built with when a newer snapshot changes them', () => {
  const all = instances(2, 1);
  const balancer = createBalancer('round-robin', all);

  all[0]!.applySettings({ host: 'a', port: 80, text: 'a:80', weight: 50 }, 0, clusterSettings([]).health);

  assert.equal(choices(balancer, 6), 'abaaba');
});
