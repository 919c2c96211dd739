import type { TrafficCounts, TrafficTotals } from './admin-status.ts';
import { type RegistrySnapshot, seriesOf } from './registry.ts';

/** Reads from the metrics what the admin page shows: requests and failures by tenant and by cluster. */
export function trafficTotals(snapshot: RegistrySnapshot, at: number): TrafficTotals {
  const tenants = new Map<string, TrafficCounts>();
  const clusters = new Map<string, TrafficCounts>();
  const family = snapshot.families.find(({ name }) => name === 'portico_requests_total');
  for (const { labels, values } of family === undefined ? [] : seriesOf(family)) {
    const [tenant = '', cluster = '', , , code = ''] = labels;
    const requests = values[0] ?? 0;
    const failures = code === '5xx' ? requests : 0;
    add(tenants, tenant, requests, failures);
    add(clusters, cluster, requests, failures);
  }
  return { at, tenants, clusters };
}

function add(table: Map<string, TrafficCounts>, name: string, requests: number, failures: number): void {
  const before = table.get(name);
  table.set(name, {
    requests: (before?.requests ?? 0) + requests,
    failures: (before?.failures ?? 0) + failures,
  });
}
