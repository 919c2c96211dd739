import type { ModuleEntrySettings } from './module-settings.ts';
import type { RedirectStatus } from './redirect-status.ts';
import type { StatusRange } from './status-ranges.ts';

/**
 * The plain, validated form of one configuration file: what `config` produces, what every room is built from.
 *
 * Everything here is JSON-able (it crosses process borders), frozen, and already resolved: durations are
 * milliseconds, sizes are bytes, addresses are split, file references of certificates are replaced by their text,
 * every name that points at a cluster or tenant is known to exist.
 */

export interface Settings {
  /** Number of worker processes; at least 1. */
  readonly workers: number;
  /** How long a graceful stop waits for what is in flight. */
  readonly drainMs: number;
  /** How long a module may take for an answer by a promise. */
  readonly moduleTimeoutMs: number;
  readonly listeners: readonly ListenerSettings[];
  /** Absent: no admin address is opened. */
  readonly admin: AddressSettings | undefined;
  readonly log: LogSettings;
  /** Client-side phases; the upstream side is per cluster. */
  readonly timeouts: ClientTimeouts;
  readonly limits: LimitSettings;
  readonly http2: Http2Settings;
  /** Senders whose x-forwarded-* and x-request-id are believed; CIDR blocks or single addresses. */
  readonly trustedProxies: readonly string[];
  readonly certificates: readonly CertificateSettings[];
  readonly tickets: TicketSettings;
  /** Certificates that are to be had from an ACME server; what there is of them stands among `certificates` once the primary has looked. */
  readonly acme: readonly AcmeSettings[];
  readonly modules?: readonly ModuleEntrySettings[] | undefined;
  readonly tenants: readonly TenantSettings[];
  readonly defaultTenant: string | undefined;
  readonly clusters: readonly ClusterSettings[];
}

/** An address to bind or to connect to. */
export interface AddressSettings {
  /** Host name or IP literal without brackets; '::' when the file said `:8080` (all interfaces, both families). */
  readonly host: string;
  readonly port: number;
  /** As the file wrote it; used in every message and label. */
  readonly text: string;
}

export interface ListenerSettings extends AddressSettings {
  readonly tls: boolean;
  /** Every connection is relayed there, as it is; never together with `tls`. */
  readonly stream?: StreamTargetSettings | undefined;
  /** Undefined: every connection is its client's own. */
  readonly proxyProtocol?: ProxyProtocolSettings | undefined;
}

/** Whose connections begin with a PROXY header. */
export interface ProxyProtocolSettings {
  /** CIDR blocks or single addresses; a header is required from them, and from nobody else. At least one. */
  readonly from: readonly string[];
}

/** Where streams are relayed to. */
export interface StreamTargetSettings {
  readonly cluster: string;
  /** The header in front of what the client sends, which says who it is; undefined: none. */
  readonly proxyProtocol?: ProxyProtocolVersion | undefined;
}

export type ProxyProtocolVersion = 'v1' | 'v2';

export interface LogSettings {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `stdout`, `off`, or an absolute file path. */
  readonly access:
    | { readonly kind: 'stdout' }
    | { readonly kind: 'off' }
    | { readonly kind: 'file'; readonly file: string };
}

/** Idle-based: each is restarted by progress in its phase. All in milliseconds. */
export interface ClientTimeouts {
  /** First byte of a head (or accept, or TLS hello) to its end. */
  readonly clientHeaderMs: number;
  /** Keep-alive: end of a response to the first byte of the next head. */
  readonly clientIdleMs: number;
  /** Between two reads of a request body. */
  readonly clientBodyMs: number;
  /** Between two moments in which the client took some of the response. */
  readonly clientWriteMs: number;
}

export interface UpstreamTimeouts {
  readonly connectMs: number;
  /** From the request's last byte sent to the response head. */
  readonly responseHeaderMs: number;
  /**
   * Between two reads of a response body, between two moments in which the instance took some of a request body, and the life
   * of an idle pooled connection.
   */
  readonly idleMs: number;
}

export interface LimitSettings {
  /** Request line and header section in all, bytes. */
  readonly headBytes: number;
  /** Request line, or one field line, bytes. */
  readonly lineBytes: number;
  /** Field lines in one section. */
  readonly headers: number;
  /** Request body, bytes; Infinity is written as undefined because settings are JSON. */
  readonly maxBodyBytes: number | undefined;
  /** What of a request body is waited for and held, where a condition looks at it; bytes. */
  readonly conditionBodyBytes: number;
}

/** What one HTTP/2 connection of a client may ask of us. */
export interface Http2Settings {
  /** Streams open at once; more are refused. */
  readonly maxStreams: number;
  /** Body bytes that a client may send ahead of what was taken, on one stream. */
  readonly streamWindowBytes: number;
  /** The same for all streams of a connection together; not below `streamWindowBytes`. */
  readonly connectionWindowBytes: number;
  /** Points of senseless work (resets, pings, empty frames …) that end a connection. */
  readonly glitches: number;
}

