import { bench, do_not_optimize, run, summary } from 'mitata';
import { authorityHost } from '../../protocols/http/authority.ts';
import type { TenantSettings } from '../../src/core/settings.ts';
import { buildRouteTable, type RouteTable } from '../../src/route/route-table.ts';
import { routingPath } from '../../src/route/routing-path.ts';

/**
 * Host and path lookup with 1 and with 10,000 tenants (each with an exact host, a wildcard and three routes), from the strings
 * of a request head to the route. Run: node bench/micro/route.ts
 */
const CLUSTERS: ReadonlyMap<string, string> = new Map([['web', 'web']]);
const REQUESTS = 1024;

summary(() => {
  for (const count of [1, 10_000]) {
    const table = buildRouteTable(tenants(count), undefined, CLUSTERS);
    for (const [what, host] of [
      ['exact host', (i: number) => `Shop${i % count}.example.org:8443`],
      ['wildcard host', (i: number) => `eu.cdn.shop${i % count}.example.org`],
    ] as const) {
      const heads = Array.from({ length: REQUESTS }, (_, i) =>
        headOf(host(i * 9973), `/api/v1/item/${i}?page=2`),
      );
      let i = 0;
      bench(`${what}, ${count} tenants`, () => do_not_optimize(lookUp(table, heads[i++ % REQUESTS]!)));
    }
  }
});

bench('build 10,000 tenants', () => do_not_optimize(buildRouteTable(tenants(10_000), undefined, CLUSTERS)));

await run();

/** The parts are slices of one string, without cached hash, as the head parser leaves them. */
function headOf(authority: string, path: string): { head: string; path: number; authority: number } {
  const head = `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n`;
  return { head, path: 4 + path.length, authority: head.length - 2 };
}

function lookUp(table: RouteTable<string>, sent: ReturnType<typeof headOf>): unknown {
  const authority = sent.head.slice(sent.head.indexOf('Host: ') + 6, sent.authority);
  const path = sent.head.slice(4, sent.path);
  const host = authorityHost(authority);
  return table.findTenant(host)?.findRoute(host, routingPath(path));
}

function tenants(count: number): TenantSettings[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `shop${i}`,
    hosts: [`shop${i}.example.org`, `*.shop${i}.example.org`],
    tls: { protocols: ['http/1.1'], minVersion: '1.2', maxVersion: '1.3' },
    routes: ['/api/*', '/static/*', undefined].map((path) => ({
      host: undefined,
      path,
      target: { kind: 'cluster', cluster: 'web' },
    })),
  }));
}
