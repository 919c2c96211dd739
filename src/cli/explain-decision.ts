import { authorityHost } from '../../protocols/http/authority.ts';
import { buildClusters, type Cluster } from '../balance/cluster.ts';
import { systemClock } from '../core/clock.ts';
import { type ErrorName, exchangeError } from '../core/errors.ts';
import type { LocalEnd } from '../core/session.ts';
import type { CertificateSettings, ProxyProtocolVersion, Settings } from '../core/settings.ts';
import { isMisdirected, namesHost } from '../route/misdirected.ts';
import { RequestSubject } from '../route/request-subject.ts';
import { buildRouteTable, type RouteTable, type TenantMatch } from '../route/route-table.ts';
import { routingPath } from '../route/routing-path.ts';
import type { Target } from '../route/target.ts';
import { traceRoutes, type Verdict } from '../route/trace.ts';
import { TrustedAddresses } from '../route/trusted-addresses.ts';
import { DEFAULT_TLS } from '../tls/tls-policy.ts';
import { type ExplainedModules, explainModules } from './explain-modules.ts';

/** One request as `explain` was asked about it. */
export interface ExplainedRequest {
  readonly scheme: 'http' | 'https';
  readonly method: string;
  readonly authority: string;
  /** Path with query, as it would be sent. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Name asked for in the TLS handshake; '' on plain connections and for none. */
  readonly serverName: string;
  readonly clientIp: string | undefined;
  /** The address that the client has connected to. */
  readonly vip: string | undefined;
}

/** What becomes of it, JSON-able: the form of `explain --json`. Null: not reached or not there. */
export interface Decision {
  readonly request: ExplainedRequest;
  /** Names of the certificate that the connection is shown. */
  readonly certificate: readonly string[] | null;
  readonly host: string;
  readonly tenant: { readonly name: string; readonly by: string } | null;
  /** The path as routes see it. */
  readonly routingPath: string;
  /** What becomes of the connection where it is relayed, and not read: then there is no more to tell of the request. */
  readonly stream: ExplainedStream | null;
  /** In order of precedence. */
  readonly routes: readonly {
    readonly pattern: string;
    /** The condition. */
    readonly when: string | null;
    readonly verdict: Verdict;
  }[];
  readonly route: string | null;
  readonly target: ExplainedTarget | null;
  readonly modules: ExplainedModules['modules'];
  /** What the cluster is asked for. */
  readonly forwarded: ExplainedModules['forwarded'];
  /** Null: the cluster answers. */
  readonly answer: ExplainedAnswer | null;
}

interface ExplainedAnswer {
  /** 0: none, the connection ends. */
  readonly status: number;
  readonly error: ErrorName | null;
  /** Of a redirect by a module. */
  readonly location?: string;
}

export type ExplainedTarget =
  | {
      readonly kind: 'cluster';
      readonly cluster: string;
      readonly balance: string;
      readonly instances: readonly ExplainedInstance[];
      /** Empty where the cluster has none. */
      readonly subClusters: readonly {
        readonly name: string;
        readonly weight: number;
        readonly blackhole: boolean;
      }[];
    }
  | { readonly kind: 'handler'; readonly handler: string }
  | { readonly kind: 'redirect'; readonly to: string; readonly status: number }
  | { readonly kind: 'respond'; readonly status: number; readonly body: string };

interface ExplainedStream {
  /** As `RawStream` has it. */
  readonly way: 'terminated' | 'passthrough';
  readonly proxyProtocol: ProxyProtocolVersion | null;
}

interface ExplainedInstance {
  readonly address: string;
  readonly weight: number;
  /** '' where the cluster has none. */
  readonly subCluster: string;
}

/** Takes the request through the tables that traffic goes through. */
export function explainDecision(settings: Settings, request: ExplainedRequest): Decision {
  const clusters = buildClusters(settings.clusters);
  const table = buildRouteTable(settings.tenants, settings.defaultTenant, clusters);
  const host = authorityHost(request.authority);
  const path = routingPath(request.path);
  const end = { localAddress: request.vip ?? '' };
  const relayed = request.scheme === 'https' ? relayedTenant(table, request.serverName, end) : undefined;
  const certificate =
    request.scheme === 'https' && relayed?.tenant.settings.tls.passthrough === undefined
      ? certificateFor(settings, request.serverName, end)
      : undefined;
  const start = { request, certificate: certificate?.hosts ?? null, host, routingPath: path, stream: null };
  const stop = { tenant: null, routes: [], route: null, target: null, modules: [], forwarded: null };
  if (relayed !== undefined) {
    const { tls, stream } = relayed.tenant.settings;
    const { cluster, proxyProtocol = null } = tls.passthrough ?? stream!;
    return {
      ...start,
      ...stop,
      tenant: { name: relayed.tenant.name, by: reasonFor(relayed) },
      stream: { way: tls.passthrough === undefined ? 'terminated' : 'passthrough', proxyProtocol },
      target: showTarget({ kind: 'cluster', cluster: clusters.get(cluster)! }),
      answer: null,
    };
  }

  const connection = certificate && connectionFor(certificate, request.serverName, table, end);
  if (isMisdirected(connection, host, table, end))
    return { ...start, ...stop, answer: errorAnswer('misdirected-request') };
  const match = table.matchTenant(host, end);
  if (match === undefined) return { ...start, ...stop, answer: errorAnswer('no-tenant') };

  const { modules, answer: answered, forwarded } = explainModules(settings, table, request, connection);
  const found = { ...start, tenant: { name: match.tenant.name, by: reasonFor(match) }, modules };
  const subject = subjectFor(settings, request, connection);
  const steps = traceRoutes(match.tenant, host, path, subject);
  const routes = steps.map(({ route: { pattern, settings }, verdict }) => ({
    pattern,
    when: settings.when ?? null,
    verdict,
  }));
  const byModule = answered && moduleAnswer(answered);
  const route = match.tenant.findRoute(host, path, subject);
  if (route === undefined)
    return {
      ...found,
      routes,
      route: null,
      target: null,
      forwarded: null,
      answer: byModule ?? errorAnswer('no-route'),
    };
  const { target } = route;
  const isForwarded = target.kind === 'cluster' && byModule === null;
  const own =
    target.kind === 'cluster' || target.kind === 'handler' ? null : { status: target.status, error: null };
  return {
    ...found,
    routes,
    route: route.pattern,
    target: showTarget(target),
    forwarded: isForwarded ? forwarded : null,
    answer: byModule ?? own,
  };
}

