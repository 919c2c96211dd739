import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildClusters, type Cluster } from '../../../src/balance/cluster.ts';
import type { ClusterSettings, StickySettings } from '../../../src/core/settings.ts';
import { clusterSettings, instanceSettings } from './cluster-settings.ts';

function build(sticky: Partial<StickySettings> = {}, changes: Partial<ClusterSettings> = {}): Cluster {
  const settings: ClusterSettings = {
    ...clusterSettings([1, 1, 1]),
    sticky: { cookie: 'srv', maxAgeSeconds: undefined, secret: undefined, ...sticky },
    ...changes,
  };
  return buildClusters([settings]).get(settings.name)!;
}

function tokensOf(cluster: Cluster): string[] {
  return cluster.instances.map(
    (instance) => /^srv=([\w-]{16});/.exec(cluster.sticky!.setCookie(instance, false))![1]!,
  );
}

describe('sticky cookies', () => {
  it('name each instance by a token that leads back to it', () => {
    const cluster = build();
    const tokens = tokensOf(cluster);

    assert.equal(new Set(tokens).size, 3);
    assert.deepEqual(
      tokens.map((token) => cluster.sticky!.find(token)?.instance),
      cluster.instances,
    );
  });

  it('are the same in every process, whatever stands beside the instance, and others in another cluster', () => {
    const [a, b, c] = tokensOf(build());

    // Written down: a change of how tokens are made would send every client elsewhere.
    assert.equal(a, 'lJwU7c-EL-pVt6jL');
    const turned = build({}, { instances: ['c', 'x', 'a'].map((name) => instanceSettings(name, 3)) });
    const [ofC, ofX, ofA] = tokensOf(turned);
    assert.deepEqual([ofC, ofA], [c, a]);
    assert.ok(ofX !== b && turned.sticky!.find(b!) === undefined);
    assert.equal(tokensOf(build({}, { name: 'other' })).includes(a!), false);
  });

  it('depend on the secret', () => {
    const plain = tokensOf(build());
    const secret = tokensOf(build({ secret: '0123456789abcdef' }));
    const other = tokensOf(build({ secret: '0123456789abcdeg' }));

    assert.equal(new Set([...plain, ...secret, ...other]).size, 9);
  });

  it('say no more than they must to the browser', () => {
    const set = (sticky: Partial<StickySettings>, isSecure: boolean): string => {
      const cluster = build(sticky);
      return cluster.sticky!.setCookie(cluster.instances[0]!, isSecure).replace(/=[\w-]{16};/, '=T;');
    };

    assert.equal(set({}, false), 'srv=T; Path=/; HttpOnly; SameSite=Lax');
    assert.equal(set({}, true), 'srv=T; Path=/; HttpOnly; SameSite=Lax; Secure');
    assert.equal(
      set({ cookie: '__Host-a', maxAgeSeconds: 3600 }, true),
      '__Host-a=T; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure',
    );
  });

  it('are not to be forged', () => {
    const { sticky } = build();
    fc.assert(fc.property(fc.string(), (text) => sticky!.find(text) === undefined));
    for (const name of ['', '__proto__', 'constructor', 'a:80', 'a'])
      assert.equal(sticky!.find(name), undefined);
  });

  it('know who is on standby', () => {
    const cluster = build(
      {},
      {
        subClusters: [
          { name: 'east', weight: 1, isBlackhole: false, instances: [0] },
          { name: 'hole', weight: 1, isBlackhole: true, instances: [] },
          { name: 'spare', weight: 0, isBlackhole: false, instances: [1, 2] },
        ],
      },
    );
    const { sticky, instances } = cluster;

    assert.deepEqual(
      instances.map((instance) => sticky!.isStandby(instance)),
      [false, true, true],
    );
    assert.deepEqual(
      tokensOf(cluster).map((token) => sticky!.find(token)?.pool.name),
      ['east', 'spare', 'spare'],
    );
  });
});
