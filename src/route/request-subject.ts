import { splitAuthority } from '../../protocols/http/authority.ts';
import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import type { RequestHead } from '../../protocols/http/message.ts';
import type { AddressBlocks } from '../core/address-blocks.ts';
import type { Clock } from '../core/clock.ts';
import type { Session, TlsSession } from '../core/session.ts';
import { forwardedFor } from './client-address.ts';
import { type AddressKey, readAddress } from './condition/address-key.ts';
import type { Condition } from './condition/compile-condition.ts';
import type { ConditionSubject, Protocol } from './condition/condition-subject.ts';
import { cookiePairs } from './condition/cookie-pairs.ts';
import { decodeEscapes, queryParameters } from './condition/query-parameters.ts';
import { JsonBody, type SeenBody, saysJson } from './json-body.ts';
import { routingPath } from './routing-path.ts';

/** What a request is known by when its route is chosen. */
export interface RequestOrigin {
  readonly session: Pick<Session, 'remoteAddress' | 'localAddress'> & {
    readonly tls: Pick<TlsSession, 'serverName' | 'client'> | undefined;
  };
  readonly head: Pick<RequestHead, 'method' | 'authority' | 'version' | 'bodyLength' | 'upgrade'>;
  /** As modules have left them. */
  readonly path: string;
  readonly requestHeaders: HeaderList;
  /** Undefined: it was not waited for. */
  readonly body?: SeenBody | undefined;
}

/** What conditions see of a response. */
export interface SeenResponse {
  readonly status: number;
  readonly headers: HeaderList;
}

/**
 * A request as conditions of routes see it. It notices when it is asked for something that may be different for the next
 * request with the same head: what such a condition has decided must not be remembered.
 */
export class RequestSubject implements ConditionSubject {
  readonly host: string;
  /** Until then everything asked for follows from connection, head, configuration, and the body if there is one. */
  isRepeatable = true;
  /** A condition has looked at a body that is not here: it must be asked again when it is. So it is for every request with this head. */
  wantsBody = false;
  /** What modules have marked the request with so far: name, value, name, value … */
  tagged: readonly string[] = NO_TAGS;
  readonly #origin: RequestOrigin;
  readonly #trusted: AddressBlocks;
  readonly #clock: Pick<Clock, 'wall'>;
  #path: string | undefined = undefined;
  #query: ReadonlyMap<string, string> | undefined = undefined;
  #cookies: ReadonlyMap<string, string> | undefined = undefined;
  #peerAddress: AddressKey | undefined = undefined;
  #json: JsonBody | undefined = undefined;
  #response: SeenResponse | undefined = undefined;
  /** Null: not yet looked for. */
  #clientAddress: AddressKey | undefined | null = null;

  /** `host`: what the tenant was found by. */
  constructor(origin: RequestOrigin, host: string, trusted: AddressBlocks, clock: Pick<Clock, 'wall'>) {
    this.#origin = origin;
    this.host = host;
    this.#trusted = trusted;
    this.#clock = clock;
  }

  get method(): string {
    return this.#origin.head.method;
  }

  get protocol(): Protocol {
    const { version } = this.#origin.head;
    if (this.isSecure) return version === '2' ? 'h2' : 'https';
    return version === '2' ? 'h2c' : `HTTP/${version}`;
  }

  get isSecure(): boolean {
    return this.#origin.session.tls !== undefined;
  }

  get port(): number {
    return splitAuthority(this.#origin.head.authority)?.port ?? (this.isSecure ? 443 : 80);
  }

  get url(): string {
    return this.#origin.path;
  }

  get path(): string {
    if (this.#path === undefined) {
      const compared = routingPath(this.#origin.path);
      this.#path = decodeEscapes(compared) ?? compared;
    }
    return this.#path;
  }

  get query(): ReadonlyMap<string, string> {
    if (this.#query === undefined) {
      const { path } = this.#origin;
      const question = path.indexOf('?');
      this.#query = queryParameters(question < 0 ? '' : path.slice(question + 1));
    }
    return this.#query;
  }

  get cookies(): ReadonlyMap<string, string> {
    this.#cookies ??= cookiePairs(this.#origin.requestHeaders);
    return this.#cookies;
  }

  header(name: string): string | undefined {
    return headerValue(this.#origin.requestHeaders, name);
  }

  get peerAddress(): AddressKey | undefined {
    this.#peerAddress ??= readAddress(this.#origin.session.remoteAddress);
    return this.#peerAddress;
  }

  get isFromTrusted(): boolean {
    return this.#trusted.has(this.#origin.session.remoteAddress);
  }

  get clientAddress(): AddressKey | undefined {
    if (this.#clientAddress === null) {
      this.#clientAddress = this.isFromTrusted
        ? forwardedFor(this.#origin.requestHeaders, this.#trusted)
        : this.peerAddress;
    }
    return this.#clientAddress;
  }

  get virtualAddress(): AddressKey | undefined {
    return readAddress(this.#origin.session.localAddress);
  }

  get serverName(): string | undefined {
    return this.#origin.session.tls?.serverName || undefined;
  }

  get clientAuthority(): string | undefined {
    const client = this.#origin.session.tls?.client;
    return client?.isVerified === true ? (client.certificate?.issuerName ?? '') : undefined;
  }

  get now(): number {
    this.isRepeatable = false;
    return this.#clock.wall();
  }

  bodyValue(path: string): string | undefined {
    const { head, requestHeaders, body } = this.#origin;
    if (!saysJson(head, requestHeaders)) return undefined;
    if (body === undefined) {
      this.wantsBody = true;
      return undefined;
    }
    this.#json ??= new JsonBody(body);
    return this.#json.value(path);
  }

  /** Everything is decided: what was made of the body may be many times its size. */
  forgetBody(): void {
    this.#json = undefined;
  }

  /** Whether a condition on the response holds of this one. */
  holdsOfResponse(condition: Condition, response: SeenResponse): boolean {
    this.#response = response;
    const holds = condition.holds(this);
    // It belongs to one exchange, and the subject to all with the same head.
    this.#response = undefined;
    return holds;
  }

  /** 0 but within `holdsOfResponse`, as long as it lasts. */
  get responseStatus(): number {
    return this.#response?.status ?? 0;
  }

  responseHeader(name: string): string | undefined {
    return this.#response && headerValue(this.#response.headers, name);
  }

  // Conditions that ask for these are refused when they are loaded.
  readonly hostTag = undefined;

  tags(type: string): readonly string[] {
    return this.tagged.filter((_, i) => i % 2 === 1 && this.tagged[i - 1] === type);
  }

  contextValue(): undefined {
    return undefined;
  }
}

const NO_TAGS: readonly string[] = Object.freeze([]);
