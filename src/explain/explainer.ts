import { authorityHost } from '../../protocols/http/authority.ts';
import { buildClusters, type Cluster } from '../balance/cluster.ts';
import { ConfiguredModules } from '../configured-modules.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import type { LocalEnd } from '../core/session.ts';
import type { CertificateSettings, Settings } from '../core/settings.ts';
import type { ModuleWatch } from '../proxy/chains.ts';
import { lastHopError } from '../proxy/last-hop.ts';
import type { Location } from '../proxy/location.ts';
import { ModuleTable } from '../proxy/module-table.ts';
import { Snapshot } from '../proxy/snapshot.ts';
import { stickyPlace } from '../proxy/sticky-choice.ts';
import type { SeenBody } from '../route/json-body.ts';
import { buildRouteTable, type RouteTable, type TenantMatch } from '../route/route-table.ts';
import { routingPath } from '../route/routing-path.ts';
import type { Route, Target } from '../route/target.ts';
import { traceRoutes } from '../route/trace.ts';
import { certificateNames } from '../tls/certificate-facts.ts';
import { readLeaf } from '../tls/read-chain.ts';
import { DEFAULT_TLS } from '../tls/tls-policy.ts';
import type { Decision, ExplainedAnswer, ExplainedTarget, Outcome } from './decision.ts';
import { moduleOutcome, moduleSteps } from './explain-modules.ts';
import { explainedCluster, explainSplit } from './explain-split.ts';
import { explainWaits } from './explain-waits.ts';
import { exchangeFor, type SettledTls } from './explained-exchange.ts';
import type { ExplainedRequest } from './explained-request.ts';
import { shownCondition } from './shown-condition.ts';

/** Takes requests through the tables that traffic goes through, without sending them. */
export class Explainer {
  readonly settings: Settings;
  readonly #snapshot: Snapshot;
  readonly #certificates: CertificateNames;
  readonly #modules: ConfiguredModules;

  /** Throws when a module from a file cannot be made, and says which. */
  constructor(settings: Settings) {
    this.settings = settings;
    const clusters = buildClusters(settings.clusters);
    const routes = buildRouteTable(settings.tenants, settings.defaultTenant, clusters);
    this.#modules = new ConfiguredModules(settings);
    const { server, tenants } = this.#modules;
    const table = new ModuleTable({ first: [], server, tenants, last: [] }, NOBODY);
    this.#snapshot = new Snapshot(settings, routes, clusters, table);
    this.#certificates = new CertificateNames([...settings.certificates, ...settings.acme]);
  }

  /** Where a request leads, for as much as traffic pays for it. */
  decide(request: ExplainedRequest): Outcome {
    return this.#take(request).outcome;
  }

  /** As `decide`, with what became of every route and module of the tenant: it looks at them all. */
  explain(request: ExplainedRequest): Decision {
    const { outcome, location } = this.#take(request);
    const { host, routingPath } = outcome;
    if (location?.tenant === undefined) return { ...outcome, routes: [], modules: [] };
    const steps = traceRoutes(location.tenant, host, routingPath, location.subject);
    const routes = steps.map(
      ({ route: { pattern, settings }, verdict, condition, isPassedOver = false }) => ({
        pattern,
        when: settings.when ?? null,
        verdict,
        condition: condition === undefined ? null : shownCondition(condition),
        passedOver: isPassedOver,
      }),
    );
    return { ...outcome, routes, modules: moduleSteps(location) };
  }

  /** Lets go of what modules hold; nothing is explained after it. */
  dispose(): void {
    this.#modules.dispose();
  }

  #take(request: ExplainedRequest): Taken {
    const { scheme, authority, serverName, path, vip = '' } = request;
    const { routes } = this.#snapshot;
    // As traffic has it: HTTP/1.0 without Host.
    const host = authority === '' ? serverName : authorityHost(authority);
    const end = { localAddress: vip };
    const relayed = scheme === 'https' ? relayedTenant(routes, serverName, end) : undefined;
    const certificate =
      scheme === 'https' && relayed?.tenant.settings.tls.passthrough === undefined
        ? this.#certificates.find(serverName, end)
        : undefined;
    const shownNames = certificate && this.#certificates.namesOf(certificate);
    const nowhere: Outcome = {
      request,
      certificate: shownNames ?? null,
      host,
      tenant: null,
      routingPath: routingPath(path),
      stream: null,
      route: null,
      dependsOnTime: false,
      target: null,
      mirror: null,
      forwarded: null,
      answer: null,
    };
    if (relayed !== undefined) return { outcome: this.#relayed(nowhere, relayed) };

    // Where the handshake would fail, routes are the same as if it did not.
    const names = shownNames ?? [serverName];
    const tls = scheme === 'https' ? connectionFor(names, serverName, routes, end) : undefined;
    const exchange = exchangeFor(request, tls);
    const location = this.#snapshot.locate(exchange, clockAt(request.at), this.#seen(request.body));
    const byModule = moduleOutcome(location, path);
    const match = location.tenant && routes.matchTenant(host, end);
    const target = location.endsHere ? undefined : location.route?.target;
    return {
      outcome: {
        ...nowhere,
        tenant: match === undefined ? null : { name: match.tenant.name, by: reasonFor(match) },
        route: location.route?.pattern ?? null,
        dependsOnTime: !location.isRepeatable,
        target: target === undefined ? null : showTarget(target, location),
        mirror: byModule.forwarded === null ? null : showMirror(location.route),
        forwarded: byModule.forwarded,
        answer: byModule.answer ?? ownAnswer(location),
      },
      location,
    };
  }

