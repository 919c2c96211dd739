import type { TenantFacts } from '../core/exchange.ts';
import type { TenantSettings } from '../core/settings.ts';
import { HostTable } from './host-table.ts';
import { PathTable } from './path-table.ts';
import { routingPath } from './routing-path.ts';
import { buildRoute, type Route } from './target.ts';

/**
 * The owner of a set of hosts, with its routes. Precedence:
 *
 *   1. routes whose host matches, most specific host first; of one host the exact path, then the longest prefix, then
 *      the route without path
 *   2. routes without host, in the same order of paths
 *   3. the bare default (neither host nor path)
 *
 * A host that has no matching path is passed over for the next less specific one. Of two routes with the same host and path
 * the first in the file wins. Configured paths are compared in the form requests are (`/%7ea` is `/~a`).
 */
export class Tenant<C> implements TenantFacts {
  readonly name: string;
  readonly settings: TenantSettings;
  /** In the order of the file. */
  readonly routes: readonly Route<C>[];
  /** Absent when no route names a host: then the second host lookup of a request is saved. */
  readonly #byHost: HostTable<HostRoutes<C>> | undefined;
  readonly #anyHost: HostRoutes<C>;

  constructor(settings: TenantSettings, clusters: ReadonlyMap<string, C>) {
    this.name = settings.name;
    this.settings = settings;
    this.routes = settings.routes.map((route, id) => buildRoute(settings.name, id, route, clusters));
    this.#anyHost = buildHostRoutes(
      this.routes.filter((route) => route.settings.host === undefined),
      undefined,
    );
    this.#byHost = buildHostTable(this.routes, this.#anyHost);
  }

  /** `host` as `authorityHost` gives it, `path` as `routingPath` gives it. */
  findRoute(host: string, path: string): Route<C> | undefined {
    let level: HostRoutes<C> | undefined = this.#byHost?.lookup(host) ?? this.#anyHost;
    while (level !== undefined) {
      const route = level.paths.lookup(path) ?? level.whole;
      if (route !== undefined) return route;
      level = level.above;
    }
    return undefined;
  }
}

interface HostRoutes<C> {
  readonly paths: PathTable<Route<C>>;
  /** The route without path. */
  readonly whole: Route<C> | undefined;
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
  const paths = new PathTable<Route<C>>();
  for (const route of routes) {
    if (route.settings.path !== undefined) paths.add(routingPath(route.settings.path), route);
  }
  return { paths, whole: routes.find((route) => route.settings.path === undefined), above };
}
