import type { Buffer } from 'node:buffer';
import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Session } from '../core/session.ts';
import type { Pattern } from './pattern.ts';
import { BodyNotJson, type RequestBody } from './request-body.ts';

/** A request as a handler sees it. Its body is read when it is asked for, at the pace of whoever reads it. */
export class ServedRequest {
  readonly #exchange: Exchange;
  readonly #body: RequestBody;
  #pattern: Pattern | undefined = undefined;
  readonly #pathValues: Map<string, string> = new Map();
  #query: URLSearchParams | undefined = undefined;

  constructor(exchange: Exchange, body: RequestBody) {
    this.#exchange = exchange;
    this.#body = body;
  }

  get method(): string {
    return this.#exchange.head.method;
  }

  /** Path with query, as it was sent and as modules have left it. */
  get path(): string {
    return this.#exchange.path;
  }

  /** Host and optional port, as sent; '' only for HTTP/1.0 without Host. */
  get authority(): string {
    return this.#exchange.head.authority;
  }

  /** The whole of it: `https://shop.example.org/cart?item=1`. */
  get url(): string {
    const { scheme, localAddress } = this.#exchange.session;
    const ownHost = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
    return `${scheme}://${this.authority === '' ? ownHost : this.authority}${this.path}`;
  }

  /** Names lower-case, in order of arrival, without Host and framing. */
  get headers(): HeaderList {
    return this.#exchange.requestHeaders;
  }

  /** The first value of a field; `name` in lower case. */
  header(name: string): string | undefined {
    return headerValue(this.headers, name);
  }

  get query(): URLSearchParams {
    const question = this.path.indexOf('?');
    this.#query ??= new URLSearchParams(question < 0 ? '' : this.path.slice(question + 1));
    return this.#query;
  }

  /** The pattern of the mux that has found the handler; '' without one. */
  get pattern(): string {
    return this.#pattern?.text ?? '';
  }

  /** What a wildcard of the pattern stands for, with percent-encoding undone; '' where the pattern has no such name. */
  pathValue(name: string): string {
    return this.#pathValues.get(name) ?? '';
  }

  /** The same as `x-request-id`. */
  get id(): string {
    return this.#exchange.id;
  }

  get session(): Session {
    return this.#exchange.session;
  }

  get remoteAddress(): string {
    return this.#exchange.session.remoteAddress;
  }

  /** Bytes; 0: none, negative: not known before its end. */
  get bodyLength(): number {
    return this.#exchange.head.bodyLength;
  }

  /** Aborts when the client has gone, or the exchange is over for another reason. */
  get signal(): AbortSignal {
    return this.#body.signal;
  }

  /** The body in pieces, once. Throws when the client does not send all of it. */
  body(): AsyncIterable<Buffer> {
    return this.#body.pieces();
  }

  /** The whole body; throws a BodyTooLarge, which is answered 413, beyond `limit` bytes (1 MiB). */
  bytes(limit: number = DEFAULT_BODY_LIMIT): Promise<Buffer> {
    return this.#body.whole(limit);
  }

  /** The same as UTF-8. */
  async text(limit?: number): Promise<string> {
    return (await this.bytes(limit)).toString('utf8');
  }

  /** The same as JSON; throws a BodyNotJson, which is answered 400, where it is none. */
  async json(limit?: number): Promise<unknown> {
    const text = await this.text(limit);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new BodyNotJson(error);
    }
  }

  /** Behind the body; empty before its end. */
  get trailers(): HeaderList {
    return this.#body.trailers;
  }

  /** For the mux: what it has found. */
  matched(pattern: Pattern, values: readonly string[]): void {
    this.#pattern = pattern;
    let at = 0;
    for (const { kind, text } of pattern.segments) {
      if (text !== '' && (kind === 'wildcard' || kind === 'rest')) this.#pathValues.set(text, values[at++]!);
    }
  }
}

const DEFAULT_BODY_LIMIT = 1_048_576;
