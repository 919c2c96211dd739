import { authorityHost } from '../../protocols/http/authority.ts';
import { buildClusters, type Cluster } from '../balance/cluster.ts';
import { type ErrorName, exchangeError } from '../core/errors.ts';
import type { LocalEnd } from '../core/session.ts';
import type { CertificateSettings, Settings } from '../core/settings.ts';
import { isMisdirected } from '../route/misdirected.ts';
import { RequestSubject } from '../route/request-subject.ts';
import { buildRouteTable, type RouteTable, type TenantMatch } from '../route/route-table.ts';
import { routingPath } from '../route/routing-path.ts';
import type { Target } from '../route/target.ts';
import { traceRoutes } from '../route/trace.ts';
import { TrustedAddresses } from '../route/trusted-addresses.ts';
import { DEFAULT_TLS } from '../tls/tls-policy.ts';
import type { Decision, ExplainedAnswer, ExplainedTarget, Outcome } from './decision.ts';
import { type ExplainedModules, ModuleExplainer } from './explain-modules.ts';
import type { ExplainedRequest } from './explained-request.ts';

/** Takes requests through the tables that traffic goes through, without sending them. */
export class Explainer {
  readonly settings: Settings;
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #table: RouteTable<Cluster>;
  readonly #trusted: TrustedAddresses;
  readonly #certificates: CertificateNames;
  readonly #modules: ModuleExplainer;

  /** Throws when a module from a file cannot be made, and says which. */
  constructor(settings: Settings) {
    this.settings = settings;
    this.#clusters = buildClusters(settings.clusters);
    this.#table = buildRouteTable(settings.tenants, settings.defaultTenant, this.#clusters);
    this.#trusted = new TrustedAddresses(settings.trustedProxies);
    this.#modules = new ModuleExplainer(settings, this.#table);
    this.#certificates = new CertificateNames([...settings.certificates, ...settings.acme]);
  }

  /** Where a request leads, for as much as traffic pays for it. */
  decide(request: ExplainedRequest): Outcome {
    return this.#take(request).outcome;
  }

