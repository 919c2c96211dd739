import type { RedirectStatus } from '../core/redirect-status.ts';

/**
 * The configuration as a program writes it: the shape of the file, typed. docs/configuration.md explains every key. The types
 * help the writer; what decides is the schema, which checks the values too (a test holds the two together).
 *
 * Durations are texts such as `500ms`, `2s`, `1m`; sizes are texts such as `16KiB`, or numbers of bytes.
 */
export interface ConfigInput {
  /** Required, unless an included file has it. `:8080`, `127.0.0.1:8080`; port 0: the system chooses. */
  readonly listen?: readonly ListenInput[];
  /** For all requests, in the order in which they run. */
  readonly modules?: readonly ModuleInput[];
  readonly tenants?: Readonly<Record<string, TenantInput>>;
  /** Takes the hosts that no tenant names. Absent: those get 404. */
  readonly defaultTenant?: string;
  readonly clusters?: Readonly<Record<string, ClusterInput>>;
  readonly certificates?: readonly CertificateInput[];
  readonly tickets?: TicketsInput;
  /** Senders whose x-forwarded-* and x-request-id headers are believed: `10.0.0.0/8`, `::1`. */
  readonly trustedProxies?: readonly string[];
  readonly timeouts?: TimeoutsInput;
  readonly limits?: LimitsInput;
  readonly http2?: Http2Input;
  /** How long a stop waits for what is in flight. */
  readonly drain?: string;
  readonly moduleTimeout?: string;
  /** Files of this same shape whose contents are added. */
  readonly include?: string | readonly string[];
  /** Of `portico run` only: a program is one process. */
  readonly workers?: 'auto' | number;
  /** Of `portico run` only: a program asks `status()`. */
  readonly admin?: { readonly address: string } | 'off';
  /** Of `portico run` only: a program gives a logger and an access log of its own. */
  readonly log?: {
    readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly access?: 'stdout' | 'off' | { readonly file: string };
  };
}

export interface ListenInput {
  readonly address: string;
  readonly tls?: boolean;
  /** Every connection is relayed there; not with `tls`. */
  readonly stream?: StreamTargetInput;
  /** Load balancers that must begin each connection with a PROXY header: `10.0.0.0/8`, `::1`. */
  readonly proxyProtocol?: { readonly from: readonly string[] };
}

/** A cluster's name, or that and the version of the PROXY header that its instances are sent first. */
export type StreamTargetInput = string | { readonly cluster: string; readonly proxyProtocol?: 'v1' | 'v2' };

export interface CertificateInput {
  /** Names it is served for. Absent: the names in the certificate. */
  readonly hosts?: readonly string[];
  /** Addresses that it is served on when no name matches, or the client sent none. */
  readonly vips?: readonly string[];
  /** PEM files, relative to the working directory; both are there unless `acme` is. */
  readonly cert?: string;
  readonly key?: string;
  /** Of `portico run` only: a program is refused it. */
  readonly acme?: AcmeInput;
  readonly default?: boolean;
  /** `auto`, `off` or a DER file. */
  readonly ocsp?: string;
}

/** What TLS session tickets are encrypted with. */
export interface TicketsInput {
  /** How often random keys are replaced. */
  readonly rotate?: string;
  /** A file of 48 bytes, or of up to four times 48, in place of random keys. */
  readonly keys?: string;
}

/** A certificate that is obtained and renewed by ACME. */
interface AcmeInput {
  readonly directory?: string;
  readonly email?: string;
  /** The CA's terms of service are agreed to in your name. */
  readonly terms: 'agreed';
  readonly challenge?: 'http-01' | 'tls-alpn-01';
  readonly storage: string;
  readonly keyType?: 'ec' | 'rsa';
  readonly renewBefore?: string;
  readonly ca?: string;
}