/** What TLS session tickets are encrypted with. */
export interface TicketSettings {
  /** How often random keys are replaced. */
  readonly rotateMs: number;
  /** In place of random keys, 48 bytes each in base64: the first is for new tickets, those of the others are still accepted. */
  readonly keys: readonly string[] | undefined;
}

export interface CertificateSettings {
  /** Lower-case DNS names, `*.` one-label wildcards, IP literals. Taken from the certificate where the file left them out. */
  readonly hosts: readonly string[];
  /** Local addresses that it is served on when no name matches or no SNI came; IPv6 in its shortest form. */
  readonly vips?: readonly string[] | undefined;
  /** PEM: leaf first, then the chain. */
  readonly cert: string;
  /** PEM private key. */
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Served when neither name nor VIP matches. */
  readonly isDefault: boolean;
  /** Absent: `auto`. */
  readonly ocsp?: OcspSettings;
}

/** Where the OCSP response comes from that is sent along with a certificate. */
export type OcspSettings =
  /** From the responder that the certificate names, if it names one. */
  | { readonly kind: 'auto' }
  | { readonly kind: 'off' }
  /** `response`: DER in base64. */
  | { readonly kind: 'file'; readonly file: string; readonly response: string };

/** A certificate that is obtained and renewed by ACME (RFC 8555). */
export interface AcmeSettings {
  /** Lower-case DNS names without wildcards; at least one, and the first names the file. */
  readonly hosts: readonly string[];
  /** As in CertificateSettings. */
  readonly vips: readonly string[];
  readonly isDefault: boolean;
  /** https address of the CA's directory. */
  readonly directory: string;
  readonly email: string | undefined;
  readonly challenge: 'http-01' | 'tls-alpn-01';
  /** PEM: who may have issued the directory's own certificate; undefined: those whom Node trusts. */
  readonly ca: string | undefined;
  /** Absolute path of the directory for keys and certificates. */
  readonly storage: string;
  /** How long before its end it is renewed; undefined: when the CA says, or else with a third of its life left. */
  readonly renewBeforeMs: number | undefined;
  readonly keyType: 'ec' | 'rsa';
}

export interface TenantSettings {
  readonly name: string;
  /** Lower-case; exact names, or `*.` followed by a suffix (any depth). */
  readonly hosts: readonly string[];
  /** Local addresses whose connections are its own where no tenant has the host; IPv6 in its shortest form. */
  readonly vips?: readonly string[] | undefined;
  readonly tls: TenantTlsSettings;
  /** Where connections go on which `stream` was negotiated; there exactly if `tls.protocols` has it. */
  readonly stream?: StreamTargetSettings | undefined;
  readonly modules?: readonly ModuleEntrySettings[] | undefined;
  /** None where no HTTP is spoken. */
  readonly routes: readonly RouteSettings[];
}

export interface TenantTlsSettings {
  /** In order of preference. */
  readonly protocols: readonly FrontProtocol[];
  /** Percent of clients, 0 to 99, that a protocol is offered to; one that is not here is offered to all. */
  readonly rates?: { readonly [protocol in FrontProtocol]?: number } | undefined;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Suites and groups that go together; absent: intermediate. */
  readonly profile?: TlsProfileName | undefined;
  /** Key exchange groups in order of preference, by OpenSSL's names; absent: those of the profile. */
  readonly curves?: readonly string[] | undefined;
  /** False: no session is resumed. */
  readonly tickets?: boolean | undefined;
  /** Absent: clients are not asked for a certificate. */
  readonly clientAuth?: ClientAuthSettings | undefined;
  /** Connections are relayed there untouched, TLS and all; nothing else of this holds then. */
  readonly passthrough?: StreamTargetSettings | undefined;
}

/** 1.0 and 1.1 only under the profile `old`. */
export type TlsVersion = '1.0' | '1.1' | '1.2' | '1.3';

export type TlsProfileName = 'modern' | 'intermediate' | 'old';

/** Certificates of clients. */
export interface ClientAuthSettings {
  /** `require`: who shows none that can be verified is refused. `request`: backends are told. */
  readonly mode: 'require' | 'request';
  /** PEM: who may have issued them. */
  readonly ca: string;
  /** PEM: lists of revoked certificates, one of each authority; empty: none is looked at. */
  readonly crls: readonly string[];
  /** Backends are told of the client in x-client-cert-* fields. */
  readonly headers: boolean;
}

/** What is spoken on a connection, by its ALPN name. `http/1.1` takes in HTTP/1.0. */
export type HttpProtocol = 'h2' | 'http/1.1';

