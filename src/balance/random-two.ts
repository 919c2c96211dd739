import type { Balancer } from './balancer.ts';
import type { Instance } from './instance.ts';
import type { WeightedDraw } from './weighted-draw.ts';

/**
 * Of two that are drawn by weight, the one with fewer exchanges under way. Nearly as even as looking at all of them, and where
 * many front ends choose for themselves, they do not all run to the one that looks best to each (Mitzenmacher, "The Power of
 * Two Choices in Randomized Load Balancing", 2001).
 */
export class RandomTwo implements Balancer {
  readonly #instances: readonly Instance[];
  readonly #draw: WeightedDraw;

  constructor(instances: readonly Instance[], draw: WeightedDraw) {
    this.#instances = instances;
    this.#draw = draw;
  }

  choose(tried: readonly Instance[], _key: number, now: number): Instance | undefined {
    const first = this.#draw.draw(tried, -1, now);
    if (first < 0) return undefined;
    const second = this.#draw.draw(tried, first, now);
    const instance = this.#instances[first]!;
    if (second < 0) return instance;
    const other = this.#instances[second]!;
    // The weights are in the draw already: per weight, the heavier one would be preferred twice.
    return other.inFlight < instance.inFlight ? other : instance;
  }
}
