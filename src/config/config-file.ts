import type { ExpectedOutcome } from '../core/expectation.ts';
import type { BlockSettings } from '../core/module-settings.ts';
import type { RedirectStatus } from '../core/redirect-status.ts';
import type { RequestText } from '../core/request-text.ts';
import type {
  AddressSettings,
  BackendProtocol,
  BalanceKind,
  FrontProtocol,
  HashOnSettings,
  InstanceSettings,
  ListenerSettings,
  LogSettings,
  MirrorSettings,
  ProbeKindSettings,
  RetrySettings,
  StickySettings,
  StreamTargetSettings,
  TlsProfileName,
  TlsVersion,
} from '../core/settings.ts';
import type { StatusRange } from '../core/status-ranges.ts';

/**
 * What the schema makes of a configuration file: every value read (milliseconds, bytes, split addresses), names not yet
 * looked up, file references not yet opened, cluster defaults not yet filled in.
 */
export interface ConfigFile {
  /** Undefined: auto. */
  readonly workers: number | undefined;
  readonly drain: number;
  readonly moduleTimeout: number;
  readonly listen: readonly ListenerSettings[];
  readonly admin: AddressSettings | undefined;
  readonly log: { readonly level: LogSettings['level']; readonly access: AccessLogTarget };
  readonly timeouts: AllTimeouts;
  readonly limits: {
    readonly head: number;
    readonly line: number;
    readonly headers: number;
    readonly maxBody?: number | undefined;
    readonly conditionBody: number;
  };
  readonly http2: {
    readonly maxStreams: number;
    readonly streamWindow: number;
    readonly connectionWindow: number;
    readonly glitches: number;
  };
  readonly trustedProxies: readonly string[];
  readonly certificates: readonly CertificateEntry[];
  /** The file is read apart from the schema. */
  readonly tickets: { readonly rotate: number; readonly keys?: string | undefined };
  readonly modules: readonly ModuleEntry[];
  readonly tenants: Readonly<Record<string, TenantEntry>>;
  readonly defaultTenant?: string | undefined;
  readonly clusters: Readonly<Record<string, ClusterEntry>>;
}

/** A word, or a file as written. */
type AccessLogTarget = 'stdout' | 'off' | { readonly file: string };

interface AllTimeouts {
  readonly clientHeader: number;
  readonly clientIdle: number;
  readonly clientBody: number;
  readonly clientWrite: number;
  readonly connect: number;
  readonly responseHeader: number;
  readonly idle: number;
}

interface CertificateEntry {
  readonly hosts?: readonly string[] | undefined;
  readonly vips: readonly string[];
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly acme?: AcmeEntry | undefined;
  readonly default: boolean;
  /** `auto`, `off` or a file name. */
  readonly ocsp: string;
}

/** In place of `cert` and `key`, which is checked apart from the schema. `ca` is read apart from it, too. */
export interface AcmeEntry {
  readonly directory: string;
  readonly email?: string | undefined;
  readonly terms: boolean;
  readonly challenge: 'http-01' | 'tls-alpn-01';
  readonly storage: string;
  readonly keyType: 'ec' | 'rsa';
  readonly renewBefore?: number | undefined;
  readonly ca?: string | undefined;
}

export interface TenantEntry {
  readonly isolate: boolean;
  readonly hosts: readonly string[];
  readonly vips: readonly string[];
  readonly tls: TenantTlsEntry;
  readonly stream?: StreamTargetSettings | undefined;
  readonly modules: readonly ModuleEntry[];
  /** Whether they may be missing is checked apart from the schema. */
  readonly routes?: readonly RouteEntry[] | undefined;
  readonly expect: readonly ExpectationEntry[];
}

/** That it expects something is checked apart from the schema. */
export interface ExpectationEntry extends ExpectedOutcome {
  readonly request: RequestText;
  readonly host?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly client?: string | undefined;
  readonly vip?: string | undefined;
  readonly sni?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at?: number | undefined;
}

export interface TenantTlsEntry {
  readonly protocols: readonly ProtocolEntry[];
  readonly profile: TlsProfileName;
  /** Absent: that of the profile. */
  readonly minVersion?: TlsVersion | undefined;
  readonly maxVersion: TlsVersion;
  readonly curves?: readonly string[] | undefined;
  readonly tickets: boolean;
  readonly passthrough?: StreamTargetSettings | undefined;
  /** Files are read apart from the schema. */
  readonly clientAuth?:
    | {
        readonly mode: 'require' | 'request';
        readonly ca: string;
        readonly crl?: string | readonly string[] | undefined;
        readonly headers: boolean;
      }
    | undefined;
}

export interface ProtocolEntry {
  readonly name: FrontProtocol;
  readonly level: 'optional' | 'must-offer' | 'mandatory';
  /** Percent. */
  readonly rate: number;
}

