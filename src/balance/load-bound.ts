import { isCandidate } from './balancer.ts';
import type { Instance } from './instance.ts';

/**
 * How many exchanges an instance may have under way before its keys go to the next one: a quarter above its share of the whole
 * load. One key that everybody asks for would otherwise be one instance's alone (Mirrokni, Thorup, Zadimoghaddam,
 * "Consistent Hashing with Bounded Loads", 2016).
 */
export class LoadBound {
  #perWeight = 0;

  /** Counts what is under way now. */
  update(instances: readonly Instance[], weights: readonly number[], tried: readonly Instance[]): void {
    let load = 1;
    let weight = 0;
    for (let i = 0; i < instances.length; i++) {
      if (!isCandidate(instances[i]!, tried)) continue;
      load += instances[i]!.inFlight;
      weight += weights[i]!;
    }
    this.#perWeight = (load * MOST_ABOVE_SHARE) / weight;
  }

  /** Whether an instance of that weight may take one more. */
  allows(instance: Instance, weight: number): boolean {
    return instance.inFlight < Math.ceil(this.#perWeight * weight);
  }
}

const MOST_ABOVE_SHARE = 1.25;
