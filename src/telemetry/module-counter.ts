import type { Family, Registry } from './registry.ts';

/** What modules have answered themselves, where they failed, and what time they take. There are few of them, and few points. */
export class ModuleCounter {
  readonly #answers: Family;
  readonly #failures: Family;
  readonly #calls: Family;
  readonly #seconds: Family;
  readonly #waits: Family;
  readonly #series: ReadonlyMap<Family, Map<string, number>>;

  /** `bounds` in seconds. */
  constructor(registry: Registry, bounds: readonly number[]) {
    const byPoint = ['module', 'point'];
    this.#answers = registry.counter(
      'portico_module_answers_total',
      'Sessions and requests that a module has answered or ended.',
      [...byPoint, 'answer'],
    );
    this.#failures = registry.counter(
      'portico_module_failures_total',
      'Calls of modules that threw, or gave no answer in time.',
      byPoint,
    );
    this.#calls = registry.counter(
      'portico_module_calls_total',
      'Calls of handlers of modules, estimated: one in 16, chosen by chance, is counted as 16.',
      byPoint,
    );
    this.#seconds = registry.counter(
      'portico_module_seconds_total',
      'Time spent in handlers of modules, estimated by the same calls.',
      byPoint,
    );
    this.#waits = registry.histogram(
      'portico_module_wait_seconds',
      'From the call of a handler that answers by a promise to its answer.',
      byPoint,
      bounds,
    );
    const families = [this.#answers, this.#failures, this.#calls, this.#seconds, this.#waits];
    this.#series = new Map(families.map((family) => [family, new Map()]));
  }

  answered(module: string, point: string, answer: string): void {
    this.#answers.add(this.#seriesOf(this.#answers, [module, point, answer]), 1);
  }

  failed(module: string, point: string): void {
    this.#failures.add(this.#seriesOf(this.#failures, [module, point]), 1);
  }

  timed(module: string, point: string, ms: number, calls: number): void {
    const labels = [module, point];
    this.#calls.add(this.#seriesOf(this.#calls, labels), calls);
    this.#seconds.add(this.#seriesOf(this.#seconds, labels), ms / 1000);
  }

  waited(module: string, point: string, ms: number): void {
    this.#waits.observe(this.#seriesOf(this.#waits, [module, point]), ms / 1000);
  }

  #seriesOf(family: Family, labels: readonly string[]): number {
    const known = this.#series.get(family)!;
    const key = labels.join('\n');
    let series = known.get(key);
    if (series === undefined) {
      series = family.series(labels);
      known.set(key, series);
    }
    return series;
  }
}
