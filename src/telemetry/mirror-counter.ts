import type { ClusterFacts } from '../core/exchange.ts';
import { MIRROR_RESULTS, type MirrorResult } from '../core/telemetry.ts';
import type { Family, Registry } from './registry.ts';

/** What became of copies of requests, by the cluster that they were for. */
export class MirrorCounter {
  readonly #copies: Family;
  readonly #series = new WeakMap<ClusterFacts, { readonly [result in MirrorResult]: number }>();

  constructor(registry: Registry) {
    this.#copies = registry.counter(
      'portico_mirrored_requests_total',
      'Copies of requests for a second cluster, by what became of them.',
      ['cluster', 'result'],
    );
  }

  count(cluster: ClusterFacts, result: MirrorResult): void {
    let series = this.#series.get(cluster);
    if (series === undefined) {
      series = Object.fromEntries(
        MIRROR_RESULTS.map((name) => [name, this.#copies.series([cluster.name, name])]),
      ) as { [name in MirrorResult]: number };
      this.#series.set(cluster, series);
    }
    this.#copies.add(series[result], 1);
  }
}
