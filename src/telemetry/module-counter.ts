import type { Family, Registry } from './registry.ts';

/** What modules have answered themselves, and where they failed. Neither is counted for requests that go on. */
export class ModuleCounter {
  readonly #answers: Family;
  readonly #failures: Family;
  readonly #series = new Map<string, number>();

  constructor(registry: Registry) {
    this.#answers = registry.counter(
      'portico_module_answers_total',
      'Sessions and requests that a module has answered or ended.',
      ['module', 'point', 'answer'],
    );
    this.#failures = registry.counter('portico_module_failures_total', 'Calls of modules that threw.', [
      'module',
      'point',
    ]);
  }

  answered(module: string, point: string, answer: string): void {
    this.#answers.add(this.#seriesOf(this.#answers, [module, point, answer]), 1);
  }

  failed(module: string, point: string): void {
    this.#failures.add(this.#seriesOf(this.#failures, [module, point]), 1);
  }

  /** Labels of the two families differ in number, so they do not meet. */
  #seriesOf(family: Family, labels: readonly string[]): number {
    const key = labels.join('\n');
    let series = this.#series.get(key);
    if (series === undefined) {
      series = family.series(labels);
      this.#series.set(key, series);
    }
    return series;
  }
}
