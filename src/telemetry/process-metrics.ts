import { performance } from 'node:perf_hooks';
import type { Family, Registry } from './registry.ts';

/** What a process costs: `role` is `primary` or `worker`. Filled in when asked for, not by timers. */
export class ProcessMetrics {
  readonly #resident: Family;
  readonly #heap: Family;
  readonly #cpu: Family;
  readonly #utilization: Family;
  readonly #series: number;
  #lastUtilization = performance.eventLoopUtilization();

  constructor(registry: Registry, role: 'primary' | 'worker') {
    const labels = ['process'];
    this.#resident = registry.gauge('portico_resident_memory_bytes', 'Memory held by processes.', labels);
    this.#heap = registry.gauge('portico_heap_used_bytes', 'JavaScript memory in use by processes.', labels);
    this.#cpu = registry.counter('portico_cpu_seconds_total', 'Processor time used by processes.', labels);
    this.#utilization = registry.gauge(
      'portico_event_loop_utilization',
      'Share of time that the busiest event loop was not idle since it was last asked: at 1 a process is saturated.',
      labels,
      'max',
    );
    this.#series = this.#resident.series([role]);
    for (const family of [this.#heap, this.#cpu, this.#utilization]) family.series([role]);
  }

  update(): void {
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    const utilization = performance.eventLoopUtilization();
    this.#resident.set(this.#series, memory.rss);
    this.#heap.set(this.#series, memory.heapUsed);
    this.#cpu.set(this.#series, (cpu.user + cpu.system) / 1e6);
    this.#utilization.set(
      this.#series,
      performance.eventLoopUtilization(utilization, this.#lastUtilization).utilization,
    );
    this.#lastUtilization = utilization;
  }
}