/** What clients may negotiate: HTTP, or bytes that are nobody's business but the instance's. */
export type FrontProtocol = HttpProtocol | 'stream';

/** One route. `host` narrows the tenant's hosts; none of `host`, `path` and `when` is the bare default. */
export interface RouteSettings {
  /** One of the tenant's hosts (or a name below one of its wildcards), lower-case. */
  readonly host: string | undefined;
  /** `/a/b` exact; `/a/*` everything on or below the segment `/a` (`/a`, `/a/`, `/a/x`); `/*` everything. */
  readonly path: string | undefined;
  /** A condition that must hold too; one that `compileCondition` takes (docs/conditions.md). */
  readonly when?: string | undefined;
  readonly target: TargetSettings;
  /** Absent: nothing is copied. There only with a cluster as target. */
  readonly mirror?: MirrorSettings | undefined;
  readonly modules?: readonly ModuleEntrySettings[] | undefined;
}

/** Requests of a route are copied to a second cluster. */
export interface MirrorSettings {
  readonly cluster: string;
  /** Of the requests, 0 to 100. */
  readonly percent: number;
  /** A request with a larger body is not copied. */
  readonly maxBodyBytes: number;
}

export type TargetSettings =
  | { readonly kind: 'cluster'; readonly cluster: string }
  | {
      readonly kind: 'split';
      /** One to eight, each cluster once; one weight at least is not 0. */
      readonly shares: readonly { readonly cluster: string; readonly weight: number }[];
      /** What decides about the cluster; undefined: each request is dealt by itself. */
      readonly splitOn: HashOnSettings | undefined;
    }
  /** By the name under which an embedding program has given it. */
  | { readonly kind: 'handler'; readonly handler: string }
  | { readonly kind: 'redirect'; readonly to: string; readonly status: RedirectStatus }
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly body: string;
    };

/** What is spoken to instances: HTTP/1.1 or HTTP/2, over TCP (`http`, `h2c`) or over TLS (`https`, `h2`). */
export type BackendProtocol = 'http' | 'https' | 'h2c' | 'h2';

export interface ClusterSettings {
  readonly name: string;
  readonly protocol: BackendProtocol;
  /** With `https` and `h2`, and only then. */
  readonly tls: BackendTlsSettings | undefined;
  /** Absent: one request at a time on an HTTP/1.1 connection. */
  readonly pipelining: PipeliningSettings | undefined;
  readonly balance: BalanceKind;
  /** With `ring-hash` and `maglev`, and only then. */
  readonly hashOn: HashOnSettings | undefined;
  /** Absent: no client is kept anywhere. */
  readonly sticky: StickySettings | undefined;
  /** All of them, in the order of the file. */
  readonly instances: readonly InstanceSettings[];
  /** Undefined: requests are divided among the instances and nothing else. */
  readonly subClusters: readonly SubClusterSettings[] | undefined;
  readonly timeouts: UpstreamTimeouts;
  /** From a request's head to the head of its response, whatever it takes to have one; undefined: no bound of its own. */
  readonly totalTimeoutMs: number | undefined;
  /** Client-side phases that this cluster overrides; absent keys keep the server's. */
  readonly clientTimeouts: Partial<Pick<ClientTimeouts, 'clientBodyMs' | 'clientWriteMs'>>;
  readonly retry: RetrySettings;
  /** Undefined: a request is with one instance at a time. */
  readonly hedge: HedgeSettings | undefined;
  /** Absent: never. */
  readonly breaker: BreakerSettings | undefined;
  readonly health: HealthSettings;
  /** Exchanges and streams that an instance has at a time, from this process; undefined: no bound. */
  readonly maxRequests: number | undefined;
  /** With `maxRequests`, and only then; undefined: nobody waits for an instance. */
  readonly queue: QueueSettings | undefined;
  /** How long an instance that is new or back takes to get its full weight; undefined: it has it at once. */
  readonly slowStartMs: number | undefined;
  /** The cluster's own bound, or else the one of the file, filled in already; undefined: none, whatever `limits` says. */
  readonly maxBodyBytes: number | undefined;
}

/** How an instance is chosen. */
export type BalanceKind =
  | 'round-robin'
  | 'least-connections'
  | 'random-two'
  | 'peak-ewma'
  | 'ring-hash'
  | 'maglev';

/** What decides about the instance, or the cluster of a split: requests that are equal in it go to the same one. `name`: of a header, lower-case, a cookie, a query parameter. */
export type HashOnSettings =
  | { readonly kind: 'address' | 'uri' }
  | { readonly kind: 'header' | 'cookie' | 'query'; readonly name: string };

