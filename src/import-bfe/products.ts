import type { Draft } from './draft.ts';
import { Names } from './names.ts';
import type { Place, Report } from './report.ts';

/** A product of BFE, which is a tenant here. */
export interface Product {
  readonly name: string;
  /** What it is called here. */
  readonly tenantName: string;
  readonly tenant: Draft & { hosts: string[]; vips: string[] };
  /** Whether hosts that nobody names may come to it. */
  takesStrangers: boolean;
  readonly place: Place;
}

/** Products by name, by their hosts and by their VIPs. */
export class Products {
  readonly all = new Map<string, Product>();
  /** Every host, exact or with `*.`, with the tag that it belongs to. */
  readonly tagOfHost = new Map<string, string>();
  readonly ofVip = new Map<string, Product>();
  defaultProduct: Product | undefined;
  readonly #ofHost = new Map<string, Product>();
  readonly #names: Names;
  readonly #report: Report;

  constructor(report: Report) {
    this.#names = new Names(report);
    this.#report = report;
  }

  /** The product of that name, made when there is none. */
  make(name: string, place: Place): Product {
    const known = this.all.get(name);
    if (known !== undefined) return known;
    const tenant = { hosts: [], vips: [] };
    const tenantName = this.#names.give(name, place, tenant);
    const product: Product = { name, tenantName, tenant, takesStrangers: false, place };
    this.#report.stems(tenant, place);
    this.all.set(name, product);
    return product;
  }

  /** `host`: in lower case, nobody's so far. */
  giveHost(product: Product, host: string, tag: string): void {
    this.tagOfHost.set(host, tag);
    this.#ofHost.set(host, product);
    product.tenant.hosts.push(host);
  }

  giveVip(product: Product, vip: string): void {
    this.ofVip.set(vip, product);
    product.tenant.vips.push(vip);
    product.takesStrangers = true;
  }

  /** Whose host it is, exact or with `*.`: that of the most specific one that covers it. */
  ownerOf(host: string): Product | undefined {
    let owner = this.#ofHost.get(host);
    for (let dot = host.indexOf('.'); owner === undefined && dot >= 0; dot = host.indexOf('.', dot + 1))
      owner = this.#ofHost.get(`*${host.slice(dot)}`);
    return owner;
  }
}
