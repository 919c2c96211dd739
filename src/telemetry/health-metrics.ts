import type { ClusterStatus } from '../core/server.ts';
import type { Family, Registry } from './registry.ts';

/** The health of each instance as a gauge, taken from the server's status when asked for. */
export class HealthMetrics {
  readonly #healthy: Family;
  readonly #panic: Family;

  constructor(registry: Registry) {
    // The minimum: each worker judges for itself, and one that cannot reach an instance is worth knowing.
    this.#healthy = registry.gauge(
      'portico_instance_healthy',
      'Whether an instance takes requests: 1, or 0 when at least one worker has ejected it.',
      ['cluster', 'instance'],
      'min',
    );
    this.#panic = registry.gauge(
      'portico_cluster_panic',
      'Whether ejected instances of a cluster are used because too many are out: 1 when a worker does so, else 0.',
      ['cluster'],
      'max',
    );
  }

  update(clusters: readonly ClusterStatus[]): void {
    // Anew each time: instances that a reload removed must not stay.
    this.#healthy.clear();
    this.#panic.clear();
    for (const cluster of clusters) {
      this.#panic.set(this.#panic.series([cluster.name]), cluster.panic ? 1 : 0);
      for (const instance of cluster.instances) {
        const series = this.#healthy.series([cluster.name, instance.address]);
        this.#healthy.set(series, instance.state === 'healthy' ? 1 : 0);
      }
    }
  }
}
