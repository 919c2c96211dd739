import type { ExchangeError } from '../core/errors.ts';
import type { Family } from './registry.ts';

/** Counts errors in a family with the labels `error` and `side`. */
export class ErrorCounter {
  readonly #family: Family;
  /** By error name: the names are a closed set, and each has one side. */
  readonly #series = new Map<string, number>();

  constructor(family: Family) {
    this.#family = family;
  }

  count(error: ExchangeError): void {
    let series = this.#series.get(error.name);
    if (series === undefined) {
      series = this.#family.series([error.name, error.side]);
      this.#series.set(error.name, series);
    }
    this.#family.add(series, 1);
  }
}
