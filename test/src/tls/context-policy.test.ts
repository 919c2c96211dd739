import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContextPolicies, type ContextSettings } from '../../../src/tls/context-policy.ts';

const BASE: ContextSettings = { minVersion: '1.2', maxVersion: '1.3' };
const ASKED: ContextSettings = {
  ...BASE,
  clientAuth: { mode: 'require', ca: 'A', crls: [], headers: false },
};

/** As a reload reads them: equal, and other objects. */
function again(settings: ContextSettings): ContextSettings {
  return structuredClone(settings);
}

describe('ContextPolicies', () => {
  it('have one policy for all settings that ask for the same', () => {
    const policies = new ContextPolicies();

    assert.equal(policies.of(BASE), policies.of(again(BASE)));
    assert.equal(policies.of(BASE), policies.of({ ...BASE, profile: 'intermediate', tickets: true }));
    assert.equal(policies.of(ASKED), policies.of(again(ASKED)));
  });

  it('tell apart whatever a context depends on', () => {
    const policies = new ContextPolicies();
    const variants: ContextSettings[] = [
      BASE,
      { ...BASE, maxVersion: '1.2' },
      { ...BASE, profile: 'old' },
      { ...BASE, curves: ['P-256'] },
      { ...BASE, curves: ['P-256', 'X25519'] },
      { ...BASE, tickets: false },
      ASKED,
      { ...BASE, clientAuth: { ...ASKED.clientAuth!, mode: 'request' } },
      { ...BASE, clientAuth: { ...ASKED.clientAuth!, ca: 'B' } },
      { ...BASE, clientAuth: { ...ASKED.clientAuth!, crls: ['C'] } },
    ];

    const distinct = new Set(variants.map((settings) => policies.of(settings).key));

    assert.equal(distinct.size, variants.length);
  });

  it('go on with those of the snapshot before, and let go of what neither needs', () => {
    const first = new ContextPolicies();
    const [base, asked] = [first.of(BASE), first.of(ASKED)];

    const second = new ContextPolicies(first);
    assert.equal(second.of(again(BASE)), base);
    const third = new ContextPolicies(second);

    assert.equal(third.of(again(BASE)), base);
    assert.notEqual(third.of(again(ASKED)), asked);
    assert.equal(third.of(again(ASKED)).key, asked.key, 'sessions that began under it can be resumed');
  });
});
