import assert from 'node:assert/strict';
import { it } from 'node:test';
import { nearestName } from '../../../src/config/nearest-name.ts';

it('finds the name that was meant', () => {
  const keys = ['listen', 'limits', 'log', 'tenants', 'timeouts', 'clusters'];
  const cases: [string, string | undefined][] = [
    ['lissten', 'listen'],
    ['tiemouts', 'timeouts'],
    ['Listen', 'listen'],
    ['tenant', 'tenants'],
    ['lgo', 'log'],
    ['gateway', undefined],
    ['x', undefined],
    ['', undefined],
  ];
  for (const [written, meant] of cases) assert.equal(nearestName(written, keys), meant, written);
});

it('prefers the nearest of several', () => {
  assert.equal(nearestName('cluster-12', ['cluster-2', 'cluster-123', 'cluster-21']), 'cluster-2');
  assert.equal(nearestName('cluster-12x', ['cluster-2', 'cluster-12', 'cluster-1x']), 'cluster-12');
});

it('does not compare names of any length', () => {
  const long = 'a'.repeat(65);

  assert.equal(nearestName(long, [long]), undefined);
  assert.equal(nearestName('a'.repeat(64), [long]), undefined);
});
