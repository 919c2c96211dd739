import { shown } from './located.ts';
import type { Part, Place, Report } from './report.ts';

/**
 * Names of tenants, clusters and sub-clusters: what BFE allows and Portico does not is replaced by `-`, and told.
 */
export class Names {
  readonly #report: Report;
  readonly #taken = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** `part`: what the name is for. */
  give(name: string, place: Place, part: Part): string {
    const fit = name
      .replaceAll(/[^A-Za-z0-9_.-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, MAX_LENGTH);
    let given = fit === '' ? 'unnamed' : fit;
    for (let i = 2; this.#taken.has(given); i++) given = `${fit.slice(0, MAX_LENGTH - 10)}-${i}`;
    this.#taken.add(given);
    if (given !== name)
      this.#report.changed(
        place,
        `the name ${shown(name)} is ${given} here: letters, digits, . _ and -`,
        part,
      );
    return given;
  }
}

const MAX_LENGTH = 100;
