import { authorityHost } from '../../protocols/http/authority.ts';
import { headerValue } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import type { Cluster } from '../balance/cluster.ts';
import { AddressBlocks } from '../core/address-blocks.ts';
import type { RespondingExchange } from '../core/callback-points.ts';
import type { Clock } from '../core/clock.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { httpDate } from '../core/http-date.ts';
import type { ProxyProtocolVersion, Settings } from '../core/settings.ts';
import type { RawStream } from '../core/stream.ts';
import { ForwardRequest } from '../core/upstream.ts';
import type { SeenBody } from '../route/json-body.ts';
import { isMisdirected } from '../route/misdirected.ts';
import type { RouteTable } from '../route/route-table.ts';
import type { Tenant } from '../route/tenant.ts';
import type { Chains } from './chains.ts';
import { type Located, Location } from './location.ts';
import type { ModuleTable } from './module-table.ts';
import { ownAuthority } from './own-authority.ts';

/**
 * Everything that one configuration load decides about exchanges. An exchange keeps the snapshot it began with. What follows
 * from a head alone is kept on the head: a client that repeats its header section is routed and rewritten once.
 */
export class Snapshot {
  readonly settings: Settings;
  readonly routes: RouteTable<Cluster>;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly modules: ModuleTable;
  readonly trustedProxies: AddressBlocks;
  /** Exchanges and streams that were located under it and are not over. */
  #inFlight = 0;
  #retired: (() => void) | undefined = undefined;

  constructor(
    settings: Settings,
    routes: RouteTable<Cluster>,
    clusters: ReadonlyMap<string, Cluster>,
    modules: ModuleTable,
  ) {
    this.settings = settings;
    this.routes = routes;
    this.clusters = clusters;
    this.modules = modules;
    this.trustedProxies = new AddressBlocks(settings.trustedProxies);
  }

  /** Of sessions, and of exchanges as long as the tenant is not known. */
  get chains(): Chains {
    return this.modules.server;
  }

  /**
   * Tenant and route of an exchange, or why it has none. `clock`: for conditions that look at the time; `body`: for those that look at
   * it, once it was waited for.
   */
  locate(exchange: Located, clock: Clock, body?: SeenBody): Location {
    if (body !== undefined) return this.#findLocation(exchange, clock, body);
    const { head, path } = exchange;
    // Conditions see the headers as a module has left them.
    const hasConditions = this.routes.hasConditions || this.modules.hasConditions;
    const isAsSent = path === head.path && (exchange.requestHeaders === head.headers || !hasConditions);
    if (!isAsSent) return this.#findLocation(exchange, clock);
    const known = head.derived;
    if (known instanceof Location && known.snapshot === this) return known;
    const location = this.#findLocation(exchange, clock);
    if (location.isRepeatable) head.derived = location;
    return location;
  }

  /** An exchange or a stream keeps it until `leave`. */
  enter(): void {
    this.#inFlight += 1;
  }

  leave(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#retired?.();
  }

  /** Another has taken its place. `over`: called once, when nobody keeps it any more. */
  retire(over: () => void): void {
    if (this.#inFlight === 0) over();
    else this.#retired = over;
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
    const { chains } = location;
    const target = chains.rewriteTarget(location, { authority: head.authority, path: exchange.path });
    if (target === undefined) return undefined;
    const headers = chains.rewriteRequest(session, head, exchange.requestHeaders, location);
    if (headers === undefined) return undefined;
    const request = new ForwardRequest(
      head.method,
      target.path,
      target.authority === '' ? ownAuthority(session) : target.authority,
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
  clientResponse(exchange: Exchange, location: Location, head: ResponseHead): ResponseHead | undefined {
    const { chains } = location;
    const known = head.derived;
    if (known instanceof RewrittenResponse && known.chains === chains && known.isFresh(location.clock))
      return known.head;
    const headers = chains.rewriteResponse(exchange as RespondingExchange, head);
    if (headers === undefined) return undefined;
    // RFC 9110, section 6.6.1: who passes on a response without Date says when it came.
    const wall =
      head.status < 200 || headerValue(headers, 'date') !== undefined ? undefined : location.clock.wall();
    const dated = wall === undefined ? headers : [...headers, 'date', httpDate(wall)];
    const rewritten = head.withHeaders(dated);
    if (chains.rewritesRepeatably) head.derived = new RewrittenResponse(chains, rewritten, wall);
    return rewritten;
  }

  #findLocation(located: Located, clock: Clock, body?: SeenBody): Location {
    const { session, head } = located;
    // HTTP/1.0 without Host: over TLS the client has named the host all the same.
    const host = head.authority === '' ? (session.tls?.serverName ?? '') : authorityHost(head.authority);
    const location = new Location(this, located, host, clock, body);
    this.#findRoute(location);
    location.chains = this.modules.chainsFor(location);
    return location;
  }

  #findRoute(location: Location): void {
    const { session, head, host } = location;
    // RFC 9110, section 7.4: an https resource is not to be had over a connection that is not secured.
    if (head.scheme === 'https' && session.tls === undefined) {
      location.error = exchangeError('misdirected-request', 'an https target on a plain connection');
      return;
    }
    if (isMisdirected(session.tls, host, this.routes, session)) {
      location.error = exchangeError('misdirected-request', 'this connection is not for this host');
      return;
    }
    const tenant = this.routes.findTenant(host, session);
    location.tenant = tenant;
    if (tenant === undefined) {
      location.error = exchangeError('no-tenant', 'no tenant has this host');
      return;
    }
    const subject = tenant.hasConditions ? location.subject : undefined;
    location.route = tenant.findRoute(host, location.routingPath, subject);
    if (location.route === undefined)
      location.error = exchangeError('no-route', `no route of tenant ${tenant.name} matches`);
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

/** Chains belong to one snapshot, so those that made it say all. */
class RewrittenResponse {
  readonly chains: Chains;
  readonly head: ResponseHead;
  /** The second that its date is of; undefined: it has one of the instance, or needs none. */
  readonly #second: number | undefined;

  /** `wall`: when its date was made. */
  constructor(chains: Chains, head: ResponseHead, wall: number | undefined) {
    this.chains = chains;
    this.head = head;
    this.#second = wall === undefined ? undefined : Math.floor(wall / 1000);
  }

  isFresh(clock: Clock): boolean {
    return this.#second === undefined || this.#second === Math.floor(clock.wall() / 1000);
  }
}
