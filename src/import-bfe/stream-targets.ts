import type { AdvancedRoute } from './advanced-routes.ts';
import { isAlways } from './condition-tree.ts';
import type { Draft } from './draft.ts';
import type { Product } from './products.ts';
import type { Report } from './report.ts';
import type { TlsRules } from './tls-rules.ts';

/** Says where streams of tenants go. BFE finds their cluster as for a request without host and path. */
export function leadStreams(
  { streams }: TlsRules,
  routes: ReadonlyMap<Product, readonly AdvancedRoute[]>,
  report: Report,
): void {
  for (const [product, { proxyProtocol, place }] of streams) {
    const { tenant, tenantName } = product;
    const cluster = routes.get(product)?.find(({ condition }) => isAlways(condition))?.target['cluster'];
    if (typeof cluster === 'string') {
      const stream: Draft = proxyProtocol === undefined ? { cluster } : { cluster, proxyProtocol };
      tenant['stream'] = stream;
      const why = 'where its rules send what nothing is known of';
      report.changed(place, `streams of tenant ${tenantName} go to cluster ${cluster}, ${why}`, stream);
      continue;
    }
    const tls = tenant['tls'] as Draft;
    const others = (tls['protocols'] as (string | Draft)[]).filter((entry) => nameOf(entry) !== 'stream');
    tls['protocols'] = others.length === 0 ? ['http/1.1'] : others;
    report.dropped(place, `streams of tenant ${tenantName} lead nowhere: no rule of it always holds`, tls);
  }
}

function nameOf(protocol: string | Draft): unknown {
  return typeof protocol === 'string' ? protocol : protocol['name'];
}
