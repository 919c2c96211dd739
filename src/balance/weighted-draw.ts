import { isCandidate, type Random } from './balancer.ts';
import type { EffectiveWeights } from './effective-weights.ts';
import type { Instance } from './instance.ts';

/** Draws instances at random, each as often as its weight says. */
export class WeightedDraw {
  readonly #instances: readonly Instance[];
  readonly #weights: EffectiveWeights;
  readonly #random: Random;

  constructor(instances: readonly Instance[], weights: EffectiveWeights, random: Random) {
    this.#instances = instances;
    this.#weights = weights;
    this.#random = random;
  }

  /** The index of a candidate other than that of index `other`; -1 when there is none. One pass to count, one to find. */
  draw(tried: readonly Instance[], other: number, now: number): number {
    const instances = this.#instances;
    const weights = this.#weights.at(now);
    let total = 0;
    let last = -1;
    for (let i = 0; i < instances.length; i++) {
      if (i === other || !isCandidate(instances[i]!, tried)) continue;
      total += weights[i]!;
      last = i;
    }
    let left = this.#random() * total;
    for (let i = 0; i < last; i++) {
      if (i === other || !isCandidate(instances[i]!, tried)) continue;
      left -= weights[i]!;
      if (left < 0) return i;
    }
    return last;
  }
}
