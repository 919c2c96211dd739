import { murmur3 } from '../core/murmur3.ts';
import type { HashOnSettings } from '../core/settings.ts';

/** What one cluster has of a split. */
export interface Share<C> {
  readonly cluster: C;
  /** 0: switched off. */
  readonly weight: number;
  /** Where a key decides: the first bucket of this share, among those that no later share has; BUCKETS: it has none. */
  readonly from: number;
}

/** Keys are spread over so many places: shares are exact to a hundredth of a percent. */
export const BUCKETS = 10_000;

/**
 * Clusters that share the requests of one route, by weight.
 *
 * In turn: smooth weighted round robin, so that over as many requests as all weights together each gets exactly its own.
 *
 * By key: the last share takes the highest buckets, as many as its part of the whole. Keys that it does not take have another bucket for
 * the share before it, which takes its part of what all up to it have; and so on to the first. Whatever a later share takes,
 * those before it divide the rest as if it was not there. So a heavier last one takes keys from the others, and none moves between them.
 */
export class Split<C> {
  readonly shares: readonly Share<C>[];
  /** Undefined: in turn. */
  readonly on: HashOnSettings | undefined;
  readonly #credits: number[];
  readonly #total: number;

  constructor(shares: readonly Pick<Share<C>, 'cluster' | 'weight'>[], on: HashOnSettings | undefined) {
    let total = 0;
    this.shares = shares.map(({ cluster, weight }) => {
      total += weight;
      const from = weight === 0 ? BUCKETS : Math.round(BUCKETS * (1 - weight / total));
      return { cluster, weight, from };
    });
    this.on = on;
    this.#credits = shares.map(() => 0);
    this.#total = total;
  }

  /** The cluster of the next request, whoever sends it. */
  next(): C {
    const { shares } = this;
    const credits = this.#credits;
    let best = -1;
    for (let i = 0; i < shares.length; i++) {
      const { weight } = shares[i]!;
      if (weight === 0) continue;
      credits[i]! += weight;
      if (best < 0 || credits[i]! > credits[best]!) best = i;
    }
    credits[best]! -= this.#total;
    return shares[best]!.cluster;
  }

  /** The cluster of a key: the same in every process, and in every split with the same weights. */
  byKey(key: string): C {
    const { shares } = this;
    let at = shares.length - 1;
    while (at > 0 && bucketOf(key, at) < shares[at]!.from) at -= 1;
    return shares[at]!.cluster;
  }
}

/** Where a key stands for the share at a position: from 0 up to, but not including, BUCKETS. */
export function bucketOf(key: string, position: number): number {
  return Math.floor((murmur3(key, position) / 2 ** 32) * BUCKETS);
}
