import type { ClusterStatus } from '../core/server.ts';
import type { Family, Registry } from './registry.ts';

/** The health of each instance, and how many wait for one, as gauges, taken from the server's status when asked for. */
export class HealthMetrics {
  readonly #healthy: Family;
  readonly #panic: Family;
  readonly #waiting: Family;

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
    this.#waiting = registry.gauge(
      'portico_queue_length',
      'Requests and streams that wait for an instance with room.',
      ['cluster'],
    );
  }

  update(clusters: readonly ClusterStatus[]): void {
    // Anew each time: instances that a reload removed must not stay.
    this.#healthy.clear();
    this.#panic.clear();
    this.#waiting.clear();
    for (const cluster of clusters) {
      this.#panic.set(this.#panic.series([cluster.name]), cluster.panic ? 1 : 0);
      this.#waiting.set(this.#waiting.series([cluster.name]), cluster.waiting);
      for (const instance of cluster.instances) {
        const series = this.#healthy.series([cluster.name, instance.address]);
        this.#healthy.set(series, instance.state === 'healthy' ? 1 : 0);
      }
    }
  }
}
