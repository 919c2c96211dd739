import { authorityHost } from '../../protocols/http/authority.ts';
import { ResponseHead } from '../../protocols/http/message.ts';
import type { Cluster } from '../balance/cluster.ts';
import type { Clock } from '../core/clock.ts';
import { type ErrorName, type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { ProxyProtocolVersion, Settings } from '../core/settings.ts';
import type { RawStream } from '../core/stream.ts';
import { ForwardRequest } from '../core/upstream.ts';
import { isMisdirected } from '../route/misdirected.ts';
import { RequestSubject } from '../route/request-subject.ts';
import type { RouteTable } from '../route/route-table.ts';
import { routingPath } from '../route/routing-path.ts';
import type { Route } from '../route/target.ts';
import type { Tenant } from '../route/tenant.ts';
import { TrustedAddresses } from '../route/trusted-addresses.ts';
import type { Chains } from './chains.ts';

/**
 * Everything that one configuration load decides about exchanges. An exchange keeps the snapshot it began with. What follows
 * from a head alone is kept on the head: a client that repeats its header section is routed and rewritten once.
 */
export class Snapshot {
  readonly settings: Settings;
  readonly routes: RouteTable<Cluster>;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly chains: Chains;
  readonly #trustedProxies: TrustedAddresses;

  constructor(
    settings: Settings,
    routes: RouteTable<Cluster>,
    clusters: ReadonlyMap<string, Cluster>,
    chains: Chains,
  ) {
    this.settings = settings;
    this.routes = routes;
    this.clusters = clusters;
    this.chains = chains;
    this.#trustedProxies = new TrustedAddresses(settings.trustedProxies);
  }

  /** Tenant and route of an exchange, or why it has none. `clock`: for conditions that look at the time. */
  locate(exchange: Exchange, clock: Clock): Location {
    const { head, path } = exchange;
    // Conditions see the headers as a module has left them.
    const isAsSent =
      path === head.path && (exchange.requestHeaders === head.headers || !this.routes.hasConditions);
    if (!isAsSent) return this.#findLocation(exchange, clock);
    const known = head.derived;
    if (known instanceof Location && known.snapshot === this) return known;
    const location = this.#findLocation(exchange, clock);
    if (location.isRepeatable) head.derived = location;
    return location;
  }

  /** Where a stream leads, or why nowhere. */
  locateStream({ session, way, serverName, target }: RawStream): StreamLocation {
    const tenant = target === undefined ? this.routes.findTenant(serverName, session) : undefined;
    if (target === undefined && tenant === undefined)
      return { tenant, error: exchangeError('no-tenant', 'no tenant has this host') };
    const { settings } = tenant ?? {};
    const wanted = target ?? (way === 'passthrough' ? settings?.tls.passthrough : settings?.stream);
    const cluster = wanted && this.clusters.get(wanted.cluster);
    // Only within a reload: what was decided about the connection is of another snapshot.
    if (wanted === undefined || cluster === undefined)
      return { tenant, error: exchangeError('no-route', 'streams lead nowhere here') };
    return { tenant, cluster, proxyProtocol: wanted.proxyProtocol };
  }

  /** What goes to the backends for an exchange; undefined: a module failed. */
  forwardRequest(exchange: Exchange, location: Location): ForwardRequest | undefined {
    const { head, session } = exchange;
    const isPlain = exchange.requestHeaders === head.headers && exchange.path === head.path;
    if (isPlain && location.request !== undefined) return location.request;
    const headers = this.chains.rewriteRequest(session, head, exchange.requestHeaders);
    if (headers === undefined) return undefined;
    const request = new ForwardRequest(
      head.method,
      exchange.path,
      head.authority,
      headers,
      head.bodyLength,
      head.upgrade,
      head.neverIndexed,
      head.upgrade !== '' && head.version === '2',
    );
    if (isPlain) location.request = request;
    return request;
  }

  /** What goes to the client for a response head, made once for a head that the instance repeats; undefined: a module failed. */
  clientResponse(head: ResponseHead): ResponseHead | undefined {
    const known = head.derived;
    if (known instanceof RewrittenResponse && known.snapshot === this) return known.head;
    const headers = this.chains.rewriteResponse(head, head.headers);
    if (headers === undefined) return undefined;
    const rewritten = new ResponseHead(head.status, head.reason, headers, head.bodyLength);
    head.derived = new RewrittenResponse(this, rewritten);
    return rewritten;
  }

  #findLocation(exchange: Exchange, clock: Clock): Location {
    const { session, head, path } = exchange;
    // RFC 9110, section 7.4: an https resource is not to be had over a connection that is not secured.
    if (head.scheme === 'https' && session.tls === undefined) {
      return this.#nowhere('misdirected-request', 'an https target on a plain connection');
    }
    // HTTP/1.0 without Host: over TLS the client has named the host all the same.
    const host = head.authority === '' ? (session.tls?.serverName ?? '') : authorityHost(head.authority);
    if (isMisdirected(session.tls, host, this.routes, session)) {
      return this.#nowhere('misdirected-request', 'this connection is not for this host');
    }
    const tenant = this.routes.findTenant(host, session);
    if (tenant === undefined) return this.#nowhere('no-tenant', 'no tenant has this host');
    const subject = tenant.hasConditions
      ? new RequestSubject(exchange, host, this.#trustedProxies, clock)
      : undefined;
    const route = tenant.findRoute(host, routingPath(path), subject);
    const location =
      route === undefined
        ? this.#nowhere('no-route', `no route of tenant ${tenant.name} matches`, tenant)
        : new Location(this, tenant, route, undefined);
    location.isRepeatable = subject?.isRepeatable ?? true;
    return location;
  }

  #nowhere(name: ErrorName, detail: string, tenant?: Tenant<Cluster>): Location {
    return new Location(this, tenant, undefined, exchangeError(name, detail));
  }
}

/** Where a stream leads in one snapshot. */
export type StreamLocation =
  | {
      readonly tenant: Tenant<Cluster> | undefined;
      readonly cluster: Cluster;
      readonly proxyProtocol: ProxyProtocolVersion | undefined;
      readonly error?: never;
    }
  | { readonly tenant: Tenant<Cluster> | undefined; readonly error: ExchangeError };

/** Where a head leads in one snapshot. */
export class Location {
  readonly snapshot: Snapshot;
  readonly tenant: Tenant<Cluster> | undefined;
  readonly route: Route<Cluster> | undefined;
  /** Why there is no route. */
  readonly error: ExchangeError | undefined;
  /** Filled when the first exchange with this head is forwarded. */
  request: ForwardRequest | undefined = undefined;
  /** False: the next request with this head may lead elsewhere, because a condition has looked at the time. */
  isRepeatable = true;

  constructor(
    snapshot: Snapshot,
    tenant: Tenant<Cluster> | undefined,
    route: Route<Cluster> | undefined,
    error: ExchangeError | undefined,
  ) {
    this.snapshot = snapshot;
    this.tenant = tenant;
    this.route = route;
    this.error = error;
  }
}

class RewrittenResponse {
  readonly snapshot: Snapshot;
  readonly head: ResponseHead;

  constructor(snapshot: Snapshot, head: ResponseHead) {
    this.snapshot = snapshot;
    this.head = head;
  }
}