/** Exactly one of `cluster`, `split`, `handler`, `redirect` and `respond` is there; that is checked apart from the schema. */
export interface RouteEntry {
  readonly path?: string | undefined;
  readonly host?: string | undefined;
  readonly when?: string | undefined;
  readonly cluster?: string | undefined;
  readonly split?: SplitEntry | undefined;
  readonly splitOn?: HashOnSettings | undefined;
  readonly handler?: string | undefined;
  readonly redirect?: { readonly to: string; readonly status: RedirectStatus } | undefined;
  readonly respond?: RespondEntry | undefined;
  readonly mirror?: MirrorSettings | undefined;
  readonly modules: readonly ModuleEntry[];
}

export type SplitEntry = readonly { readonly cluster: string; readonly weight: number }[];

interface BreakerEntry {
  readonly failures: number;
  readonly requests: number;
  readonly window: number;
  readonly open: number;
  readonly fallback?: string | undefined;
}

/** Exactly one of the kinds is there; that is checked apart from the schema. */
export interface ModuleEntry {
  readonly when?: string | undefined;
  readonly headers?: HeadersEntry | undefined;
  readonly block?: BlockEntry | undefined;
  readonly redirect?: RedirectEntry | undefined;
  readonly rewrite?: RewriteEntry | undefined;
  readonly respond?: RespondEntry | undefined;
  readonly tag?: Readonly<Record<string, string>> | undefined;
  /** The file is found apart from the schema. */
  readonly use?: string | undefined;
  readonly with?: unknown;
}

/** Either `to` or pieces; that is checked apart from the schema. */
export interface RedirectEntry {
  readonly to?: string | undefined;
  readonly scheme?: 'http' | 'https' | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
  readonly query?: string | undefined;
  readonly status: RedirectStatus;
}

export interface RewriteEntry {
  readonly host?: string | undefined;
  readonly path?: string | undefined;
  readonly trimPrefix?: string | undefined;
  readonly replace?: { readonly pattern: string; readonly with: string } | undefined;
  readonly addPrefix?: string | undefined;
  readonly query: {
    readonly keep?: readonly string[] | undefined;
    readonly delete: readonly string[];
    readonly rename: Readonly<Record<string, string>>;
    readonly add: Readonly<Record<string, string>>;
  };
}

interface RespondEntry {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HeadersEntry {
  readonly request: HeaderChangesEntry;
  readonly response: HeaderChangesEntry;
}

interface HeaderChangesEntry {
  readonly rename: Readonly<Record<string, string>>;
  readonly delete: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
}

export type BlockEntry = Omit<BlockSettings, 'kind'>;

interface SubClusterEntry {
  readonly weight: number;
  readonly instances?: readonly InstanceSettings[] | undefined;
  readonly blackhole: boolean;
}

export interface ClusterEntry {
  readonly protocol: BackendProtocol;
  readonly tls?: BackendTlsEntry | undefined;
  readonly pipelining?: { readonly depth: number; readonly maxWait: number } | undefined;
  readonly balance: BalanceKind;
  readonly hashOn?: HashOnSettings | undefined;
  readonly sticky?: StickySettings | undefined;
  /** Either these or `subClusters`, which is checked apart from the schema. */
  readonly instances?: readonly InstanceSettings[] | undefined;
  readonly subClusters?: Readonly<Record<string, SubClusterEntry>> | undefined;
  readonly timeouts: { readonly [phase in ClusterPhase]?: number | undefined };
  readonly limits: { readonly maxBody?: number | undefined };
  readonly retry: Omit<RetrySettings, 'backoffMs'> & { readonly backoff?: number | undefined };
  readonly hedge?: { readonly after: number; readonly max: number } | undefined;
  readonly breaker?: BreakerEntry | undefined;
  readonly maxRequests?: number | undefined;
  readonly queue?: { readonly max: number; readonly timeout: number } | undefined;
  readonly slowStart?: number | undefined;
  readonly health: {
    readonly probe?: ProbeKindSettings['kind'] | undefined;
    readonly path?: string | undefined;
    readonly host?: string | undefined;
    readonly status: readonly StatusRange[];
    readonly service?: string | undefined;
    readonly interval: number;
    readonly timeout?: number | undefined;
    readonly fail: number;
    readonly pass: number;
    readonly failRate?: number | undefined;
    readonly requests: number;
    readonly window: number;
    readonly failOn: readonly StatusRange[];
    readonly maxEjected: number;
    readonly panic?: number | undefined;
  };
}

/** Files are read apart from the schema. */
interface BackendTlsEntry {
  readonly serverName?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly verify: boolean;
  readonly minVersion: '1.2' | '1.3';
  readonly allowHttp1: boolean;
}

/** The phases a cluster can set for itself. */
type ClusterPhase = 'connect' | 'responseHeader' | 'total' | 'idle' | 'clientBody' | 'clientWrite';