export interface TenantInput {
  /** What is wrong with it costs itself and nothing else. */
  readonly isolate?: boolean;
  readonly hosts: readonly string[];
  /** Addresses that clients connect to, whose connections are this tenant's for hosts that no tenant names. */
  readonly vips?: readonly string[];
  readonly tls?: {
    readonly protocols?: readonly (ProtocolName | ProtocolInput)[];
    readonly profile?: 'modern' | 'intermediate' | 'old' | 'A+' | 'A' | 'B' | 'C';
    readonly minVersion?: '1.0' | '1.1' | '1.2' | '1.3';
    readonly maxVersion?: '1.0' | '1.1' | '1.2' | '1.3';
    readonly curves?: readonly string[];
    readonly tickets?: boolean;
    /** Files are PEM, relative to the working directory. */
    readonly clientAuth?: {
      readonly mode?: 'require' | 'request';
      readonly ca: string;
      readonly crl?: string | readonly string[];
      readonly headers?: boolean;
    };
    /** Relayed there untouched, TLS and all; nothing else of `tls` with it. */
    readonly passthrough?: StreamTargetInput;
  };
  /** Where `stream` of `tls.protocols` leads. */
  readonly stream?: StreamTargetInput;
  /** Behind those of the server. */
  readonly modules?: readonly ModuleInput[];
  /** Required where HTTP is spoken. */
  readonly routes?: readonly RouteInput[];
  /** Requests, and what must become of them: a configuration that decides otherwise is refused. */
  readonly expect?: readonly ExpectationInput[];
}

/** At least one of `cluster`, `handler`, `route`, `redirect`, `status` and `error`. */
interface ExpectationInput {
  /** `GET /cart`, `GET https://shop.example.org/cart`. */
  readonly request: string;
  /** Absent: the first of the tenant's hosts that is no wildcard. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, unless a header says otherwise. */
  readonly body?: string;
  readonly client?: string;
  readonly vip?: string;
  readonly sni?: string;
  /** `2026-12-24T18:00:00Z`; needed where a condition asks for the time. */
  readonly at?: string;
  readonly cluster?: string;
  readonly handler?: string;
  readonly route?: string;
  readonly redirect?: string;
  readonly status?: number;
  readonly error?: 'no-route' | 'no-tenant' | 'misdirected-request';
}

type ProtocolName = 'h2' | 'http/1.1' | 'stream';

interface ProtocolInput {
  readonly name: ProtocolName;
  readonly level?: 'optional' | 'must-offer' | 'mandatory';
  /** Percent of clients that it is offered to. */
  readonly rate?: number;
}

/** One of `cluster`, `split`, `redirect` and `respond`. */
export interface RouteInput {
  readonly path?: string;
  readonly host?: string;
  readonly when?: string;
  readonly cluster?: string;
  /** One to eight clusters with their shares, in place of `cluster`; weight 0: none for now. */
  readonly split?: readonly { readonly cluster: string; readonly weight: number }[];
  /** Equal requests go to the same cluster of the split. Absent: each is dealt by itself. */
  readonly splitOn?: HashOnInput;
  /** A name among the `handlers` of the server's options. */
  readonly handler?: string;
  readonly redirect?: { readonly to: string; readonly status?: RedirectStatus };
  readonly respond?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  /** A second cluster that gets copies of the requests, and whose answers nobody gets. */
  readonly mirror?: {
    readonly cluster: string;
    /** Of the requests, 0 to 100. */
    readonly percent?: number;
    readonly maxBody?: string | number;
  };
  /** Behind those of the tenant. */
  readonly modules?: readonly ModuleInput[];
}

/** One of the kinds (docs/modules.md), and the condition under which it runs. */
export interface ModuleInput {
  readonly when?: string;
  readonly headers?: { readonly request?: HeaderChangesInput; readonly response?: HeaderChangesInput };
  readonly block?: {
    readonly addresses?: readonly string[];
    readonly methods?: readonly string[];
    readonly paths?: readonly string[];
    readonly answer?: 'refuse' | 'close';
  };
  readonly redirect?: {
    readonly to?: string;
    readonly scheme?: 'http' | 'https';
    readonly host?: string;
    readonly port?: number;
    readonly path?: string;
    readonly query?: string;
    readonly status?: RedirectStatus;
  };
  readonly rewrite?: {
    readonly host?: string;
    readonly path?: string;
    readonly trimPrefix?: string;
    readonly replace?: { readonly pattern: string; readonly with: string };
    readonly addPrefix?: string;
    readonly query?: {
      readonly keep?: readonly string[];
      readonly delete?: readonly string[];
      readonly rename?: Readonly<Record<string, string>>;
      readonly add?: Readonly<Record<string, string>>;
    };
  };
  readonly respond?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly tag?: Readonly<Record<string, string>>;
  /** A file, or a package, that exports a `moduleKind`. */
  readonly use?: string;
  /** Its settings, JSON-able. */
  readonly with?: unknown;
}

