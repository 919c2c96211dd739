import type { ProbeResult } from '../core/probe-result.ts';
import type { ClusterSettings } from '../core/settings.ts';

/** Which instances are down, as the worker that probes has told it: what a worker that starts must know before its first request. */
export class ProbeBook {
  /** By cluster and address. */
  readonly #down = new Map<string, ProbeResult>();

  get down(): readonly ProbeResult[] {
    return [...this.#down.values()];
  }

  record(results: readonly ProbeResult[]): void {
    for (const result of results) {
      const key = `${result.cluster} ${result.address}`;
      if (result.isDown) this.#down.set(key, result);
      else this.#down.delete(key);
    }
  }

  /** Forgets what these clusters do not have, or do not probe any more. */
  keep(clusters: readonly ClusterSettings[]): void {
    const kept = new Set<string>();
    for (const { name, instances, health } of clusters) {
      if (health.probe === undefined) continue;
      for (const { text } of instances) kept.add(`${name} ${text}`);
    }
    for (const key of this.#down.keys()) {
      if (!kept.has(key)) this.#down.delete(key);
    }
  }
}
