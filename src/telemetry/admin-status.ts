import type { RefusedFiles } from '../core/renewable-settings.ts';
import type { BoundListener, ClusterStatus } from '../core/server.ts';
import type { StapleStatus } from '../core/staple.ts';

/** What `/status` answers, as JSON. Times are ISO 8601. */
export interface AdminStatus {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly configuration: string;
  readonly state: 'starting' | 'running' | 'draining';
  /** Increases by one with each configuration taken. */
  readonly generation: number;
  /** Connections, requests and relayed connections in all workers. */
  readonly sessions: number;
  readonly exchanges: number;
  readonly streams: number;
  readonly workers: readonly WorkerStatus[];
  readonly listeners: readonly BoundListener[];
  readonly tenants: readonly TenantStatus[];
  readonly clusters: readonly FleetClusterStatus[];
  readonly certificates: readonly CertificateStatus[];
  /** Files that have changed and are not good; what they held before is still in use. */
  readonly refusedFiles: readonly RefusedFiles[];
  readonly acme: readonly AcmeStatus[];
  readonly lastReload: ReloadStatus | undefined;
}

interface WorkerStatus {
  readonly slot: number;
  readonly pid: number;
  readonly state: string;
  readonly startedAt: string;
  /** How often a worker of this slot died and was started again. */
  readonly restarts: number;
  /** It sends the probes of all workers. */
  readonly probes: boolean;
}

export interface TenantStatus {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly routes: number;
}

/** A cluster as all workers together see it. */
export interface FleetClusterStatus extends Omit<ClusterStatus, 'instances'> {
  readonly instances: readonly FleetInstanceStatus[];
}

export interface FleetInstanceStatus {
  readonly address: string;
  readonly weight: number;
  /** Less while it is in slow start; the least of what workers give it. */
  readonly effectiveWeight: number;
  /** `mixed`: workers judge for themselves, and do not agree. */
  readonly state: 'healthy' | 'ejected' | 'mixed';
  readonly inFlight: number;
  readonly openConnections: number;
}

export interface CertificateStatus {
  /** Whom it is served for, and the names in it. */
  readonly hosts: readonly string[];
  readonly names: readonly string[];
  readonly file: string;
  readonly keyType: string;
  readonly issuer: string;
  readonly serial: string;
  /** SHA-256: `AB:CD:…`. */
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly daysLeft: number;
  readonly state: string;
  readonly ocsp: StapleStatus;
}

/** A certificate that ACME keeps. */
interface AcmeStatus {
  readonly hosts: readonly string[];
  readonly state: 'temporary' | 'obtained';
  /** Orders that failed in a row, and why the last one did; '' when none did. */
  readonly failures: number;
  readonly reason: string;
  readonly nextAttempt: string;
}

export interface ReloadStatus {
  readonly at: string;
  readonly ok: boolean;
  /** What was wrong, for people; '' when it went well. */
  readonly report: string;
}

/** Requests and what went wrong, since the start; the page makes rates of two. */
export interface TrafficTotals {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly tenants: ReadonlyMap<string, TrafficCounts>;
  readonly clusters: ReadonlyMap<string, TrafficCounts>;
}

export interface TrafficCounts {
  readonly requests: number;
  /** Answered with 5xx. */
  readonly failures: number;
}