  /** As much of a body as traffic would wait for. */
  #seen(body: string | undefined): SeenBody | undefined {
    if (body === undefined) return undefined;
    const bytes = Buffer.from(body);
    return { whole: bytes.length > this.settings.limits.conditionBodyBytes ? undefined : bytes };
  }

  #relayed(nowhere: Outcome, match: TenantMatch<Cluster>): Outcome {
    const { tls, stream } = match.tenant.settings;
    const { cluster, proxyProtocol = null } = tls.passthrough ?? stream!;
    return {
      ...nowhere,
      tenant: { name: match.tenant.name, by: reasonFor(match) },
      stream: { way: tls.passthrough === undefined ? 'terminated' : 'passthrough', proxyProtocol },
      target: showCluster(this.#snapshot.clusters.get(cluster)!),
    };
  }
}

interface Taken {
  readonly outcome: Outcome;
  /** Not of connections that are relayed. */
  readonly location?: Location;
}

/** A module that fails costs its request an answer, which says so. */
const NOBODY: ModuleWatch = { answered() {}, failed() {}, timed() {}, waited() {}, now: () => 0 };

/** It stands still: what is asked twice is answered alike. */
function clockAt(at: number = systemClock.wall()): Clock {
  return { now: systemClock.now, wall: () => at };
}

function ownAnswer({ error, route, head, endsHere }: Location): ExplainedAnswer | null {
  if (route === undefined) return { status: error!.status, error: error!.name };
  const { target } = route;
  if (target.kind === 'redirect' || target.kind === 'respond') return { status: target.status, error: null };
  if (!endsHere) return null;
  const refused = lastHopError(head);
  return { status: refused?.status ?? 200, error: refused?.name ?? null };
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

/** What a client that knows every version and protocol is given, and that shows a certificate where it is asked for one. */
function connectionFor(
  certificateHosts: readonly string[],
  serverName: string,
  table: RouteTable<Cluster>,
  end: LocalEnd,
): SettledTls {
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
type ServedHosts = Pick<CertificateSettings, 'hosts' | 'vips' | 'isDefault'> & { readonly cert?: string };

/** Certificates by the names and addresses that they are served for. */
class CertificateNames {
  readonly #byName = new Map<string, ServedHosts>();
  readonly #byVip = new Map<string, ServedHosts>();
  readonly #fallback: ServedHosts | undefined;
  readonly #names = new Map<ServedHosts, readonly string[]>();

  constructor(certificates: readonly ServedHosts[]) {
    for (const certificate of certificates) {
      const hosts = certificate.hosts.length > 0 ? certificate.hosts : this.namesOf(certificate);
      for (const name of hosts) if (!this.#byName.has(name)) this.#byName.set(name, certificate);
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

  /** All that it is for, which may be more than what it is served for. Read when it is asked for: of ten thousand few are. */
  namesOf(certificate: ServedHosts): readonly string[] {
    let names = this.#names.get(certificate);
    if (names === undefined) {
      const leaf = certificate.cert === undefined ? undefined : readLeaf(certificate.cert);
      names = leaf === undefined ? certificate.hosts : certificateNames(leaf);
      this.#names.set(certificate, names);
    }
    return names;
  }
}

function reasonFor({ pattern, vip }: TenantMatch<unknown>): string {
  if (vip !== undefined) return `VIP ${vip}: no tenant names this host`;
  if (pattern === undefined) return 'default tenant: no tenant names this host';
  return pattern.startsWith('*.') ? `wildcard host ${pattern}` : `exact host ${pattern}`;
}

function showMirror(route: Route<Cluster> | undefined): Outcome['mirror'] {
  const settings = route?.mirror?.settings;
  return settings === undefined ? null : { cluster: settings.cluster, percent: settings.percent };
}

function showTarget(target: Target<Cluster>, location: Location): ExplainedTarget {
  switch (target.kind) {
    case 'cluster':
      return showRequested(target.cluster, location);
    case 'split': {
      const split = explainSplit(target.split, location);
      const cluster = explainedCluster(target.split, location);
      return cluster === undefined
        ? { kind: 'split', split }
        : { ...showRequested(cluster, location), split };
    }
    case 'handler':
      return { kind: 'handler', handler: target.handler };
    case 'redirect':
      return { kind: 'redirect', to: target.url, status: target.status };
    case 'respond':
      return { kind: 'respond', status: target.status, body: target.body };
  }
}

/** With what the request itself says about its instance. */
function showRequested(cluster: Cluster, location: Location): ClusterTarget {
  const { settings, sticky } = cluster;
  const waits = explainWaits(settings, location.head);
  const shown = { ...showCluster(cluster), ...(Object.keys(waits).length === 0 ? {} : { waits }) };
  if (sticky === undefined) return shown;
  const instance = stickyPlace(sticky, location)?.instance.address.text ?? null;
  return { ...shown, sticky: { cookie: sticky.cookie, instance } };
}

type ClusterTarget = ExplainedTarget & { readonly kind: 'cluster' };

function showCluster({ name, settings, instances }: Cluster): ClusterTarget {
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
