import type { ClusterFacts } from '../core/exchange.ts';
import type { Family, Registry } from './registry.ts';

/** Requests that were sent to one more instance because the first took long, and what that was good for. */
export class HedgeCounter {
  readonly #hedges: Family;
  readonly #won: Family;

  constructor(registry: Registry) {
    this.#hedges = registry.counter('portico_hedges_total', 'Attempts made beside one that took long.', [
      'cluster',
    ]);
    this.#won = registry.counter(
      'portico_hedges_won_total',
      'Attempts made beside one that took long, and answered before it.',
      ['cluster'],
    );
  }

  hedged({ name }: ClusterFacts): void {
    this.#hedges.add(this.#hedges.series([name]), 1);
  }

  won({ name }: ClusterFacts): void {
    this.#won.add(this.#won.series([name]), 1);
  }
}
