import type { ClusterTrouble } from '../core/server.ts';
import type { ClusterSettings } from '../core/settings.ts';
import type { Family, Registry } from './registry.ts';

/** The health of each instance, and how many wait for one, as gauges, from what workers tell of the clusters that are in trouble. */
export class HealthMetrics {
  readonly #healthy: Family;
  readonly #panic: Family;
  readonly #waiting: Family;
  /** These were all that there is, and were all well, when they were looked at last. */
  #calm: readonly ClusterSettings[] | undefined = undefined;

  constructor(registry: Registry) {
    // Each worker judges for itself, and one that cannot reach an instance is worth knowing.
    this.#healthy = registry.gauge(
      'portico_instance_healthy',
      'Whether an instance takes requests: 1, or 0 when at least one worker has ejected it.',
      ['cluster', 'instance'],
    );
    this.#panic = registry.gauge(
      'portico_cluster_panic',
      'Whether ejected instances of a cluster are used because too many are out: 1 when a worker does so, else 0.',
      ['cluster'],
    );
    this.#waiting = registry.gauge(
      'portico_queue_length',
      'Requests and streams that wait for an instance with room.',
      ['cluster'],
    );
  }

  /** `troubles`: of all workers. */
  update(clusters: readonly ClusterSettings[], troubles: readonly ClusterTrouble[]): void {
    if (troubles.length === 0 && clusters === this.#calm) return;
    this.#calm = troubles.length === 0 ? clusters : undefined;
    // Anew: instances that a reload removed must not stay.
    for (const family of [this.#healthy, this.#panic, this.#waiting]) family.clear();
    for (const { name, instances } of clusters) {
      this.#panic.set(this.#panic.series([name]), 0);
      this.#waiting.set(this.#waiting.series([name]), 0);
      for (const { text } of instances) this.#healthy.set(this.#healthy.series([name, text]), 1);
    }
    if (troubles.length > 0) this.#tell(clusters, troubles);
  }

  /** Last, so that the series of all that find no room of their own tells of trouble where one of them has it. */
  #tell(clusters: readonly ClusterSettings[], troubles: readonly ClusterTrouble[]): void {
    const known = new Map(clusters.map(({ name, instances }) => [name, instances]));
    for (const { name, panic, waiting, ejected } of troubles) {
      // A worker may still have, or have already, what a reload has changed.
      const instances = known.get(name);
      if (instances === undefined) continue;
      if (panic) this.#panic.set(this.#panic.series([name]), 1);
      this.#waiting.add(this.#waiting.series([name]), waiting);
      for (const { text } of instances)
        if (ejected.includes(text)) this.#healthy.set(this.#healthy.series([name, text]), 0);
    }
  }
}
