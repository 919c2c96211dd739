import type { Balancer } from './balancer.ts';
import type { Instance } from './instance.ts';
import type { WeightedDraw } from './weighted-draw.ts';

/** What it would cost to give an instance one more exchange, in any measure; `now` is Clock.now(). */
type Cost = (instance: Instance, now: number) => number;

/**
 * Of two that are drawn by weight, the one that costs less. Nearly as even as looking at all of them, and where many front ends
 * choose for themselves, they do not all run to the one that looks best to each (Mitzenmacher, "The Power of Two Choices in
 * Randomized Load Balancing", 2001). The weights are in the draw already: in the cost, the heavier one would be preferred twice.
 */
export class RandomTwo implements Balancer {
  readonly #instances: readonly Instance[];
  readonly #draw: WeightedDraw;
  readonly #cost: Cost;

  constructor(instances: readonly Instance[], draw: WeightedDraw, cost: Cost) {
    this.#instances = instances;
    this.#draw = draw;
    this.#cost = cost;
  }

  choose(tried: readonly Instance[], _key: number, now: number): Instance | undefined {
    const first = this.#draw.draw(tried, -1, now);
    if (first < 0) return undefined;
    const second = this.#draw.draw(tried, first, now);
    const instance = this.#instances[first]!;
    if (second < 0) return instance;
    const other = this.#instances[second]!;
    return this.#cost(other, now) < this.#cost(instance, now) ? other : instance;
  }
}

/** Exchanges under way. */
export function load({ inFlight }: Instance): number {
  return inFlight;
}
