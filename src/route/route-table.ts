import type { LocalEnd } from '../core/session.ts';
import type { TenantSettings } from '../core/settings.ts';
import { HostTable } from './host-table.ts';
import { Tenant } from './tenant.ts';

/** How a host came to its tenant; what `explain` shows. */
export interface TenantMatch<C> {
  readonly tenant: Tenant<C>;
  /** The tenant's host pattern that matched; undefined: nobody's host. */
  readonly pattern: string | undefined;
  /** The tenant's VIP that decided instead; without either it is the default tenant. */
  readonly vip: string | undefined;
}

/** Host → tenant → route, unchanging for the life of a snapshot. `C` is what stands behind a cluster's name. */
export class RouteTable<C> {
  readonly tenants: readonly Tenant<C>[];
  readonly defaultTenant: Tenant<C> | undefined;
  /** Whether some tenant has routes with conditions. */
  readonly hasConditions: boolean;
  readonly #hosts = new HostTable<Tenant<C>>();
  readonly #vips = new Map<string, Tenant<C>>();

  constructor(tenants: readonly Tenant<C>[], defaultTenant: Tenant<C> | undefined) {
    this.tenants = tenants;
    this.defaultTenant = defaultTenant;
    this.hasConditions = tenants.some((tenant) => tenant.hasConditions);
    for (const tenant of tenants) {
      for (const host of tenant.settings.hosts) this.#hosts.add(host, tenant);
      for (const vip of tenant.settings.vips ?? []) this.#vips.set(vip, tenant);
    }
  }

  /**
   * The tenant of a host (as `authorityHost` gives it), else of the address that the client has connected to, else the default
   * tenant, else undefined: 404.
   */
  findTenant(host: string, end?: LocalEnd): Tenant<C> | undefined {
    return this.#hosts.lookup(host) ?? this.#tenantAt(end) ?? this.defaultTenant;
  }

  /** Whether some tenant names this host itself; the default tenant does not count. */
  isKnownHost(host: string): boolean {
    return this.#hosts.lookup(host) !== undefined;
  }

  /** As `findTenant`, with the reason. */
  matchTenant(host: string, end?: LocalEnd): TenantMatch<C> | undefined {
    const entry = this.#hosts.match(host);
    if (entry !== undefined) return { tenant: entry.value, pattern: entry.pattern, vip: undefined };
    const tenant = this.#tenantAt(end);
    if (tenant !== undefined) return { tenant, pattern: undefined, vip: end!.localAddress };
    return this.defaultTenant && { tenant: this.defaultTenant, pattern: undefined, vip: undefined };
  }

  #tenantAt(end: LocalEnd | undefined): Tenant<C> | undefined {
    return end === undefined || this.#vips.size === 0 ? undefined : this.#vips.get(end.localAddress);
  }
}

/**
 * Builds the table of a snapshot. Throws when a name (the default tenant, a route's cluster) points nowhere: validated
 * settings have none such. A tenant that had the very same settings object in `previous`, and leads to the very same clusters, is the
 * same object again: of ten thousand a reload changes few, and traffic waits for it.
 */
export function buildRouteTable<C>(
  tenants: readonly TenantSettings[],
  defaultTenant: string | undefined,
  clusters: ReadonlyMap<string, C>,
  previous?: RouteTable<C>,
): RouteTable<C> {
  const known = new Map(previous?.tenants.map((tenant) => [tenant.settings, tenant]));
  const built = tenants.map((settings) => {
    const before = known.get(settings);
    return before?.keepsClusters(clusters) ? before : new Tenant(settings, clusters);
  });
  const chosen = built.find((tenant) => tenant.name === defaultTenant);
  if (defaultTenant !== undefined && chosen === undefined) {
    throw new Error(`unknown default tenant ${defaultTenant}`);
  }
  return new RouteTable(built, chosen);
}
