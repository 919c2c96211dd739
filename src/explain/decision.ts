import type { ErrorName } from '../core/errors.ts';
import type { ProxyProtocolVersion } from '../core/settings.ts';
import type { ConditionTrace } from '../route/condition/condition-trace.ts';
import type { Verdict } from '../route/trace.ts';
import type { ExplainedSplit } from './explain-split.ts';
import type { ExplainedWaits } from './explain-waits.ts';
import type { ExplainedRequest } from './explained-request.ts';

/** What becomes of a request, JSON-able. Null: not reached or not there. */
export interface Outcome {
  readonly request: ExplainedRequest;
  /** Names of the certificate that the connection is shown. */
  readonly certificate: readonly string[] | null;
  readonly host: string;
  readonly tenant: { readonly name: string; readonly by: string } | null;
  /** The path as routes see it. */
  readonly routingPath: string;
  /** What becomes of the connection where it is relayed, and not read: then there is no more to tell of the request. */
  readonly stream: ExplainedStream | null;
  readonly route: string | null;
  /** A condition has asked for the time: at another time this may be otherwise. */
  readonly dependsOnTime: boolean;
  readonly target: ExplainedTarget | null;
  /** The second cluster that gets copies of such requests. */
  readonly mirror: { readonly cluster: string; readonly percent: number } | null;
  /** What the cluster is asked for. */
  readonly forwarded: { readonly authority: string; readonly path: string } | null;
  /** Null: the cluster answers. */
  readonly answer: ExplainedAnswer | null;
}

export interface ExplainedAnswer {
  /** 0: none, the connection ends. */
  readonly status: number;
  readonly error: ErrorName | null;
  /** Of a redirect by a module. */
  readonly location?: string;
  /** The module that answers: `tenants.shop.modules[0]`. */
  readonly module?: string;
}

/** With the way there: the form of `explain --json` and of the admin address. */
export interface Decision extends Outcome {
  /** In order of precedence. */
  readonly routes: readonly {
    readonly pattern: string;
    /** The condition. */
    readonly when: string | null;
    readonly verdict: Verdict;
    /** What the condition saw and said, where host and path match. */
    readonly condition: ConditionTrace | null;
    /** Unmet, and traffic does not even ask: the index of many conditions finds nothing in it that the request has too. */
    readonly passedOver: boolean;
  }[];
  /** All that stand on its way, in their order. */
  readonly modules: readonly {
    readonly place: string;
    readonly kind: string;
    readonly when: string | null;
    /** `unmet`: its condition does not hold; `on-response`: it is asked of the response; `answered`: it answers the request. */
    readonly verdict: 'runs' | 'unmet' | 'on-response' | 'answered';
    /** What its condition saw and said; null where it is asked of the response. */
    readonly condition: ConditionTrace | null;
  }[];
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
      /** Where clients are kept: by which cookie, and the instance that this request's one names. Null: none does. */
      readonly sticky?: { readonly cookie: string; readonly instance: string | null };
      /** Of requests, not of streams. */
      readonly waits?: ExplainedWaits;
      /** Where the route is split, and this cluster is the one that it leads this request to. */
      readonly split?: ExplainedSplit;
    }
  /** Each request is dealt by itself, or nobody has said what decides. */
  | { readonly kind: 'split'; readonly split: ExplainedSplit }
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
