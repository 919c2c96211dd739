import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type {
  AcmeSettings,
  BackendTlsSettings,
  CertificateSettings,
  ClusterSettings,
  HealthSettings,
  InstanceSettings,
  LogSettings,
  ProbeKindSettings,
  RouteSettings,
  Settings,
  TargetSettings,
  TenantSettings,
} from '../core/settings.ts';
import type { BackendTlsFiles } from './check-backend-tls.ts';
import type { ClientAuthFiles } from './check-tenant-tls.ts';
import type { ClusterEntry, ConfigFile, RouteEntry, TenantEntry } from './config-file.ts';
import type { OwnModules } from './modules/read-own-modules.ts';
import { resolveModules } from './modules/resolve-modules.ts';
import type { Path } from './problem.ts';
import { resolveTenantTls } from './resolve-tenant-tls.ts';

/** What was in the files that the configuration names. */
export interface FileContents {
  readonly certificates: readonly CertificateSettings[];
  readonly acme: readonly AcmeSettings[];
  /** By cluster. */
  readonly backendTls: ReadonlyMap<string, BackendTlsFiles>;
  /** By tenant. */
  readonly clientAuth: ReadonlyMap<string, ClientAuthFiles>;
  readonly ticketKeys: readonly string[] | undefined;
  /** Of modules that are named by file, by the place of their entry. */
  readonly moduleFiles: OwnModules['files'];
}

/** Makes the settings out of a file that has passed every check; nothing can fail here. */
export function resolveSettings(
  file: ConfigFile,
  { certificates, acme, backendTls, clientAuth, ticketKeys, moduleFiles }: FileContents,
  logDirectory: string,
): Settings {
  return {
    workers: file.workers ?? availableParallelism(),
    drainMs: file.drain,
    moduleTimeoutMs: file.moduleTimeout,
    listeners: file.listen,
    admin: file.admin,
    log: { level: file.log.level, access: resolveAccess(file, logDirectory) },
    timeouts: {
      clientHeaderMs: file.timeouts.clientHeader,
      clientIdleMs: file.timeouts.clientIdle,
      clientBodyMs: file.timeouts.clientBody,
      clientWriteMs: file.timeouts.clientWrite,
    },
    limits: {
      headBytes: file.limits.head,
      lineBytes: file.limits.line,
      headers: file.limits.headers,
      maxBodyBytes: file.limits.maxBody,
      conditionBodyBytes: file.limits.conditionBody,
    },
    http2: {
      maxStreams: file.http2.maxStreams,
      streamWindowBytes: file.http2.streamWindow,
      connectionWindowBytes: file.http2.connectionWindow,
      glitches: file.http2.glitches,
    },
    trustedProxies: file.trustedProxies,
    certificates,
    acme,
    tickets: { rotateMs: file.tickets.rotate, keys: ticketKeys },
    ...resolveModules(file.modules, [], moduleFiles),
    tenants: Object.entries(file.tenants).map(([name, tenant]) =>
      resolveTenant(name, tenant, clientAuth.get(name), moduleFiles),
    ),
    defaultTenant: file.defaultTenant,
    clusters: Object.entries(file.clusters).map(([name, cluster]) => ({
      ...resolveCluster(name, cluster, file),
      tls: resolveBackendTls(cluster, backendTls.get(name)),
    })),
  };
}

function resolveAccess({ log }: ConfigFile, directory: string): LogSettings['access'] {
  if (typeof log.access === 'string') return { kind: log.access };
  return { kind: 'file', file: resolve(directory, log.access.file) };
}

function resolveTenant(
  name: string,
  { hosts, vips, tls, stream, modules, routes = [] }: TenantEntry,
  files: ClientAuthFiles | undefined,
  moduleFiles: OwnModules['files'],
): TenantSettings {
  const place: Path = ['tenants', name];
  return {
    name,
    hosts,
    vips,
    tls: resolveTenantTls(tls, files),
    stream,
    ...resolveModules(modules, place, moduleFiles),
    routes: routes.map((route, i) => resolveRoute(route, [...place, 'routes', i], moduleFiles)),
  };
}

function resolveRoute(route: RouteEntry, place: Path, moduleFiles: OwnModules['files']): RouteSettings {
  const { host, path, when, mirror, modules } = route;
  return {
    host,
    path,
    ...(when === undefined ? {} : { when }),
    target: resolveTarget(route),
    ...(mirror === undefined ? {} : { mirror }),
    ...resolveModules(modules, place, moduleFiles),
  };
}

