import type { Module } from '../core/callback-points.ts';
import { ChainPlan, type PlacedModule, type TracedModule } from './chain-plan.ts';
import { Chains, type ModuleWatch } from './chains.ts';
import type { Location } from './location.ts';

/** All modules of one snapshot, by the place in the configuration that they hang on. */
export interface ModuleLists {
  /** Before all that the configuration names. */
  readonly first: readonly Module[];
  readonly server: readonly PlacedModule[];
  /** By name; tenants without modules, of their own or of a route, are left out. */
  readonly tenants: ReadonlyMap<string, TenantModules>;
  /** Behind them. */
  readonly last: readonly Module[];
}

export interface TenantModules {
  readonly modules: readonly PlacedModule[];
  /** By position of the route; those without modules are left out. */
  readonly routes: ReadonlyMap<number, readonly PlacedModule[]>;
}

/**
 * Which modules a request meets: those of the server, then its tenant's, then its route's. What is needed for a tenant or route is made
 * when the first request comes for it, because of ten thousand tenants few may be asked for.
 */
export class ModuleTable {
  /** Of sessions, and of exchanges as long as the tenant is not known: the server's without conditions. */
  readonly server: Chains;
  readonly hasConditions: boolean;
  readonly #lists: ModuleLists;
  readonly #watch: ModuleWatch;
  readonly #serverPlan: ChainPlan;
  /** By tenant or route, which are objects of the same snapshot. */
  readonly #plans = new Map<object, ChainPlan>();

  constructor(lists: ModuleLists, watch: ModuleWatch) {
    this.#lists = lists;
    this.#watch = watch;
    this.hasConditions = allOf(lists).some(
      ({ condition, responseCondition }) => condition !== undefined || responseCondition !== undefined,
    );
    this.#serverPlan = this.#plan([], []);
    const always = lists.server.filter(({ condition }) => condition === undefined);
    const modules = [...lists.first, ...always.map(({ module }) => module), ...lists.last];
    this.server = new Chains(modules, watch);
  }

  /** The chains that a request meets once its tenant and route are known, or known not to be there. */
  chainsFor(location: Location): Chains {
    return this.#planFor(location).chainsFor(location);
  }

  /** All modules of the configuration that stand on the way of a request, with what their conditions say of it. For `explain`. */
  trace(location: Location): readonly TracedModule[] {
    return this.#planFor(location)
      .trace(location)
      .filter(({ module }) => module.place !== undefined);
  }

  #planFor({ tenant, route }: Location): ChainPlan {
    const listed = tenant && this.#lists.tenants.get(tenant.name);
    if (listed === undefined) return this.#serverPlan;
    const own = route && listed.routes.get(route.id);
    const key = own === undefined ? tenant! : route!;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plan = this.#plan(listed.modules, own ?? []);
    this.#plans.set(key, plan);
    return plan;
  }

  #plan(tenant: readonly PlacedModule[], route: readonly PlacedModule[]): ChainPlan {
    const { first, server, last } = this.#lists;
    const placed = [...first.map(always), ...server, ...tenant, ...route, ...last.map(always)];
    return new ChainPlan(placed, this.#watch);
  }
}

function always(module: Module): PlacedModule {
  return { module };
}

function allOf({ server, tenants }: ModuleLists): PlacedModule[] {
  const owned = [...tenants.values()].flatMap(({ modules, routes }) => [
    ...modules,
    ...[...routes.values()].flat(),
  ]);
  return [...server, ...owned];
}