function moduleAnswer({ status, location }: NonNullable<ExplainedModules['answer']>): ExplainedAnswer {
  return { status, error: null, ...(location === null ? {} : { location }) };
}

/** The tenant of the name in the handshake, if it has all its connections relayed; not one that serves HTTP as well. */
function relayedTenant(
  table: RouteTable<Cluster>,
  serverName: string,
  end: LocalEnd,
): TenantMatch<Cluster> | undefined {
  const match = table.matchTenant(serverName, end);
  const { tls } = match?.tenant.settings ?? {};
  const isRelayed = tls?.passthrough !== undefined || tls?.protocols.every((name) => name === 'stream');
  return isRelayed === true ? match : undefined;
}

type Connection = NonNullable<Parameters<typeof isMisdirected>[0]>;

/** What conditions are asked of. Where the client is was not said, unless by `--client-ip`: then no condition on it holds. */
function subjectFor(
  settings: Settings,
  request: ExplainedRequest,
  connection: Connection | undefined,
): RequestSubject {
  const { method, authority, path, headers, clientIp = '', vip = '' } = request;
  const version = connection?.alpn === 'h2' ? '2' : '1.1';
  const origin = {
    session: { remoteAddress: clientIp, localAddress: vip, tls: connection },
    head: { method, authority, version },
    path,
    requestHeaders: headers.flat(),
  } as const;
  const trusted = new TrustedAddresses(settings.trustedProxies);
  return new RequestSubject(origin, authorityHost(authority), trusted, systemClock);
}

/** What a client that knows every version and protocol is given, and that shows a certificate where it is asked for one. */
function connectionFor(
  certificate: ServedHosts,
  serverName: string,
  table: RouteTable<Cluster>,
  end: LocalEnd,
): Connection {
  const { maxVersion, protocols, clientAuth } =
    table.findTenant(serverName, end)?.settings.tls ?? DEFAULT_TLS;
  return {
    serverName,
    certificateHosts: certificate.hosts,
    version: `TLSv${maxVersion}`,
    alpn: protocols.find((name) => name !== 'stream')!,
    isOldCipher: false,
    client: clientAuth && { asked: clientAuth, isVerified: true, reason: '', certificate: undefined },
  };
}

/** Of a certificate that there is, or that is to be obtained. */
type ServedHosts = Pick<CertificateSettings, 'hosts' | 'vips' | 'isDefault'>;

/** Exact name, then wildcard, then the VIP's, then the default one; undefined when a handshake for that name would fail. */
function certificateFor(
  settings: Settings,
  serverName: string,
  { localAddress }: LocalEnd,
): ServedHosts | undefined {
  const certificates: readonly ServedHosts[] = [...settings.certificates, ...settings.acme];
  return (
    certificates.find(({ hosts }) => hosts.includes(serverName)) ??
    certificates.find(({ hosts }) => namesHost(hosts, serverName)) ??
    certificates.find(({ vips }) => vips?.includes(localAddress)) ??
    certificates.find(({ isDefault }) => isDefault)
  );
}

function reasonFor({ pattern, vip }: TenantMatch<unknown>): string {
  if (vip !== undefined) return `VIP ${vip}: no tenant names this host`;
  if (pattern === undefined) return 'default tenant: no tenant names this host';
  return pattern.startsWith('*.') ? `wildcard host ${pattern}` : `exact host ${pattern}`;
}

function errorAnswer(name: ErrorName): { status: number; error: ErrorName } {
  return { status: exchangeError(name, '').status, error: name };
}

function showTarget(target: Target<Cluster>): ExplainedTarget {
  switch (target.kind) {
    case 'cluster': {
      const { name, settings, instances } = target.cluster;
      return {
        kind: 'cluster',
        cluster: name,
        balance: settings.balance,
        instances: instances.map(({ address, weight, subCluster }) => ({
          address: address.text,
          weight,
          subCluster,
        })),
        subClusters: (settings.subClusters ?? []).map(({ name, weight, isBlackhole }) => ({
          name,
          weight,
          blackhole: isBlackhole,
        })),
      };
    }
    case 'handler':
      return { kind: 'handler', handler: target.handler };
    case 'redirect':
      return { kind: 'redirect', to: target.url, status: target.status };
    case 'respond':
      return { kind: 'respond', status: target.status, body: target.body };
  }
}
