import type { SubClusterSettings } from '../core/settings.ts';
import type { Balancer } from './balancer.ts';
import type { Instance } from './instance.ts';

/** One pool of a cluster's instances, usually those of one site, and the choice among them. */
export interface SubCluster {
  /** '' in a cluster that has no sub-clusters. */
  readonly name: string;
  /** Share of the requests; 0: standby, for when no other has a healthy instance. */
  readonly weight: number;
  /** Its share is refused. */
  readonly isBlackhole: boolean;
  /** Absent where there are no instances. */
  readonly balancer: Balancer | undefined;
  readonly instances: readonly Instance[];
}

/** The choice among pools, before that among instances. */
export class SubClusterChoice {
  /** Sorted by name: shares of keys must not depend on the order of a file. */
  readonly #pools: readonly SubCluster[];
  /** The heaviest first. */
  readonly #byWeight: readonly SubCluster[];
  readonly #credits: number[];
  readonly #totalWeight: number;

  constructor(pools: readonly SubCluster[]) {
    this.#pools = pools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.#byWeight = this.#pools.toSorted((a, b) => b.weight - a.weight);
    this.#credits = pools.map(() => 0);
    this.#totalWeight = pools.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** By smooth weighted turns. */
  next(): SubCluster {
    const pools = this.#pools;
    if (pools.length === 1) return pools[0]!;
    let best = 0;
    for (let i = 0; i < pools.length; i++) {
      this.#credits[i]! += pools[i]!.weight;
      if (this.#credits[i]! > this.#credits[best]! || pools[best]!.weight === 0) best = i;
    }
    this.#credits[best]! -= this.#totalWeight;
    return pools[best]!;
  }

  /** The same for the same key. */
  byKey(key: number): SubCluster {
    const pools = this.#pools;
    // The key decides about the instance too: without this the keys of a pool would be neighbours on its ring.
    let left = (Math.imul(key ^ (key >>> 16), 0x45d9f3b) >>> 0) % this.#totalWeight;
    for (const pool of pools) {
      if (left < pool.weight) return pool;
      left -= pool.weight;
    }
    return pools[0]!;
  }

  /**
   * An instance of another pool than `own`, which has none: of those with a weight, the heaviest first, then of those on standby.
   * Never a blackhole.
   */
  elsewhere(own: SubCluster, tried: readonly Instance[], key: number, now: number): Instance | undefined {
    for (const pool of this.#byWeight) {
      const instance = pool === own ? undefined : pool.balancer?.choose(tried, key, now);
      if (instance !== undefined) return instance;
    }
    return undefined;
  }
}

/** What one is made of, without its instances. */
export type SubClusterFacts = Pick<SubClusterSettings, 'name' | 'weight' | 'isBlackhole'>;

/** The only pool of a cluster without sub-clusters. */
export const WHOLE_CLUSTER: SubClusterFacts = Object.freeze({ name: '', weight: 1, isBlackhole: false });
