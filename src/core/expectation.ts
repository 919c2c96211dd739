import type { RequestText } from './request-text.ts';
import type { Settings } from './settings.ts';

/** A case that stands beside the routes of a tenant: a request, and what must become of it. */
export interface Expectation {
  readonly tenant: string;
  /** Where the request names no host itself. */
  readonly host: string | undefined;
  readonly request: RequestText;
  /** Names are lower-case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Undefined: there is none. */
  readonly body: string | undefined;
  /** Address of the client; undefined: not said. */
  readonly client: string | undefined;
  /** The address that the client has connected to. */
  readonly vip: string | undefined;
  /** The name in the handshake; undefined: the host. */
  readonly sni: string | undefined;
  /** Milliseconds since the epoch; undefined: it must not matter. */
  readonly at: number | undefined;
  readonly expected: ExpectedOutcome;
}

/** At least one is there, and all that are must hold. */
export interface ExpectedOutcome {
  readonly cluster?: string | undefined;
  readonly handler?: string | undefined;
  /** As routes are called in the access log. */
  readonly route?: string | undefined;
  /** Where to. */
  readonly redirect?: string | undefined;
  /** Of an answer that is not the cluster's. */
  readonly status?: number | undefined;
  readonly error?: string | undefined;
}

/** What has turned out otherwise. */
export interface ExpectationFault {
  /** Position among the cases. */
  readonly index: number;
  /** What was expected and did not come, or else what stands in the way of knowing. */
  readonly key: keyof ExpectedOutcome | 'request';
  /** `expected cluster beta, but the route "/api/*" leads to cluster api` */
  readonly message: string;
  /** What to do to see why. */
  readonly hint: string;
}

/** Takes the requests of the cases through the tables of `settings`. */
export type JudgeExpectations = (
  settings: Settings,
  cases: readonly Expectation[],
) => readonly ExpectationFault[];
