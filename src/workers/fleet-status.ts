import { X509Certificate } from 'node:crypto';
import type { ClusterStatus, InstanceStatus, ServerStatus } from '../core/server.ts';
import type { CertificateSettings, TenantSettings } from '../core/settings.ts';
import type {
  CertificateStatus,
  FleetClusterStatus,
  FleetInstanceStatus,
  TenantStatus,
} from '../telemetry/admin-status.ts';

/** The clusters as all workers together see them: numbers are summed, health is compared. */
export function mergeClusters(statuses: readonly ServerStatus[]): FleetClusterStatus[] {
  const merged = new Map<string, Map<string, FleetInstanceStatus>>();
  for (const { clusters } of statuses) {
    for (const cluster of clusters) mergeCluster(merged, cluster);
  }
  return Array.from(merged, ([name, instances]) => ({ name, instances: Array.from(instances.values()) }));
}

/** What the page shows of the tenants. */
export function tenantStatuses(tenants: readonly TenantSettings[]): TenantStatus[] {
  return tenants.map(({ name, hosts, routes }) => ({ name, hosts, routes: routes.length }));
}

/** When each certificate ends. `now` in milliseconds since the epoch. */
export function certificateStatuses(
  certificates: readonly CertificateSettings[],
  now: number,
): CertificateStatus[] {
  return certificates.map(({ cert, hosts, certFile }) => {
    const end = new X509Certificate(cert).validToDate.getTime();
    return {
      hosts,
      file: certFile,
      notAfter: new Date(end).toISOString(),
      daysLeft: Math.floor((end - now) / DAY_MS),
    };
  });
}

const DAY_MS = 86_400_000;

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
    state: a.state === b.state ? a.state : 'mixed',
    inFlight: a.inFlight + b.inFlight,
    openConnections: a.openConnections + b.openConnections,
  };
}