export interface HeaderChangesInput {
  readonly rename?: Readonly<Record<string, string>>;
  readonly delete?: readonly string[];
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
}

/** What of a request is a key. */
type HashOnInput =
  | 'address'
  | 'uri'
  | `${'header' | 'cookie' | 'query'}:${string}`
  | { readonly header: string }
  | { readonly cookie: string }
  | { readonly query: string };

export interface ClusterInput {
  readonly protocol?: 'http' | 'https' | 'h2c' | 'h2';
  /** Requests under way on one HTTP/1.1 connection. Absent: one at a time. */
  readonly pipelining?: number | { readonly depth: number; readonly maxWait?: string };
  /** With `https` and `h2`. Files are PEM, relative to the working directory. */
  readonly tls?: {
    readonly serverName?: string;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly verify?: boolean;
    readonly minVersion?: '1.2' | '1.3';
    readonly allowHttp1?: boolean;
  };
  readonly balance?:
    | 'round-robin'
    | 'least-connections'
    | 'random-two'
    | 'peak-ewma'
    | 'ring-hash'
    | 'maglev';
  /** With `ring-hash` and `maglev`. */
  readonly hashOn?: HashOnInput;
  /** A cookie that keeps a client at the backend that answered it first. */
  readonly sticky?: { readonly cookie: string; readonly maxAge?: string; readonly secret?: string };
  readonly instances?: readonly InstanceInput[];
  /** By name, in place of `instances`. */
  readonly subClusters?: Readonly<
    Record<
      string,
      {
        readonly weight?: number;
        readonly instances?: readonly InstanceInput[];
        readonly blackhole?: boolean;
      }
    >
  >;
  readonly timeouts?: Omit<TimeoutsInput, 'clientHeader' | 'clientIdle'> & { readonly total?: string };
  readonly limits?: Pick<LimitsInput, 'maxBody'>;
  readonly retry?: {
    readonly attempts?: number;
    /** Statuses: 500 to 599. */
    readonly on?: readonly ('connect-failure' | 'connection-lost' | 'timeout' | number)[];
    readonly unsafe?: boolean;
    /** `20%`. */
    readonly budget?: string;
    readonly backoff?: string;
  };
  readonly hedge?: { readonly after: string; readonly max?: number };
  readonly breaker?: {
    /** `50%`. */
    readonly failures?: string;
    readonly requests?: number;
    readonly window?: string;
    readonly open?: string;
    readonly fallback?: string;
  };
  readonly maxRequests?: number;
  readonly queue?: { readonly max?: number; readonly timeout?: string };
  readonly slowStart?: string;
  readonly health?: {
    readonly probe?: 'http' | 'tcp' | 'tls' | 'grpc';
    readonly path?: string;
    readonly host?: string;
    /** Statuses, and classes such as `2xx`. */
    readonly status?: readonly (number | string)[];
    readonly service?: string;
    readonly interval?: string;
    readonly timeout?: string;
    readonly fail?: number;
    readonly pass?: number;
    /** `50%`, like the other two. */
    readonly failRate?: string;
    readonly requests?: number;
    readonly window?: string;
    readonly failOn?: readonly (number | string)[];
    readonly maxEjected?: string;
    readonly panic?: string;
  };
}

export interface InstanceInput {
  readonly address: string;
  readonly weight?: number;
}

export interface TimeoutsInput {
  readonly clientHeader?: string;
  readonly clientIdle?: string;
  readonly clientBody?: string;
  readonly clientWrite?: string;
  readonly connect?: string;
  readonly responseHeader?: string;
  readonly idle?: string;
}

export interface LimitsInput {
  readonly head?: string | number;
  readonly line?: string | number;
  readonly headers?: number;
  /** `none`: no bound. */
  readonly maxBody?: string | number;
  /** Of a body that a condition looks at. */
  readonly conditionBody?: string | number;
}

/** HTTP/2 towards clients. */
export interface Http2Input {
  /** Of one connection, at once. */
  readonly maxStreams?: number;
  readonly streamWindow?: string | number;
  readonly connectionWindow?: string | number;
  readonly glitches?: number;
}
