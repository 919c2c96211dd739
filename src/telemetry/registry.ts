/**
 * Counters, gauges and histograms of one process, in typed arrays.
 *
 * A series is found once by its label values and from then on addressed by a small number, so that counting costs an
 * array store (a client library with label objects costs 0.3 µs per touch; a request touches a dozen series).
 *
 * Label values come partly from configuration and change with every reload, so each family is bounded: past
 * `MAX_SERIES` everything new is counted in one series whose labels are all `other`.
 */

/** Series per family; at ~100 bytes each a family stays near 1 MB, and costs who counts a millisecond or two a scrape. Beyond: `other`. */
export const MAX_SERIES = 10_000;

type FamilyKind = 'counter' | 'gauge' | 'histogram';

/** How values of several processes become one: counters and histograms are always summed. */
export type MergeRule = 'sum' | 'min' | 'max';

export interface FamilyDefinition {
  readonly name: string;
  readonly help: string;
  readonly kind: FamilyKind;
  readonly labels: readonly string[];
  readonly merge: MergeRule;
  /** Upper bounds of a histogram's buckets, ascending, without +Inf; empty for the other kinds. */
  readonly bounds: readonly number[];
}

/** Crosses process borders: an array for each of ten thousand series would hold up who sends it. */
export interface RegistrySnapshot {
  readonly families: readonly FamilySnapshot[];
}

export interface FamilySnapshot extends FamilyDefinition {
  /** The label values of each. */
  readonly series: readonly (readonly string[])[];
  /** Of all of them, one behind the other; see `seriesOf`. */
  readonly values: Float64Array;
}

/** One series of a family. */
export interface SeriesSnapshot {
  readonly labels: readonly string[];
  /** Counter and gauge: one value. Histogram: one count per bound (not cumulative), the count above all, the sum. */
  readonly values: Float64Array;
}

export function seriesOf(family: FamilySnapshot): SeriesSnapshot[] {
  const cells = cellsOf(family);
  return family.series.map((labels, i) => ({
    labels,
    values: family.values.subarray(i * cells, (i + 1) * cells),
  }));
}

/** Values per series. */
export function cellsOf({ kind, bounds }: FamilyDefinition): number {
  return kind === 'histogram' ? bounds.length + 2 : 1;
}

export class Registry {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string, labels: readonly string[] = []): Family {
    return this.#add({ name, help, kind: 'counter', labels, merge: 'sum', bounds: [] });
  }

  gauge(name: string, help: string, labels: readonly string[] = [], merge: MergeRule = 'sum'): Family {
    return this.#add({ name, help, kind: 'gauge', labels, merge, bounds: [] });
  }

  histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Family {
    return this.#add({ name, help, kind: 'histogram', labels, merge: 'sum', bounds });
  }

  snapshot(): RegistrySnapshot {
    return { families: Array.from(this.#families.values(), (family) => family.snapshot()) };
  }

  #add(definition: FamilyDefinition): Family {
    if (this.#families.has(definition.name)) throw new Error(`metric ${definition.name} is defined twice`);
    const family = new Family(definition);
    this.#families.set(definition.name, family);
    return family;
  }
}

/** All series of one metric. */
export class Family {
  readonly #definition: FamilyDefinition;
  readonly #bounds: readonly number[];
  readonly #cells: number;
  readonly #indexes = new Map<string, number>();
  #labels: (readonly string[])[] = [];
  #values: Float64Array;

  constructor(definition: FamilyDefinition) {
    this.#definition = definition;
    this.#bounds = definition.bounds;
    this.#cells = cellsOf(definition);
    this.#values = new Float64Array(this.#cells * 8);
    // A metric without labels exists from the start: a counter that appears with its first event hides that event from rate().
    if (definition.labels.length === 0) this.series([]);
  }

  /** The number of the series with these label values, made if need be; keep it and use it with the methods below. */
  series(labels: readonly string[]): number {
    if (labels.length !== this.#definition.labels.length) {
      throw new Error(`${this.#definition.name} wants ${this.#definition.labels.length} label values`);
    }
    const key = JSON.stringify(labels);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    if (this.#labels.length >= MAX_SERIES) return this.#other();
    return this.#append(key, labels);
  }

  add(series: number, amount: number): void {
    this.#values[series * this.#cells]! += amount;
  }

  set(series: number, value: number): void {
    this.#values[series * this.#cells] = value;
  }

  observe(series: number, value: number): void {
    const bounds = this.#bounds;
    const start = series * this.#cells;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    this.#values[start + bucket]! += 1;
    this.#values[start + bounds.length + 1]! += value;
  }

  /** Forgets all series, and with them every series number handed out: for families that are filled anew before each snapshot. */
  clear(): void {
    this.#indexes.clear();
    this.#labels = [];
    this.#values.fill(0);
  }

  snapshot(): FamilySnapshot {
    const series = [...this.#labels];
    return { ...this.#definition, series, values: this.#values.slice(0, series.length * this.#cells) };
  }

  /** One series past the bound, so that totals stay right though detail is lost. */
  #other(): number {
    const labels = this.#definition.labels.map(() => OTHER);
    const key = JSON.stringify(labels);
    return this.#indexes.get(key) ?? this.#append(key, labels);
  }

  #append(key: string, labels: readonly string[]): number {
    const index = this.#labels.length;
    const cells = (index + 1) * this.#cells;
    if (cells > this.#values.length) {
      const larger = new Float64Array(Math.max(cells, this.#values.length * 2));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#labels.push(labels);
    this.#indexes.set(key, index);
    return index;
  }
}

/** Label value of the series that counts what did not fit. */
export const OTHER = 'other';