function resolveTarget({ cluster, split, splitOn, handler, redirect, respond }: RouteEntry): TargetSettings {
  if (cluster !== undefined) return { kind: 'cluster', cluster };
  if (split !== undefined) return { kind: 'split', shares: split, splitOn };
  if (handler !== undefined) return { kind: 'handler', handler };
  if (redirect !== undefined) return { kind: 'redirect', to: redirect.to, status: redirect.status };
  const headers = Object.entries(respond!.headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return { kind: 'respond', status: respond!.status, headers, body: respond!.body };
}

function resolveCluster(name: string, cluster: ClusterEntry, file: ConfigFile): Omit<ClusterSettings, 'tls'> {
  const { connect, responseHeader, total, idle, clientBody, clientWrite } = cluster.timeouts;
  const { attempts, on, unsafe, budget, backoff } = cluster.retry;
  return {
    name,
    protocol: cluster.protocol,
    pipelining: cluster.pipelining && {
      depth: cluster.pipelining.depth,
      maxWaitMs: cluster.pipelining.maxWait,
    },
    balance: cluster.balance,
    hashOn: isHashing(cluster) ? (cluster.hashOn ?? { kind: 'address' }) : undefined,
    sticky: cluster.sticky,
    ...resolveInstances(cluster),
    timeouts: {
      connectMs: connect ?? file.timeouts.connect,
      responseHeaderMs: responseHeader ?? file.timeouts.responseHeader,
      idleMs: idle ?? file.timeouts.idle,
    },
    totalTimeoutMs: total,
    clientTimeouts: {
      ...(clientBody === undefined ? {} : { clientBodyMs: clientBody }),
      ...(clientWrite === undefined ? {} : { clientWriteMs: clientWrite }),
    },
    retry: { attempts, on, unsafe, budget, backoffMs: backoff },
    hedge: cluster.hedge && { afterMs: cluster.hedge.after, max: cluster.hedge.max },
    breaker: cluster.breaker && {
      failureShare: cluster.breaker.failures,
      minRequests: cluster.breaker.requests,
      windowMs: cluster.breaker.window,
      openMs: cluster.breaker.open,
      fallback: cluster.breaker.fallback,
    },
    health: resolveHealth(cluster.health),
    maxRequests: cluster.maxRequests,
    queue: cluster.queue && { max: cluster.queue.max, timeoutMs: cluster.queue.timeout },
    slowStartMs: cluster.slowStart,
    // `none` is undefined too, and takes the server's bound away.
    maxBodyBytes: 'maxBody' in cluster.limits ? cluster.limits.maxBody : file.limits.maxBody,
  };
}

function resolveInstances({
  instances,
  subClusters,
}: ClusterEntry): Pick<ClusterSettings, 'instances' | 'subClusters'> {
  if (subClusters === undefined) return { instances: instances ?? [], subClusters: undefined };
  const all: InstanceSettings[] = [];
  const pools = Object.entries(subClusters).map(([name, { weight, instances = [], blackhole }]) => {
    const positions = instances.map((_, i) => all.length + i);
    all.push(...instances);
    return { name, weight, isBlackhole: blackhole, instances: positions };
  });
  return { instances: all, subClusters: pools };
}

function resolveHealth(health: ClusterEntry['health']): HealthSettings {
  const { failRate, requests, window } = health;
  return {
    probe: resolveProbe(health),
    intervalMs: health.interval,
    timeoutMs: health.timeout,
    fail: health.fail,
    pass: health.pass,
    failRate:
      failRate === undefined
        ? undefined
        : { failureShare: failRate, minRequests: requests, windowMs: window },
    failOn: health.failOn,
    maxEjectedShare: health.maxEjected,
    panicShare: health.panic,
  };
}

/** A path asks for HTTP; what else must go together is checked apart from the schema. */
function resolveProbe(health: ClusterEntry['health']): ProbeKindSettings | undefined {
  const { probe, path = '/', host, status, service = '' } = health;
  // In a field, an IPv6 address has brackets.
  const authority = host?.includes(':') ? `[${host}]` : host;
  switch (probe ?? (health.path === undefined ? undefined : 'http')) {
    case undefined:
      return undefined;
    case 'http':
      return { kind: 'http', path, host: authority, statuses: status };
    case 'grpc':
      return { kind: 'grpc', host: authority, service };
    case 'tls':
      return { kind: 'tls', serverName: host };
    case 'tcp':
      return { kind: 'tcp' };
  }
}

function isHashing({ balance }: ClusterEntry): boolean {
  return balance === 'ring-hash' || balance === 'maglev';
}

function resolveBackendTls(
  { protocol, tls }: ClusterEntry,
  files: BackendTlsFiles | undefined,
): BackendTlsSettings | undefined {
  if (protocol === 'http' || protocol === 'h2c') return undefined;
  const isHttp1 = protocol === 'https';
  return {
    serverName: tls?.serverName,
    ca: files?.ca,
    cert: files?.cert,
    key: files?.key,
    verify: tls?.verify ?? true,
    minVersion: tls?.minVersion ?? '1.2',
    alpn: isHttp1 ? ['http/1.1'] : tls?.allowHttp1 === true ? ['h2', 'http/1.1'] : ['h2'],
  };
}
