import type { InstanceFacts } from '../core/exchange.ts';
import type { Family, Registry } from './registry.ts';

/** Connections to instances and their health, by address: the same address in two clusters is one machine. */
export class UpstreamCounter {
  readonly #open: Family;
  readonly #opened: Family;
  readonly #failed: Family;
  readonly #ejections: Family;
  readonly #restorations: Family;
  /** One series number for all five families, as in SessionCounter. */
  readonly #series = new WeakMap<InstanceFacts, number>();

  constructor(registry: Registry) {
    const labels = ['instance'];
    this.#open = registry.gauge(
      'portico_upstream_connections_open',
      'Connections to instances open.',
      labels,
    );
    this.#opened = registry.counter(
      'portico_upstream_connections_total',
      'Connections to instances opened.',
      labels,
    );
    this.#failed = registry.counter(
      'portico_upstream_connect_failures_total',
      'Connections to instances that could not be opened.',
      labels,
    );
    this.#ejections = registry.counter(
      'portico_instance_ejections_total',
      'Times that an instance was taken out of balancing.',
      labels,
    );
    this.#restorations = registry.counter(
      'portico_instance_restorations_total',
      'Times that an ejected instance was brought back.',
      labels,
    );
  }

  opened(instance: InstanceFacts): void {
    const series = this.#seriesOf(instance);
    this.#open.add(series, 1);
    this.#opened.add(series, 1);
  }

  closed(instance: InstanceFacts): void {
    this.#open.add(this.#seriesOf(instance), -1);
  }

  failed(instance: InstanceFacts): void {
    this.#failed.add(this.#seriesOf(instance), 1);
  }

  ejected(instance: InstanceFacts): void {
    this.#ejections.add(this.#seriesOf(instance), 1);
  }

  restored(instance: InstanceFacts): void {
    this.#restorations.add(this.#seriesOf(instance), 1);
  }

  #seriesOf(instance: InstanceFacts): number {
    let series = this.#series.get(instance);
    if (series === undefined) {
      const labels = [instance.address.text];
      series = this.#open.series(labels);
      for (const family of [this.#opened, this.#failed, this.#ejections, this.#restorations]) {
        family.series(labels);
      }
      this.#series.set(instance, series);
    }
    return series;
  }
}