  /** As `decide`, with what became of every route of the tenant: it looks at them all. */
  explain(request: ExplainedRequest): Decision {
    const { outcome, match, connection } = this.#take(request);
    const { host, routingPath } = outcome;
    const steps =
      match === undefined
        ? []
        : traceRoutes(match.tenant, host, routingPath, this.#subjectOf(request, connection));
    const routes = steps.map(({ route: { pattern, settings }, verdict }) => ({
      pattern,
      when: settings.when ?? null,
      verdict,
    }));
    return { ...outcome, routes };
  }

  /** Lets go of what modules hold; nothing is explained after it. */
  dispose(): void {
    this.#modules.dispose();
  }

  #take(request: ExplainedRequest): Taken {
    const { scheme, authority, serverName, path, vip = '' } = request;
    const host = authorityHost(authority);
    const end = { localAddress: vip };
    const relayed = scheme === 'https' ? relayedTenant(this.#table, serverName, end) : undefined;
    const certificate =
      scheme === 'https' && relayed?.tenant.settings.tls.passthrough === undefined
        ? this.#certificates.find(serverName, end)
        : undefined;
    const nowhere: Outcome = {
      request,
      certificate: certificate?.hosts ?? null,
      host,
      tenant: null,
      routingPath: routingPath(path),
      stream: null,
      route: null,
      dependsOnTime: false,
      target: null,
      modules: [],
      forwarded: null,
      answer: null,
    };
    if (relayed !== undefined) return { outcome: this.#relayed(nowhere, relayed) };

    // Where the handshake would fail, routes are the same as if it did not.
    const connection =
      scheme === 'https'
        ? connectionFor(certificate?.hosts ?? [serverName], serverName, this.#table, end)
        : undefined;
    if (isMisdirected(connection, host, this.#table, end))
      return { outcome: { ...nowhere, answer: errorAnswer('misdirected-request') } };
    const match = this.#table.matchTenant(host, end);
    if (match === undefined) return { outcome: { ...nowhere, answer: errorAnswer('no-tenant') } };

    const subject = this.#subjectOf(request, connection);
    const route = match.tenant.findRoute(host, nowhere.routingPath, subject);
    const { modules, answer: answered, forwarded } = this.#modules.explain(request, connection);
    const byModule = answered && moduleAnswer(answered);
    const found = {
      ...nowhere,
      tenant: { name: match.tenant.name, by: reasonFor(match) },
      modules,
      dependsOnTime: !subject.isRepeatable,
    };
    if (route === undefined)
      return { outcome: { ...found, answer: byModule ?? errorAnswer('no-route') }, match, connection };
    const { target, pattern } = route;
    const isLocal = target.kind === 'redirect' || target.kind === 'respond';
    const own = isLocal ? { status: target.status, error: null } : null;
    const isForwarded = target.kind === 'cluster' && byModule === null;
    return {
      outcome: {
        ...found,
        route: pattern,
        target: showTarget(target),
        forwarded: isForwarded ? forwarded : null,
        answer: byModule ?? own,
      },
      match,
      connection,
    };
  }

  #relayed(nowhere: Outcome, match: TenantMatch<Cluster>): Outcome {
    const { tls, stream } = match.tenant.settings;
    const { cluster, proxyProtocol = null } = tls.passthrough ?? stream!;
    return {
      ...nowhere,
      tenant: { name: match.tenant.name, by: reasonFor(match) },
      stream: { way: tls.passthrough === undefined ? 'terminated' : 'passthrough', proxyProtocol },
      target: showTarget({ kind: 'cluster', cluster: this.#clusters.get(cluster)! }),
    };
  }

  /** What conditions are asked of. Where the client is may not have been said: then no condition on it holds. */
  #subjectOf(request: ExplainedRequest, connection: Connection | undefined): RequestSubject {
    const { method, authority, path, headers, clientIp = '', vip = '', at } = request;
    const version = connection?.alpn === 'h2' ? '2' : '1.1';
    const origin = {
      session: { remoteAddress: clientIp, localAddress: vip, tls: connection },
      head: { method, authority, version },
      path,
      requestHeaders: headers.flat(),
    } as const;
    return new RequestSubject(origin, authorityHost(authority), this.#trusted, {
      wall: () => at ?? Date.now(),
    });
  }
}

interface Taken {
  readonly outcome: Outcome;
  /** There when routes were asked. */
  readonly match?: TenantMatch<Cluster>;
  readonly connection?: Connection | undefined;
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

/** What a client that knows every version and protocol is given, and that shows a certificate where it is asked for one. */
function connectionFor(
  certificateHosts: readonly string[],
  serverName: string,
  table: RouteTable<Cluster>,
  end: LocalEnd,
): Connection {
  const { maxVersion, protocols, clientAuth } =
    table.findTenant(serverName, end)?.settings.tls ?? DEFAULT_TLS;
  return {
    serverName,
    certificateHosts,
    version: `TLSv${maxVersion}`,
    alpn: protocols.find((name) => name !== 'stream')!,
    isOldCipher: false,
    client: clientAuth && { asked: clientAuth, isVerified: true, reason: '', certificate: undefined },
  };
}

/** Of a certificate that there is, or that is to be obtained. */
type ServedHosts = Pick<CertificateSettings, 'hosts' | 'vips' | 'isDefault'>;

/** Certificates by the names and addresses that they are served for. */
class CertificateNames {
  readonly #byName = new Map<string, ServedHosts>();
  readonly #byVip = new Map<string, ServedHosts>();
  readonly #fallback: ServedHosts | undefined;

  constructor(certificates: readonly ServedHosts[]) {
    for (const certificate of certificates) {
      for (const name of certificate.hosts) if (!this.#byName.has(name)) this.#byName.set(name, certificate);
      for (const vip of certificate.vips ?? []) if (!this.#byVip.has(vip)) this.#byVip.set(vip, certificate);
    }
    this.#fallback = certificates.find(({ isDefault }) => isDefault);
  }

  /** Exact name, then wildcard, then the VIP's, then the default one; undefined when a handshake for that name would fail. */
  find(serverName: string, { localAddress }: LocalEnd): ServedHosts | undefined {
    const dot = serverName.indexOf('.');
    return (
      this.#byName.get(serverName) ??
      (dot > 0 ? this.#byName.get(`*${serverName.slice(dot)}`) : undefined) ??
      this.#byVip.get(localAddress) ??
      this.#fallback
    );
  }
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
