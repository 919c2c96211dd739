import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BUCKETS, bucketOf, Split } from '../../../src/route/split.ts';

/** Clusters a, b, c … of these weights. */
function split(weights: readonly number[]): Split<string> {
  return new Split(
    weights.map((weight, i) => ({ cluster: String.fromCharCode(0x61 + i), weight })),
    { kind: 'address' },
  );
}

function turns(of: Split<string>, count: number): string {
  return Array.from({ length: count }, () => of.next()).join('');
}

function countIn(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

const weight = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 3 }));
/** Of one to eight clusters, not all of them 0. */
const weights = fc
  .array(weight, { minLength: 1, maxLength: 8 })
  .filter((all) => all.some((each) => each > 0));
const keys = Array.from({ length: 400 }, (_, i) => `client-${i}`);

describe('in turn', () => {
  it('spreads the shares out', () => {
    assert.equal(turns(split([5, 1, 1]), 14), 'aabacaaaabacaa');
    assert.equal(turns(split([3, 0, 1]), 8), 'aacaaaca');
    assert.equal(turns(split([0, 1]), 3), 'bbb');
    assert.equal(turns(split([1]), 2), 'aa');
  });

  it('gives each cluster exactly its weight in every round', () => {
    const small = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        small.filter((all) => all.some((each) => each > 0)),
        (all) => {
          const dealt = split(all);
          const round = all.reduce((sum, each) => sum + each, 0);
          for (let i = 0; i < 3; i++) {
            const text = turns(dealt, round);
            for (const [at, share] of dealt.shares.entries())
              assert.equal(countIn(text, share.cluster), all[at]);
          }
        },
      ),
    );
  });
});

describe('by key', () => {
  it('gives a key the same cluster each time, and none that is switched off', () => {
    fc.assert(
      fc.property(weights, fc.string(), (all, key) => {
        const chosen = split(all).byKey(key);
        assert.equal(split(all).byKey(key), chosen);
        assert.ok(all[chosen.charCodeAt(0) - 0x61]! > 0);
      }),
    );
  });

  it('moves keys to the last cluster only, and from no other to another, when its weight is raised', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 1000 }), (all, more) => {
        const before = split(all);
        const after = split([...all.slice(0, -1), all.at(-1)! + more]);
        const last = before.shares.at(-1)!.cluster;
        for (const key of keys) {
          const now = after.byKey(key);
          if (now !== last) assert.equal(now, before.byKey(key));
        }
      }),
    );
  });

  it('moves keys to a cluster that is added behind the others, and between no others', () => {
    fc.assert(
      fc.property(weights, weight, (all, added) => {
        const before = split(all);
        const after = split([...all, added]);
        for (const key of keys) {
          const now = after.byKey(key);
          if (now !== after.shares.at(-1)!.cluster) assert.equal(now, before.byKey(key));
        }
      }),
    );
  });

  it('of two clusters moves keys one way only, whichever weight is changed', () => {
    fc.assert(
      fc.property(fc.tuple(weight, weight), fc.tuple(weight, weight), (one, other) => {
        fc.pre(one[0] + one[1] > 0 && other[0] + other[1] > 0);
        const [less, more] = [split(one), split(other)].toSorted(
          (a, b) => b.shares[1]!.from - a.shares[1]!.from,
        );
        for (const key of keys) if (less!.byKey(key) === 'b') assert.equal(more!.byKey(key), 'b');
      }),
    );
  });

  it('gives each cluster its share of the keys', () => {
    const many = Array.from({ length: 40_000 }, (_, i) => `user-${i}`);
    for (const all of [
      [95, 5],
      [1, 1, 1],
      [1, 2, 3, 4],
      [0, 7, 3],
      [1, 0, 0, 9],
      [1, 1, 1, 1, 1, 1, 1, 1],
    ]) {
      const total = all.reduce((sum, each) => sum + each, 0);
      const dealt = split(all);
      const chosen = many.map((key) => dealt.byKey(key)).join('');
      for (const [at, share] of dealt.shares.entries()) {
        const part = countIn(chosen, share.cluster) / many.length;
        assert.ok(Math.abs(part - all[at]! / total) < 0.01, `${share.cluster} of ${all}: ${part}`);
      }
    }
  });

  it('gives a cluster with the smallest of weights a bucket', () => {
    assert.equal(split([1000, 1000, 1000, 1000, 1000, 1000, 1000, 1]).shares.at(-1)!.from, BUCKETS - 1);
    assert.equal(split([1, 1000]).shares[1]!.from, 10);
  });

  it('has the last one take the highest buckets', () => {
    const dealt = split([95, 5]);
    for (const key of keys) assert.equal(dealt.byKey(key), bucketOf(key, 1) >= 9500 ? 'b' : 'a');
  });
});