/** A cookie that names the instance that has answered a client. */
export interface StickySettings {
  readonly cookie: string;
  /** From the answer that has set it; undefined: until the client's session ends. At least 1. */
  readonly maxAgeSeconds: number | undefined;
  /** What its values are made with, beside addresses. */
  readonly secret: string | undefined;
}

/** Several requests at a time on one HTTP/1.1 connection. */
export interface PipeliningSettings {
  /** Requests under way on a connection, at least 2. */
  readonly depth: number;
  /** How long one answer may keep the others waiting. */
  readonly maxWaitMs: number;
}

/** TLS towards instances. */
export interface BackendTlsSettings {
  /** Asked for by SNI and verified in place of the instance's host; lower-case name or IP literal. */
  readonly serverName: string | undefined;
  /** PEM: who may have issued the instances' certificates; undefined: those whom Node trusts. */
  readonly ca: string | undefined;
  /** PEM: the client certificate with its chain, and its private key; both or none. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** False: whoever answers is believed. */
  readonly verify: boolean;
  readonly minVersion: '1.2' | '1.3';
  /** Offered, in order of preference. */
  readonly alpn: readonly HttpProtocol[];
}

export interface InstanceSettings extends AddressSettings {
  /** At least 1. */
  readonly weight: number;
}

/** A part of a cluster's instances, with its share of the requests. */
export interface SubClusterSettings {
  readonly name: string;
  /** 0: on standby for the others. */
  readonly weight: number;
  /** Its share is refused, and it has no instances. */
  readonly isBlackhole: boolean;
  /** Positions among the instances of the cluster. */
  readonly instances: readonly number[];
}

export interface RetrySettings {
  /** Attempts in all, the first included; at least 1. */
  readonly attempts: number;
  /** Statuses: 500 to 599. */
  readonly on: readonly (RetryReason | number)[];
  /** POST, PATCH and other methods that are not idempotent too. */
  readonly unsafe: boolean;
  /** Retries that may be, as a share of the requests: 0.2 is a fifth. */
  readonly budget: number;
  /** The longest pause before the second attempt; longer before later ones. Undefined: no pauses. */
  readonly backoffMs: number | undefined;
}

/** When a safe request is sent to one more instance, because those that have it take long. */
export interface HedgeSettings {
  /** Without the head of a response, from the begin of an attempt to one more beside it. */
  readonly afterMs: number;
  /** How many more, for one request. */
  readonly max: number;
}

/** Requests and streams that wait until an instance has room for them. */
interface QueueSettings {
  /** How many may wait at a time, in this process. */
  readonly max: number;
  readonly timeoutMs: number;
}

/** What becomes of an attempt that another one may follow. */
export type RetryReason = 'connect-failure' | 'connection-lost' | 'timeout';

/** When a cluster is given up for a while. */
export interface BreakerSettings extends FailRateSettings {
  readonly openMs: number;
  /** The cluster that is asked instead; undefined: 503. */
  readonly fallback: string | undefined;
}

export interface HealthSettings {
  /** What every instance is asked; undefined: only ejected ones are asked, by a connection. */
  readonly probe: ProbeKindSettings | undefined;
  readonly intervalMs: number;
  /** From the begin of a probe to its answer; undefined: as long as a connect and an answer may take, 5 s at most. */
  readonly timeoutMs: number | undefined;
  /** Consecutive failures (of requests or probes) that eject. */
  readonly fail: number;
  /** Consecutive probe successes that bring back. */
  readonly pass: number;
  /** Failures among the requests of a window that eject; undefined: none. */
  readonly failRate: FailRateSettings | undefined;
  /** Answers that count as failures of the instance. */
  readonly failOn: readonly StatusRange[];
  /** How many of the instances may be out for failures of requests: 0.5 is the half. */
  readonly maxEjectedShare: number;
  /** When more of the instances are out, all are used; undefined: never. */
  readonly panicShare: number | undefined;
}

export interface FailRateSettings {
  /** Of the requests in a window, 0.5 is the half. */
  readonly failureShare: number;
  /** Fewer in a window say nothing. */
  readonly minRequests: number;
  readonly windowMs: number;
}

export type ProbeKindSettings =
  | HttpProbe
  | GrpcProbe
  /** A connection. */
  | { readonly kind: 'tcp' }
  /** A TLS handshake. `serverName`: asked for where the cluster has no TLS of its own. */
  | { readonly kind: 'tls'; readonly serverName: string | undefined };

export interface HttpProbe {
  readonly kind: 'http';
  readonly path: string;
  /** Undefined: the instance's address. */
  readonly host: string | undefined;
  /** Those that are well. */
  readonly statuses: readonly StatusRange[];
}

/** A call of grpc.health.v1. */
export interface GrpcProbe {
  readonly kind: 'grpc';
  readonly host: string | undefined;
  /** '': the server as a whole. */
  readonly service: string;
}
