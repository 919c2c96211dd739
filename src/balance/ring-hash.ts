import { murmur3 } from '../core/murmur3.ts';
import { type Balancer, isCandidate } from './balancer.ts';
import type { Instance } from './instance.ts';
import { LoadBound } from './load-bound.ts';

/**
 * Consistent hashing: each instance has points on a circle of 2^32, as many as its weight says, and a key goes to the first point
 * at or behind it. An instance that leaves gives away its own keys and moves no others. Points are named by address, so the
 * circle is the same in every process, and after a reload but for what has changed.
 */
export class RingHash implements Balancer {
  readonly #instances: readonly Instance[];
  readonly #weights: readonly number[];
  /** In ascending order. */
  readonly #points: Uint32Array;
  /** The index of the instance of each point. */
  readonly #owners: Uint16Array;
  readonly #bound = new LoadBound();

  constructor(instances: readonly Instance[]) {
    this.#instances = instances;
    this.#weights = instances.map(({ weight }) => weight);
    const counts = pointCounts(this.#weights);
    const points = instances.flatMap(({ address }, owner) =>
      Array.from({ length: counts[owner]! }, (_, i) => ({ at: murmur3(`${address.text}#${i}`), owner })),
    );
    // Of two at one place, the first in the file.
    points.sort((a, b) => a.at - b.at || a.owner - b.owner);
    this.#points = Uint32Array.from(points, ({ at }) => at);
    this.#owners = Uint16Array.from(points, ({ owner }) => owner);
  }

  choose(tried: readonly Instance[], key: number): Instance | undefined {
    const instances = this.#instances;
    const owners = this.#owners;
    this.#bound.update(instances, this.#weights, tried);
    const start = this.#pointBehind(key);
    for (let step = 0; step < owners.length; step++) {
      const owner = owners[(start + step) % owners.length]!;
      const instance = instances[owner]!;
      if (isCandidate(instance, tried) && this.#bound.allows(instance, this.#weights[owner]!))
        return instance;
    }
    return undefined;
  }

  /** The index of the first point that is not before `key`; that of the first one behind the last. */
  #pointBehind(key: number): number {
    const points = this.#points;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low === points.length ? 0 : low;
  }
}

/**
 * By weight, the lightest as many as the rest allow: shares are true to about a tenth with some hundred points each. In all no more
 * than the bound, but one for each at least.
 */
function pointCounts(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const wanted = Math.min(MAX_POINTS, weights.length * POINTS_PER_INSTANCE);
  return weights.map((weight) => Math.max(1, Math.round((weight / total) * wanted)));
}

const POINTS_PER_INSTANCE = 160;
const MAX_POINTS = 65_536;
