import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Pattern, parsePattern } from '../../../src/serve/pattern.ts';
import { commonPath, conflicts, type Relation, relate } from '../../../src/serve/pattern-relation.ts';
import { PatternTree } from '../../../src/serve/pattern-tree.ts';

const RELATIONS: readonly (readonly [a: string, b: string, relation: Relation])[] = [
  ['/a', '/a', 'equivalent'],
  ['/a', '/b', 'disjoint'],
  ['/a', '/a/b', 'disjoint'],
  ['/{x}', '/{y}', 'equivalent'],
  ['/{x}', '/a', 'more-general'],
  ['/{x}', '/{$}', 'disjoint'],
  ['/{x...}', '/{$}', 'more-general'],
  ['/', '/{x...}', 'equivalent'],
  ['/', '/a', 'more-general'],
  ['/a/', '/a', 'disjoint'],
  ['/a/', '/a/{$}', 'more-general'],
  ['/a/', '/a/b/c', 'more-general'],
  ['/a/{x}/c', '/a/b/{y}', 'overlapping'],
  ['/{x}/b', '/a/{y}', 'overlapping'],
  ['/a/{x}', '/{y}/b/', 'disjoint'],
  ['/a/{x...}', '/{y}/b', 'overlapping'],
  ['/posts/{id}', '/posts/latest', 'more-general'],
  ['/posts/{id}', '/{resource}/latest', 'overlapping'],
  ['GET /a', '/a', 'more-specific'],
  ['GET /a', 'HEAD /a', 'more-general'],
  ['GET /a', 'POST /a', 'disjoint'],
  ['GET /a', '/{x}', 'more-specific'],
  ['GET /{x}', '/a', 'overlapping'],
  ['GET /', '/a/', 'overlapping'],
];

const MIRRORED: Readonly<Record<Relation, Relation>> = {
  equivalent: 'equivalent',
  'more-general': 'more-specific',
  'more-specific': 'more-general',
  disjoint: 'disjoint',
  overlapping: 'overlapping',
};

describe('patterns', () => {
  for (const [a, b, relation] of RELATIONS) {
    test(`${a} and ${b}: ${relation}`, () => {
      assert.equal(relate(parsePattern(a), parsePattern(b)), relation);
      assert.equal(relate(parsePattern(b), parsePattern(a)), MIRRORED[relation]);
    });
  }
});

test('patterns of different hosts never conflict', () => {
  assert.equal(conflicts(parsePattern('/a'), parsePattern('example.com/a')), false);
  assert.equal(conflicts(parsePattern('example.com/a/{x}'), parsePattern('example.com/{y}/b')), true);
});

const segment = fc.constantFrom('a', 'b', '{x}', '{y}');
const pattern = fc
  .tuple(
    fc.constantFrom('', 'GET ', 'HEAD ', 'POST '),
    fc.array(segment, { maxLength: 3 }),
    fc.constantFrom('', '/', '/{$}', '/{rest...}'),
  )
  .map(([method, segments, end]) => {
    const names = segments.map((text, i) => (text.startsWith('{') ? `{w${i}}` : text));
    return `${method}${names.map((name) => `/${name}`).join('')}${end}`;
  })
  .filter((text) => text.includes('/'))
  .map(parsePattern);
const path = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 }), fc.constantFrom('', '/'))
  .map(([segments, end]) => `/${segments.join('/')}${segments.length > 0 ? end : ''}`);
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT');

function matches(one: Pattern, of: string, at: string): boolean {
  const tree = new PatternTree<undefined>();
  tree.add(one, undefined);
  return tree.match('', of, at) !== undefined;
}

test('what is said of two patterns holds for every request', () => {
  fc.assert(
    fc.property(pattern, pattern, method, path, (a, b, of, at) => {
      const [byA, byB] = [matches(a, of, at), matches(b, of, at)];
      const relation = relate(a, b);

      if (relation === 'equivalent') assert.equal(byA, byB);
      if (relation === 'disjoint') assert.ok(!(byA && byB));
      if (relation === 'more-general' && byB) assert.ok(byA);
      if (relation === 'more-specific' && byA) assert.ok(byB);
    }),
    { numRuns: 3000 },
  );
});

test('the path that is named for a conflict is matched by both', () => {
  fc.assert(
    fc.property(pattern, pattern, (a, b) => {
      if (!conflicts(a, b)) return;
      const shared = a.method === '' ? b.method || 'GET' : b.method === 'HEAD' ? 'HEAD' : a.method;

      for (const one of [a, b])
        assert.ok(matches(one, shared, commonPath(a, b)), `${one.text} ${commonPath(a, b)}`);
    }),
    { numRuns: 3000 },
  );
});

test('of patterns without conflicts the most specific one is found, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 8 }), method, path, (given, of, at) => {
      const kept: Pattern[] = [];
      for (const one of given) if (!kept.some((other) => conflicts(one, other))) kept.push(one);
      const [tree, reversed] = [new PatternTree<Pattern>(), new PatternTree<Pattern>()];
      for (const one of kept) tree.add(one, one);
      for (const one of kept.toReversed()) reversed.add(one, one);

      const found = tree.match('', of, at)?.value;

      assert.equal(reversed.match('', of, at)?.value, found);
      const matching = kept.filter((one) => matches(one, of, at));
      assert.equal(found !== undefined, matching.length > 0);
      for (const one of matching) if (one !== found) assert.equal(relate(found!, one), 'more-specific');
    }),
    { numRuns: 3000 },
  );
});
