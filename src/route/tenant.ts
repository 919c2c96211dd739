import type { TenantFacts } from '../core/exchange.ts';
import type { TenantSettings } from '../core/settings.ts';
import type { ConditionSubject } from './condition/condition-subject.ts';
import { HostTable } from './host-table.ts';
import { PathTable } from './path-table.ts';
import { RoutePlace } from './route-place.ts';
import { routingPath } from './routing-path.ts';
import { buildRoute, keepsClusters, type Route } from './target.ts';

/**
 * The owner of a set of hosts, with its routes. Precedence:
 *
 *   1. routes whose host matches, most specific host first; of one host the exact path, then the longest prefix, then
 *      the route without path
 *   2. routes without host, in the same order of paths
 *   3. routes with neither
 *
 * Of the routes with the same host and path, those with a condition come first, in the order of the file, and then the first
 * without one; without host and path that one is the bare default. Where no condition holds, and where a host has no matching
 * path, the next less specific place is looked at. Configured paths are compared in the form requests are (`/%7ea` is `/~a`).
 */
export class Tenant<C> implements TenantFacts {
  readonly name: string;
  readonly settings: TenantSettings;
  /** In the order of the file. */
  readonly routes: readonly Route<C>[];
  /** Whether some route has a condition. */
  readonly hasConditions: boolean;
  /** Absent when no route names a host: then the second host lookup of a request is saved. */
  readonly #byHost: HostTable<HostRoutes<C>> | undefined;
  readonly #anyHost: HostRoutes<C>;

  constructor(settings: TenantSettings, clusters: ReadonlyMap<string, C>) {
    this.name = settings.name;
    this.settings = settings;
    this.routes = settings.routes.map((route, id) => buildRoute(settings.name, id, route, clusters));
    this.hasConditions = this.routes.some(({ condition }) => condition !== undefined);
    this.#anyHost = buildHostRoutes(
      this.routes.filter((route) => route.settings.host === undefined),
      undefined,
    );
    this.#byHost = buildHostTable(this.routes, this.#anyHost);
  }

  /** Whether it would lead to the same, built with these. */
  keepsClusters(clusters: ReadonlyMap<string, C>): boolean {
    return this.routes.every((route) => keepsClusters(route, clusters));
  }

  /**
   * `host` as `authorityHost` gives it, `path` as `routingPath` gives it. `subject` is what conditions are asked of, and must be
   * given when the tenant `hasConditions`.
   */
  findRoute(host: string, path: string, subject?: ConditionSubject): Route<C> | undefined {
    let level: HostRoutes<C> | undefined = this.#byHost?.lookup(host) ?? this.#anyHost;
    while (level !== undefined) {
      let place = level.paths.lookup(path) ?? level.whole;
      while (place !== undefined) {
        const route = place.find(subject);
        if (route !== undefined) return route;
        place = place.above;
      }
      level = level.above;
    }
    return undefined;
  }

  /** The conditional routes of host and path that `findRoute` comes to as long as nothing holds. For `explain`. */
  candidates(host: string, path: string, subject: ConditionSubject): ReadonlySet<Route<C>> {
    const found = new Set<Route<C>>();
    let level: HostRoutes<C> | undefined = this.#byHost?.lookup(host) ?? this.#anyHost;
    while (level !== undefined) {
      let place = level.paths.lookup(path) ?? level.whole;
      while (place !== undefined) {
        for (const route of place.candidates(subject)) found.add(route);
        place = place.above;
      }
      level = level.above;
    }
    return found;
  }
}

interface HostRoutes<C> {
  readonly paths: PathTable<RoutePlace<C>>;
  /** The routes without path. */
  readonly whole: RoutePlace<C> | undefined;
  /** Where to look when nothing matched here; undefined behind the routes without host. */
  above: HostRoutes<C> | undefined;
}

function buildHostTable<C>(
  routes: readonly Route<C>[],
  anyHost: HostRoutes<C>,
): HostTable<HostRoutes<C>> | undefined {
  const grouped = Map.groupBy(
    routes.filter((route) => route.settings.host !== undefined),
    (route) => route.settings.host!,
  );
  if (grouped.size === 0) return undefined;

  const table = new HostTable<HostRoutes<C>>();
  const levels = new Map<string, HostRoutes<C>>();
  for (const [host, hostRoutes] of grouped) {
    const level = buildHostRoutes(hostRoutes, anyHost);
    levels.set(host, level);
    table.add(host, level);
  }
  for (const [host, level] of levels) level.above = table.matchAbove(host)?.value ?? anyHost;
  return table;
}

function buildHostRoutes<C>(routes: readonly Route<C>[], above: HostRoutes<C> | undefined): HostRoutes<C> {
  const grouped = Map.groupBy(routes, ({ settings: { path } }) => path && routingPath(path));
  const places = [...grouped].map(([path, placed]) => [path, new RoutePlace(placed)] as const);
  const paths = new PathTable<RoutePlace<C>>();
  for (const [path, place] of places) if (path !== undefined) paths.add(path, place);
  const whole = places.find(([path]) => path === undefined)?.[1];
  for (const [path, place] of places) if (path !== undefined) place.above = paths.above(path) ?? whole;
  return { paths, whole, above };
}
