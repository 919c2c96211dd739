import { headerValue } from '../../protocols/http/header-list.ts';
import type { RequestHead } from '../../protocols/http/message.ts';
import type { Cluster } from '../balance/cluster.ts';
import type { ExchangeError } from '../core/errors.ts';
import type { RequestFacts } from '../core/request-facts.ts';
import type { Session } from '../core/session.ts';
import type { ForwardRequest } from '../core/upstream.ts';
import { addressText } from '../route/condition/address-key.ts';
import type { RequestSubject } from '../route/request-subject.ts';
import { routingPath } from '../route/routing-path.ts';
import type { Route } from '../route/target.ts';
import type { Tenant } from '../route/tenant.ts';
import type { Chains, Decision } from './chains.ts';
import type { Snapshot } from './snapshot.ts';

/** Where a head leads in one snapshot, and what modules make of it. */
export class Location implements RequestFacts {
  readonly snapshot: Snapshot;
  readonly session: Session;
  readonly head: RequestHead;
  readonly tenant: Tenant<Cluster> | undefined;
  readonly route: Route<Cluster> | undefined;
  /** Why there is no route. */
  readonly error: ExchangeError | undefined;
  /** The modules that it meets. */
  chains: Chains;
  /** False: the next request with this head may lead elsewhere, because a condition has looked at the time. */
  isRepeatable = true;
  /** Filled when it is asked for the first time. */
  decision: Decision | undefined = undefined;
  /** Filled when the first exchange with this head is forwarded. */
  request: ForwardRequest | undefined = undefined;
  readonly #subject: RequestSubject;
  #clientAddress: string | undefined = undefined;

  constructor(snapshot: Snapshot, request: LocatedRequest, target: LocationTarget) {
    this.snapshot = snapshot;
    this.session = request.session;
    this.head = request.head;
    this.#subject = request.subject;
    this.tenant = target.tenant;
    this.route = target.route;
    this.error = target.error;
    this.chains = snapshot.chains;
  }

  get routeText(): string {
    return this.route?.pattern ?? '';
  }

  get tags(): readonly string[] {
    return this.#subject.tagged;
  }

  get routingPath(): string {
    return routingPath(this.#subject.url);
  }

  get scheme(): 'http' | 'https' {
    const told = this.#subject.isFromTrusted
      ? headerValue(this.head.headers, 'x-forwarded-proto')
      : undefined;
    return told === 'http' || told === 'https' ? told : this.session.scheme;
  }

  get clientAddress(): string {
    if (this.#clientAddress === undefined) {
      const { clientAddress } = this.#subject;
      // A trusted proxy that says nothing of a client speaks for itself.
      this.#clientAddress =
        clientAddress === undefined ? this.session.remoteAddress : addressText(clientAddress);
    }
    return this.#clientAddress;
  }
}

export interface LocatedRequest {
  readonly session: Session;
  readonly head: RequestHead;
  /** The request as conditions see it. */
  readonly subject: RequestSubject;
}

interface LocationTarget {
  readonly tenant?: Tenant<Cluster> | undefined;
  readonly route?: Route<Cluster> | undefined;
  readonly error?: ExchangeError;
}
