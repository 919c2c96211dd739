import type { ClusterFacts } from '../core/exchange.ts';
import type { QueueOutcome } from '../core/telemetry.ts';
import type { Family, Registry } from './registry.ts';

/** What became of those who found all instances of a cluster full. */
export class QueueCounter {
  readonly #waits: Family;

  constructor(registry: Registry) {
    this.#waits = registry.counter(
      'portico_queue_waits_total',
      'Requests and streams that found all instances full, by what became of them.',
      ['cluster', 'outcome'],
    );
  }

  count(cluster: ClusterFacts, outcome: QueueOutcome): void {
    this.#waits.add(this.#waits.series([cluster.name, outcome]), 1);
  }
}
