import type { InstanceFacts } from '../core/exchange.ts';
import type { Family, Registry } from './registry.ts';

/** Probes by their instance and result. Of those that workers share, one worker counts each. */
export class ProbeCounter {
  readonly #probes: Family;
  readonly #series = new WeakMap<InstanceFacts, { readonly ok: number; readonly failed: number }>();

  constructor(registry: Registry) {
    this.#probes = registry.counter(
      'portico_probes_total',
      'Probes of instances that ended, by their result.',
      ['instance', 'result'],
    );
  }

  count(instance: InstanceFacts, ok: boolean): void {
    const series = this.#seriesOf(instance);
    this.#probes.add(ok ? series.ok : series.failed, 1);
  }

  #seriesOf(instance: InstanceFacts): { readonly ok: number; readonly failed: number } {
    let series = this.#series.get(instance);
    if (series === undefined) {
      const [ok, failed] = ['ok', 'failed'].map((result) =>
        this.#probes.series([instance.address.text, result]),
      );
      series = { ok: ok!, failed: failed! };
      this.#series.set(instance, series);
    }
    return series;
  }
}
