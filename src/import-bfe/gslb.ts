import { Fields, type Named } from './fields.ts';
import type { Place, Report } from './report.ts';

/** A whole number and where it stands. */
export interface Weight {
  readonly value: number;
  readonly place: Place;
}

/** Weights of the sub-clusters of each cluster. */
export type GslbWeights = ReadonlyMap<string, ReadonlyMap<string, Weight>>;

/** `gslb.data`. */
export function readGslb(file: Fields, report: Report): GslbWeights {
  const clusters = new Map<string, ReadonlyMap<string, Weight>>();
  for (const { name, node } of file.named('Clusters')) {
    const fields = new Fields(node, `the sub-clusters of ${JSON.stringify(name)}`, report);
    const weights = new Map<string, Weight>();
    for (const pool of fields.all()) {
      const weight = fields.number(pool.name);
      if (weight !== undefined) weights.set(pool.name, weight);
    }
    clusters.set(name, weights);
  }
  file.ignore('Hostname', 'Ts');
  file.end();
  return clusters;
}

/** An instance as BFE has it. */
export interface BfeInstance {
  readonly address: string;
  readonly weight: Weight;
}

/** Instances of each sub-cluster of each cluster. */
export type ClusterTable = ReadonlyMap<string, ReadonlyMap<string, BfePool>>;

interface BfePool {
  readonly instances: readonly BfeInstance[];
  /** Of its name. */
  readonly place: Place;
}

/** `cluster_table.data`. */
export function readClusterTable(file: Fields, report: Report): ClusterTable {
  const clusters = new Map<string, ReadonlyMap<string, BfePool>>();
  for (const { name, node } of file.named('Config')) {
    const fields = new Fields(node, `the sub-clusters of ${JSON.stringify(name)}`, report);
    clusters.set(name, new Map(fields.all().map((pool) => [pool.name, readPool(pool, fields, report)])));
  }
  file.ignore('Version');
  file.end();
  return clusters;
}

function readPool({ name, place }: Named, fields: Fields, report: Report): BfePool {
  const instances = fields.list(name).flatMap((node): BfeInstance[] => {
    const entry = new Fields(node, `an instance of ${JSON.stringify(name)}`, report);
    const address = entry.text('Addr');
    const port = entry.number('Port');
    const weight = entry.number('Weight');
    entry.ignore('Name');
    entry.end();
    if (address === undefined || port === undefined || weight === undefined) {
      report.dropped(node.place, `an instance of ${JSON.stringify(name)} needs Addr, Port and Weight`);
      return [];
    }
    const host = address.value.includes(':') ? `[${address.value}]` : address.value;
    return [{ address: `${host}:${port.value}`, weight }];
  });
  return { instances, place };
}
