import { type Balancer, isCandidate } from './balancer.ts';
import type { EffectiveWeights } from './effective-weights.ts';
import type { Instance } from './instance.ts';

/**
 * nginx's smooth weighted round robin: each choice gives every candidate its weight as credit, takes the one with the most
 * credit (the first of equals) and charges it the sum of the weights. Over that many choices each instance gets exactly
 * its weight, spread out: weights 5, 1, 1 give a a b a c a a.
 *
 * Ejected instances and those in `tried` neither gain nor are charged. When an instance was ejected or came back since
 * the last choice, all begin again without credit: what was saved up in another set of candidates would be spent in a burst.
 *
 * A choice costs one pass over the instances, or one step when all weights are equal, and allocates nothing.
 */
export class SmoothWeightedRoundRobin implements Balancer {
  readonly #instances: readonly Instance[];
  readonly #weights: EffectiveWeights;
  readonly #credits: number[];
  readonly #wasUsable: boolean[];
  readonly #isEven: boolean;
  /** Where the rotation of equal weights goes on. */
  #next = 0;

  constructor(instances: readonly Instance[], weights: EffectiveWeights) {
    this.#instances = instances;
    this.#weights = weights;
    this.#credits = instances.map(() => 0);
    this.#wasUsable = instances.map((instance) => instance.isUsable);
    this.#isEven = weights.full.every((weight) => weight === weights.full[0]);
  }

  choose(tried: readonly Instance[], _key: number, now: number): Instance | undefined {
    const weights = this.#weights.at(now);
    const isEven = this.#isEven && weights === this.#weights.full;
    return isEven ? this.#rotate(tried) : this.#takeMostCredit(tried, weights);
  }

  /** What the general rule comes to when all weights are equal. */
  #rotate(tried: readonly Instance[]): Instance | undefined {
    const { length } = this.#instances;
    let at = this.#next;
    for (let step = 0; step < length; step++) {
      const instance = this.#instances[at]!;
      at = at + 1 === length ? 0 : at + 1;
      if (isCandidate(instance, tried)) {
        this.#next = at;
        return instance;
      }
    }
    return undefined;
  }

  #takeMostCredit(tried: readonly Instance[], weights: readonly number[]): Instance | undefined {
    this.#restartAfterChange();
    let total = 0;
    let best = -1;
    for (let i = 0; i < this.#instances.length; i++) {
      const instance = this.#instances[i]!;
      if (!isCandidate(instance, tried)) continue;
      const weight = weights[i]!;
      total += weight;
      this.#credits[i]! += weight;
      if (best < 0 || this.#credits[i]! > this.#credits[best]!) best = i;
    }
    if (best < 0) return undefined;
    this.#credits[best]! -= total;
    return this.#instances[best];
  }

  #restartAfterChange(): void {
    let hasChanged = false;
    for (let i = 0; i < this.#instances.length; i++) {
      const { isUsable } = this.#instances[i]!;
      if (isUsable === this.#wasUsable[i]) continue;
      this.#wasUsable[i] = isUsable;
      hasChanged = true;
    }
    if (hasChanged) this.#credits.fill(0);
  }
}
