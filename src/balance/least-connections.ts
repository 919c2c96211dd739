import { type Balancer, isCandidate } from './balancer.ts';
import type { EffectiveWeights } from './effective-weights.ts';
import type { Instance } from './instance.ts';

/**
 * The instance with the fewest exchanges under way for its weight. Among equals, which is all of them while nothing is under
 * way, it goes round as smooth weighted round robin does, so that weights hold for a trickle of requests too.
 *
 * What counts is what this process has sent: see docs/routing.md for what several see of each other.
 */
export class LeastConnections implements Balancer {
  readonly #instances: readonly Instance[];
  readonly #weights: EffectiveWeights;
  readonly #credits: number[];

  constructor(instances: readonly Instance[], weights: EffectiveWeights) {
    this.#instances = instances;
    this.#weights = weights;
    this.#credits = instances.map(() => 0);
  }

  choose(tried: readonly Instance[], _key: number, now: number): Instance | undefined {
    const instances = this.#instances;
    const weights = this.#weights.at(now);
    const credits = this.#credits;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < instances.length; i++) {
      const instance = instances[i]!;
      if (isCandidate(instance, tried)) least = Math.min(least, instance.inFlight / weights[i]!);
    }
    let best = -1;
    let total = 0;
    for (let i = 0; i < instances.length; i++) {
      const instance = instances[i]!;
      if (instance.inFlight / weights[i]! !== least || !isCandidate(instance, tried)) {
        // Who is no equal of those saves nothing up.
        credits[i] = 0;
        continue;
      }
      total += weights[i]!;
      credits[i]! += weights[i]!;
      if (best < 0 || credits[i]! > credits[best]!) best = i;
    }
    if (best < 0) return undefined;
    credits[best]! -= total;
    return instances[best];
  }
}
