import { MAX_CONDITION_BODY_BYTES, MIN_CONDITION_BODY_BYTES } from '../config/limit-bounds.ts';
import type { Certificates } from './certificates.ts';
import { type Draft, sizeText } from './draft.ts';
import type { Field } from './fields.ts';
import type { ModuleLists } from './module-lists.ts';
import type { Product, Products } from './products.ts';
import type { Report } from './report.ts';
import type { ServerConf } from './server-conf.ts';

/** What the files have come to. */
export interface Parts {
  readonly server: ServerConf;
  readonly products: Products;
  readonly modules: ModuleLists;
  readonly certificates: Certificates;
  readonly clusters: Draft;
  readonly clientIdle: string | undefined;
  /** Whether any condition looks at bodies. */
  readonly looksAtBodies: boolean;
  readonly trustedProxies: readonly string[];
  /** Undefined where there is no TLS. */
  readonly http2: Draft | undefined;
}

/** The whole configuration, its keys in the order of the documentation. */
export function assemble(parts: Parts, report: Report): Draft {
  const { server, products, modules, certificates } = parts;
  const { clientIdle, trustedProxies } = parts;
  return {
    ...server.workers,
    drain: server.drain,
    listen: listenersOf(server, certificates.size > 0, report),
    ...server.admin,
    ...(server.logLevel === undefined ? {} : { log: { level: server.logLevel } }),
    timeouts: { ...server.timeouts, ...(clientIdle === undefined ? {} : { clientIdle }) },
    limits: { ...server.limits, ...bodyLimit(server.accessibleBody, parts.looksAtBodies, report) },
    http2: parts.http2,
    trustedProxies: unlessEmpty(trustedProxies),
    certificates: unlessEmpty(Array.from(certificates.values(), withoutEmptyVips)),
    modules: unlessEmpty(modules.server),
    tenants: tenantsOf(products, modules, report),
    defaultTenant: products.defaultProduct?.tenantName,
    clusters: parts.clusters,
  };
}

/** BFE's for what conditions can look at. */
const ACCESSIBLE_BODY = 2 * 1024 * 1024;

function bodyLimit(field: Field<number> | undefined, isNeeded: boolean, report: Report): Draft {
  if (!isNeeded) {
    if (field !== undefined)
      report.kept(field.place, `AccessibleBodySize ${field.value}: no condition looks at bodies`);
    return {};
  }
  const wanted = field?.value ?? ACCESSIBLE_BODY;
  const bytes = Math.min(Math.max(wanted, MIN_CONDITION_BODY_BYTES), MAX_CONDITION_BODY_BYTES);
  if (field !== undefined)
    report.changed(
      field.place,
      `AccessibleBodySize ${wanted}, as limits.conditionBody: ${sizeText(bytes)} (1MiB is the most): conditions see nothing in a larger body, nor in one that does not say that it is JSON`,
    );
  return { conditionBody: sizeText(bytes) };
}

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function withoutEmptyVips(certificate: Draft): Draft {
  if (unlessEmpty(certificate['vips'] as string[]) === undefined) delete certificate['vips'];
  return certificate;
}

function listenersOf({ plain, secure }: ServerConf, hasTls: boolean, report: Report): Draft[] {
  for (const { place, text } of [...plain.named, ...(hasTls ? secure.named : [])])
    report.kept(place, `${text}, as listen`);
  if (!hasTls)
    for (const { place, text } of secure.named)
      report.dropped(place, `${text}: there is no certificate, so nothing listens with TLS`);
  const listeners = hasTls ? [plain, secure] : [plain];
  for (const { draft, named } of listeners) for (const { place } of named) report.stems(draft, place);
  return listeners.map(({ draft }) => draft);
}

function tenantsOf(products: Products, modules: ModuleLists, report: Report): Draft {
  const tenants: Draft = {};
  for (const product of products.all.values()) {
    const { tenant, tenantName } = product;
    const { hosts, vips, tls, stream, routes } = tenant;
    const list = modules.of(product);
    // The same mapping, because comments belong to it, with its keys in another order.
    for (const key of Object.keys(tenant)) delete tenant[key];
    Object.assign(tenant, {
      hosts,
      vips: unlessEmpty(vips),
      tls,
      stream,
      modules: unlessEmpty(list),
      routes: list.length === 0 ? routes : withDefault(routes as Draft[], product, report),
    });
    tenants[tenantName] = tenant;
  }
  return tenants;
}

/** Modules run for requests that a route was found for; those of BFE that answer by themselves need none. */
function withDefault(routes: Draft[], { tenantName, place }: Product, report: Report): Draft[] {
  const takesAll = ({ host, path, when }: Draft) =>
    host === undefined && when === undefined && (path === undefined || path === '/*');
  if (routes.some(takesAll)) return routes;
  const last: Draft = { respond: { status: 404 } };
  report.changed(
    place,
    `tenant ${tenantName}: requests that no rule takes are answered 404, so that its modules see them`,
    last,
  );
  return [...routes, last];
}
