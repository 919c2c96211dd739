import type { ClusterStatus, InstanceStatus, ServerStatus } from '../core/server.ts';
import type { TenantSettings } from '../core/settings.ts';
import type { FleetClusterStatus, FleetInstanceStatus, TenantStatus } from '../telemetry/admin-status.ts';

/** The clusters as all workers together see them: numbers are summed, health is compared. */
export function mergeClusters(statuses: readonly ServerStatus[]): FleetClusterStatus[] {
  const merged = new Map<string, Map<string, FleetInstanceStatus>>();
  const inPanic = new Set<string>();
  const waiting = new Map<string, number>();
  for (const { clusters } of statuses) {
    for (const cluster of clusters) {
      mergeCluster(merged, cluster);
      if (cluster.panic) inPanic.add(cluster.name);
      waiting.set(cluster.name, (waiting.get(cluster.name) ?? 0) + cluster.waiting);
    }
  }
  return Array.from(merged, ([name, instances]) => ({
    name,
    panic: inPanic.has(name),
    waiting: waiting.get(name)!,
    instances: Array.from(instances.values()),
  }));
}

/** What the page shows of the tenants. */
export function tenantStatuses(tenants: readonly TenantSettings[]): TenantStatus[] {
  return tenants.map(({ name, hosts, routes }) => ({ name, hosts, routes: routes.length }));
}

function mergeCluster(merged: Map<string, Map<string, FleetInstanceStatus>>, cluster: ClusterStatus): void {
  let instances = merged.get(cluster.name);
  if (instances === undefined) {
    instances = new Map();
    merged.set(cluster.name, instances);
  }
  for (const instance of cluster.instances) {
    const known = instances.get(instance.address);
    instances.set(instance.address, known === undefined ? instance : mergeInstance(known, instance));
  }
}

function mergeInstance(a: FleetInstanceStatus, b: InstanceStatus): FleetInstanceStatus {
  return {
    address: a.address,
    weight: a.weight,
    effectiveWeight: Math.min(a.effectiveWeight, b.effectiveWeight),
    state: a.state === b.state ? a.state : 'mixed',
    inFlight: a.inFlight + b.inFlight,
    openConnections: a.openConnections + b.openConnections,
  };
}
