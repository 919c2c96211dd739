import type { Balancer } from './balancer.ts';
import type { Instance } from './instance.ts';
import type { WeightedDraw } from './weighted-draw.ts';

/**
 * Of two that are drawn by weight, the one that should answer sooner: its average time to the head of a response, times the
 * exchanges that it would have under way. One of which nothing is known counts as fast, once: with something under way it is held
 * for slow until it has answered.
 */
export class PeakEwma implements Balancer {
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
    return cost(other, now) < cost(instance, now) ? other : instance;
  }
}

function cost({ latency, inFlight }: Instance, now: number): number {
  const ms = latency.at(now);
  if (ms === 0 && inFlight > 0) return UNKNOWN_MS * inFlight;
  return ms * (inFlight + 1);
}

/** What an instance costs that is being tried for the first time, so that not everyone tries it at once. */
const UNKNOWN_MS = 1000;
