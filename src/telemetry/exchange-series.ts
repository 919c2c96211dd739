import type { ClusterFacts, InstanceFacts, TenantFacts } from '../core/exchange.ts';
import type { Family } from './registry.ts';

/**
 * From the objects of an exchange to the numbers of its series, without building a string: tenant, cluster and
 * instance are the same objects for all exchanges of one snapshot. After a reload there are new objects with (mostly) the
 * same names: they find the same series by name once, and the old objects can be collected (WeakMap).
 */
export class ExchangeSeries {
  readonly #families: ExchangeFamilies;
  readonly #tenants = new WeakMap<TenantFacts, WeakMap<ClusterFacts, ClusterSeries>>();
  // Most exchanges belong to the tenant and cluster of the one before: this saves the two look-ups.
  #lastTenant: TenantFacts | undefined;
  #lastCluster: ClusterFacts | undefined;
  #last: ClusterSeries | undefined;

  constructor(families: ExchangeFamilies) {
    this.#families = families;
  }

  cluster(tenant: TenantFacts = NO_TENANT, cluster: ClusterFacts = NO_CLUSTER): ClusterSeries {
    if (tenant === this.#lastTenant && cluster === this.#lastCluster) return this.#last!;
    let clusters = this.#tenants.get(tenant);
    if (clusters === undefined) {
      clusters = new WeakMap();
      this.#tenants.set(tenant, clusters);
    }
    let series = clusters.get(cluster);
    if (series === undefined) {
      series = new ClusterSeries(this.#families, tenant.name, cluster.name);
      clusters.set(cluster, series);
    }
    this.#lastTenant = tenant;
    this.#lastCluster = cluster;
    this.#last = series;
    return series;
  }
}

/** The families that every finished exchange touches. */
export interface ExchangeFamilies {
  /** tenant, cluster, instance, protocol, code */
  readonly requests: Family;
  /** tenant, cluster */
  readonly duration: Family;
  readonly bytesIn: Family;
  readonly bytesOut: Family;
  readonly attempts: Family;
  readonly retries: Family;
}

/** The series of one tenant and cluster. */
export class ClusterSeries {
  readonly duration: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly attempts: number;
  readonly retries: number;
  readonly #requests: Family;
  readonly #tenant: string;
  readonly #cluster: string;
  readonly #instances = new WeakMap<InstanceFacts, Int32Array>();

  constructor(families: ExchangeFamilies, tenant: string, cluster: string) {
    const labels = [tenant, cluster];
    this.duration = families.duration.series(labels);
    this.bytesIn = families.bytesIn.series(labels);
    this.bytesOut = families.bytesOut.series(labels);
    this.attempts = families.attempts.series(labels);
    this.retries = families.retries.series(labels);
    this.#requests = families.requests;
    this.#tenant = tenant;
    this.#cluster = cluster;
  }

  /** `protocol`: index into PROTOCOLS. `status`: 0 when nothing was answered. */
  requests(instance: InstanceFacts = NO_INSTANCE, protocol: number, status: number): number {
    let table = this.#instances.get(instance);
    if (table === undefined) {
      table = new Int32Array(PROTOCOLS.length * CODES.length).fill(-1);
      this.#instances.set(instance, table);
    }
    const code = status >= 100 && status < 600 ? (status / 100) | 0 : 0;
    const cell = protocol * CODES.length + code;
    let series = table[cell]!;
    if (series < 0) {
      const labels = [this.#tenant, this.#cluster, instance.address.text, PROTOCOLS[protocol]!, CODES[code]!];
      series = this.#requests.series(labels);
      table[cell] = series;
    }
    return series;
  }
}

/** Values of the label `protocol`; '' where a request was too malformed to tell. */
const PROTOCOLS = ['', 'http/1.0', 'http/1.1', 'h2'] as const;

/** Values of the label `code`; `none`: the exchange ended before anything was answered. */
const CODES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

const NO_TENANT: TenantFacts = { name: '' };
const NO_CLUSTER: ClusterFacts = { name: '' };
const NO_INSTANCE: InstanceFacts = { address: { text: '' } };
