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
  /** Positions of tenants: most reloads change no host, and leave it as it is. */
  readonly #hosts: HostTable<number>;
  readonly #vips = new Map<string, Tenant<C>>();

  /** `previous`: the table before. */
  constructor(tenants: readonly Tenant<C>[], defaultTenant: Tenant<C> | undefined, previous?: RouteTable<C>) {
    this.tenants = tenants;
    this.defaultTenant = defaultTenant;
    this.hasConditions = tenants.some((tenant) => tenant.hasConditions);
    this.#hosts =
      previous !== undefined && haveSameHosts(tenants, previous.tenants)
        ? previous.#hosts
        : indexHosts(tenants);
    for (const tenant of tenants) for (const vip of tenant.settings.vips ?? []) this.#vips.set(vip, tenant);
  }

  /**
   * The tenant of a host (as `authorityHost` gives it), else of the address that the client has connected to, else the default
   * tenant, else undefined: 404.
   */
  findTenant(host: string, end?: LocalEnd): Tenant<C> | undefined {
    const position = this.#hosts.lookup(host);
    if (position !== undefined) return this.tenants[position];
    return this.#tenantAt(end) ?? this.defaultTenant;
  }

  /** Whether some tenant names this host itself; the default tenant does not count. */
  isKnownHost(host: string): boolean {
    return this.#hosts.lookup(host) !== undefined;
  }

  /** As `findTenant`, with the reason. */
  matchTenant(host: string, end?: LocalEnd): TenantMatch<C> | undefined {
    const entry = this.#hosts.match(host);
    if (entry !== undefined)
      return { tenant: this.tenants[entry.value]!, pattern: entry.pattern, vip: undefined };
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
  const find = previous && tenantFinder(previous);
  const built = tenants.map((settings, position) => {
    const before = find?.(settings, position);
    return before?.keepsClusters(clusters) ? before : new Tenant(settings, clusters);
  });
  const chosen = built.find((tenant) => tenant.name === defaultTenant);
  if (defaultTenant !== undefined && chosen === undefined) {
    throw new Error(`unknown default tenant ${defaultTenant}`);
  }
  return new RouteTable(built, chosen, previous);
}

/** Those of which the table has no tenant. */
export function newTenants<C>(
  tenants: readonly TenantSettings[],
  table: RouteTable<C>,
): readonly TenantSettings[] {
  const find = tenantFinder(table);
  return tenants.filter((settings, position) => find(settings, position) === undefined);
}

/** Gives the tenant that was made of a settings object; most are where they were. */
function tenantFinder<C>({
  tenants,
}: RouteTable<C>): (settings: TenantSettings, position: number) => Tenant<C> | undefined {
  let all: ReadonlyMap<TenantSettings, Tenant<C>> | undefined;
  return (settings, position) => {
    const likely = tenants[position];
    if (likely?.settings === settings) return likely;
    // It has changed where it stands.
    if (likely?.name === settings.name) return undefined;
    all ??= new Map(tenants.map((tenant) => [tenant.settings, tenant]));
    return all.get(settings);
  };
}

function indexHosts<C>(tenants: readonly Tenant<C>[]): HostTable<number> {
  const table = new HostTable<number>();
  for (const [position, { settings }] of tenants.entries())
    for (const host of settings.hosts) table.add(host, position);
  return table;
}

/** Each the same as the one at its position. */
function haveSameHosts<C>(tenants: readonly Tenant<C>[], others: readonly Tenant<C>[]): boolean {
  return (
    tenants.length === others.length &&
    tenants.every(({ settings: { hosts } }, i) => {
      const before = others[i]!.settings.hosts;
      return (
        hosts === before || (hosts.length === before.length && hosts.every((host, j) => host === before[j]))
      );
    })
  );
}
