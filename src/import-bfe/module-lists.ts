import type { Draft } from './draft.ts';
import type { Product } from './products.ts';
import type { Place, Report } from './report.ts';

/** Portico asks each module of a list for every request, so a list has no more. */
const MAX_MODULES = 32;

/** The lists of modules that are being made: of the server, and of each tenant. */
export class ModuleLists {
  readonly server: Draft[] = [];
  readonly #ofTenants = new Map<Product, Draft[]>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** `product` undefined: for all. `text`: what the rule is, for the report. False after it was reported that there is no room. */
  add(product: Product | undefined, entries: readonly Draft[], place: Place, text: string): boolean {
    const list = product === undefined ? this.server : this.of(product);
    if (list.length + entries.length > MAX_MODULES) {
      this.#report.dropped(
        place,
        `${text}: a list of modules has at most ${MAX_MODULES}; join rules whose conditions are alike, or let the backend do it`,
      );
      return false;
    }
    list.push(...entries);
    for (const entry of entries) this.#report.stems(entry, place);
    return true;
  }

  /** Those of one tenant. */
  of(product: Product): Draft[] {
    const list = this.#ofTenants.get(product) ?? [];
    this.#ofTenants.set(product, list);
    return list;
  }
}
