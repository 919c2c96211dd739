import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import { hopsLeft } from '../../protocols/http/max-forwards.ts';
import type { RequestHead } from '../../protocols/http/message.ts';
import type { Cluster } from '../balance/cluster.ts';
import type { Clock } from '../core/clock.ts';
import type { ExchangeError } from '../core/errors.ts';
import type { RequestFacts } from '../core/request-facts.ts';
import type { Session } from '../core/session.ts';
import type { ForwardRequest } from '../core/upstream.ts';
import { addressText } from '../route/condition/address-key.ts';
import type { SeenBody } from '../route/json-body.ts';
import { RequestSubject } from '../route/request-subject.ts';
import { routingPath } from '../route/routing-path.ts';
import type { Route } from '../route/target.ts';
import type { Tenant } from '../route/tenant.ts';
import type { Chains, Decision } from './chains.ts';
import type { Snapshot } from './snapshot.ts';

/** Where a head leads in one snapshot, and what modules make of it. The snapshot fills it in. */
export class Location implements RequestFacts {
  readonly snapshot: Snapshot;
  readonly session: Session;
  readonly head: RequestHead;
  /** As modules have left them when it was located. */
  readonly path: string;
  readonly requestHeaders: HeaderList;
  /** What the tenant is found by. */
  readonly host: string;
  /** Undefined: it was not waited for. */
  readonly body: SeenBody | undefined;
  tenant: Tenant<Cluster> | undefined = undefined;
  route: Route<Cluster> | undefined = undefined;
  /** Why there is no route. */
  error: ExchangeError | undefined = undefined;
  /** Where the route is split by a key; filled when it is asked for the first time. */
  splitCluster: Cluster | undefined = undefined;
  /** The modules that it meets. */
  chains: Chains;
  /** It says itself that it may not be forwarded. */
  readonly #isLastHop: boolean;
  /** Filled when it is asked for the first time. */
  decision: Decision | undefined = undefined;
  /** Filled when the first exchange with this head is forwarded. */
  request: ForwardRequest | undefined = undefined;
  readonly clock: Clock;
  #subject: RequestSubject | undefined = undefined;
  #clientAddress: string | undefined = undefined;

  constructor(snapshot: Snapshot, located: Located, host: string, clock: Clock, body: SeenBody | undefined) {
    this.snapshot = snapshot;
    this.session = located.session;
    this.head = located.head;
    this.path = located.path;
    this.requestHeaders = located.requestHeaders;
    this.host = host;
    this.body = body;
    this.#isLastHop = hopsLeft(located.head.method, located.requestHeaders) === 0;
    this.chains = snapshot.chains;
    this.clock = clock;
  }

  /** The request as conditions see it; made when the first one asks. */
  get subject(): RequestSubject {
    this.#subject ??= new RequestSubject(this, this.host, this.snapshot.trustedProxies, this.clock);
    return this.#subject;
  }

  /** False: the next request with this head may lead elsewhere, because a condition has looked at the time. */
  get isRepeatable(): boolean {
    return this.#subject?.isRepeatable ?? true;
  }

  /** A condition has to see the body before anything is decided. */
  get wantsBody(): boolean {
    return this.#subject?.wantsBody ?? false;
  }

  /** Its route leads to a backend, and it may not go there. */
  get endsHere(): boolean {
    if (!this.#isLastHop) return false;
    const kind = this.route?.target.kind;
    return kind === 'cluster' || kind === 'split';
  }

  get routeText(): string {
    return this.route?.pattern ?? '';
  }

  get tags(): readonly string[] {
    return this.#subject?.tagged ?? NO_TAGS;
  }

  get routingPath(): string {
    return routingPath(this.path);
  }

  get scheme(): 'http' | 'https' {
    const told = this.subject.isFromTrusted ? headerValue(this.head.headers, 'x-forwarded-proto') : undefined;
    return told === 'http' || told === 'https' ? told : this.session.scheme;
  }

  get clientAddress(): string {
    if (this.#clientAddress === undefined) {
      const { clientAddress } = this.subject;
      // A trusted proxy that says nothing of a client speaks for itself.
      this.#clientAddress =
        clientAddress === undefined ? this.session.remoteAddress : addressText(clientAddress);
    }
    return this.#clientAddress;
  }
}

/** What of an exchange decides where it leads. */
export interface Located {
  readonly session: Session;
  readonly head: RequestHead;
  readonly path: string;
  readonly requestHeaders: HeaderList;
}

const NO_TAGS: readonly string[] = Object.freeze([]);
