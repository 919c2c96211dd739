import type { TenantSettings } from '../core/settings.ts';
import { HostTable } from './host-table.ts';
import { Tenant } from './tenant.ts';

/** How a host came to its tenant; what `explain` shows. */
export interface TenantMatch<C> {
  readonly tenant: Tenant<C>;
  /** The tenant's host pattern that matched; undefined: nobody's host, so the default tenant. */
  readonly pattern: string | undefined;
}

/** Host → tenant → route, unchanging for the life of a snapshot. `C` is what stands behind a cluster's name. */
export class RouteTable<C> {
  readonly tenants: readonly Tenant<C>[];
  readonly defaultTenant: Tenant<C> | undefined;
  readonly #hosts = new HostTable<Tenant<C>>();

  constructor(tenants: readonly Tenant<C>[], defaultTenant: Tenant<C> | undefined) {
    this.tenants = tenants;
    this.defaultTenant = defaultTenant;
    for (const tenant of tenants) {
      for (const host of tenant.settings.hosts) this.#hosts.add(host, tenant);
    }
  }

  /** The tenant of a host (as `authorityHost` gives it), else the default tenant, else undefined: 404. */
  findTenant(host: string): Tenant<C> | undefined {
    return this.#hosts.lookup(host) ?? this.defaultTenant;
  }

  /** Whether some tenant names this host itself; the default tenant does not count. */
  isKnownHost(host: string): boolean {
    return this.#hosts.lookup(host) !== undefined;
  }

  /** As `findTenant`, with the reason. */
  matchTenant(host: string): TenantMatch<C> | undefined {
    const entry = this.#hosts.match(host);
    if (entry !== undefined) return { tenant: entry.value, pattern: entry.pattern };
    return this.defaultTenant && { tenant: this.defaultTenant, pattern: undefined };
  }
}

/**
 * Builds the table of a snapshot. Throws when a name (the default tenant, a route's cluster) points nowhere: validated
 * settings have none such.
 */
export function buildRouteTable<C>(
  tenants: readonly TenantSettings[],
  defaultTenant: string | undefined,
  clusters: ReadonlyMap<string, C>,
): RouteTable<C> {
  const built = tenants.map((settings) => new Tenant(settings, clusters));
  const chosen = built.find((tenant) => tenant.name === defaultTenant);
  if (defaultTenant !== undefined && chosen === undefined) {
    throw new Error(`unknown default tenant ${defaultTenant}`);
  }
  return new RouteTable(built, chosen);
}
