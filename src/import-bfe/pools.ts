import { readTargetAddress } from '../config/address.ts';
import { Refusal } from '../config/leaf.ts';
import type { Draft } from './draft.ts';
import type { BfeInstance, ClusterTable, GslbWeights, Weight } from './gslb.ts';
import { shown } from './located.ts';
import { Names } from './names.ts';
import type { Place, Report } from './report.ts';

/** The sub-cluster whose share is refused. */
const BLACKHOLE = 'GSLB_BLACKHOLE';
const MAX_WEIGHT = 1000;

interface Pool {
  readonly name: string;
  /** `{ instances }`, or `{ blackhole: true }`. */
  readonly draft: Draft;
  readonly weight: Weight;
}

/** Instances and sub-clusters of clusters, from `gslb.data` and `cluster_table.data`. */
export class Pools {
  readonly #gslb: GslbWeights;
  readonly #table: ClusterTable;
  readonly #report: Report;

  constructor(gslb: GslbWeights, table: ClusterTable, report: Report) {
    this.#gslb = gslb;
    this.#table = table;
    this.#report = report;
  }

  /** `instances` or `subClusters` of a cluster; undefined after it was reported that nobody is there to answer. */
  read(cluster: string, place: Place): Draft | undefined {
    const weights = this.#gslb.get(cluster);
    if (weights === undefined) {
      this.#report.dropped(
        place,
        `cluster ${shown(cluster)}: gslb.data has no sub-clusters for it, so BFE has nobody to ask`,
      );
      return undefined;
    }
    const names = new Names(this.#report);
    const seen = new Set<string>();
    const pools: Pool[] = [];
    for (const [name, weight] of weights) {
      const draft = this.#readPool(cluster, name, weight, seen);
      if (draft !== undefined) pools.push({ name: names.give(name, weight.place, draft), draft, weight });
    }
    this.#findUnused(cluster, weights);
    if (pools.some(({ draft, weight }) => draft['blackhole'] !== true && weight.value > 0))
      return this.#write(pools);
    this.#report.dropped(place, `cluster ${shown(cluster)}: no sub-cluster has both a weight and instances`);
    return undefined;
  }

  #write(pools: readonly Pool[]): Draft {
    const [only, ...others] = pools;
    if (only !== undefined && others.length === 0) {
      this.#report.kept(
        only.weight.place,
        `sub-cluster ${shown(only.name)}, as the instances of its cluster`,
      );
      return { instances: only.draft['instances'] };
    }
    const scale = scaleOf(pools.map(({ weight }) => weight.value));
    const subClusters: Draft = {};
    for (const { name, draft, weight } of pools) {
      const scaled = scale(weight.value);
      const { instances } = draft;
      // The weight comes first, as in the documentation; the mapping is the one that comments belong to.
      delete draft['instances'];
      Object.assign(draft, { weight: scaled, instances });
      subClusters[name] = draft;
      const share = scaled === 0 ? 'on standby' : `with weight ${scaled}`;
      if (scaled === weight.value)
        this.#report.kept(weight.place, `sub-cluster ${shown(name)} ${share}`, draft);
      else this.#report.changed(weight.place, `sub-cluster ${shown(name)} ${share}: ${TOO_HEAVY}`, draft);
    }
    return { subClusters };
  }

  /** Undefined after it was reported why there is no such pool. */
  #readPool(
    cluster: string,
    name: string,
    { value: weight, place }: Weight,
    seen: Set<string>,
  ): Draft | undefined {
    if (name === BLACKHOLE) {
      if (weight > 0) return { blackhole: true };
      this.#report.kept(place, `${BLACKHOLE} ${weight}: nothing is refused`);
      return undefined;
    }
    const what = `sub-cluster ${shown(name)} of ${shown(cluster)}`;
    const pool = this.#table.get(cluster)?.get(name);
    if (pool === undefined) {
      this.#report.dropped(place, `${what}: cluster_table.data has no instances for it`);
      return undefined;
    }
    if (weight < 0) {
      this.#report.changed(
        place,
        `${what} is left out: with weight ${weight} it gets no requests, not even when others fail`,
      );
      return undefined;
    }
    const instances = this.#readInstances(pool.instances, seen);
    if (instances.length > 0) return { instances };
    this.#report.dropped(pool.place, `${what}: no instance of it has a weight`);
    return undefined;
  }

  #readInstances(instances: readonly BfeInstance[], seen: Set<string>): Draft[] {
    const scale = scaleOf(instances.map(({ weight }) => weight.value));
    return instances.flatMap(({ address, weight: { value: weight, place } }): Draft[] => {
      const read = readTargetAddress(address);
      if (weight <= 0) {
        this.#report.changed(
          place,
          `instance ${shown(address)} is left out: with weight ${weight} it gets no requests; give it a weight to bring it back`,
        );
      } else if (read instanceof Refusal) {
        this.#report.dropped(place, `instance ${shown(address)}: ${read.message}`);
      } else if (seen.has(read.text)) {
        this.#report.dropped(
          place,
          `instance ${shown(address)} is in this cluster already: give it a larger weight there`,
        );
      } else {
        seen.add(read.text);
        const scaled = scale(weight);
        const instance: Draft = { address, ...(scaled === 1 ? {} : { weight: scaled }) };
        const what = `instance ${address} with weight ${scaled}`;
        if (scaled === weight) this.#report.kept(place, what, instance);
        else this.#report.changed(place, `${what} in place of ${weight}: ${TOO_HEAVY}`, instance);
        return [instance];
      }
      return [];
    });
  }

  #findUnused(cluster: string, weights: ReadonlyMap<string, unknown>): void {
    for (const [name, { place }] of this.#table.get(cluster) ?? [])
      if (!weights.has(name))
        this.#report.changed(
          place,
          `sub-cluster ${shown(name)} of ${shown(cluster)} is left out: gslb.data gives it no weight, so it gets no requests`,
        );
  }
}

const TOO_HEAVY = `a weight is ${MAX_WEIGHT} at most, so all are divided`;

/** Divides so that the largest fits, and nobody who has a share loses it. */
function scaleOf(weights: readonly number[]): (weight: number) => number {
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  if (largest <= MAX_WEIGHT) return (weight) => weight;
  return (weight) => (weight <= 0 ? weight : Math.max(1, Math.round((weight / largest) * MAX_WEIGHT)));
}
