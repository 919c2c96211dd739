import { isValidAuthority } from '../http/authority.ts';
import { isPathAndQuery, isToken } from '../http/characters.ts';
import { type HeaderList, listTokens } from '../http/header-list.ts';
import { type HttpVersion, RequestHead } from '../http/message.ts';
import type { Http1Rule } from './errors.ts';
import { FramingFields } from './framing-fields.ts';
import type { Http1Limits } from './limits.ts';
import { SectionParser } from './section-parser.ts';

/** A request head with what only its connection needs to know. */
export interface ParsedRequest {
  readonly head: RequestHead;
  /** The client wants the connection to stay open (RFC 9112, section 9.3). */
  readonly keepAlive: boolean;
}

/** Request line and header section of one request after the other (RFC 9112, sections 3 and 5). */
export class RequestParser extends SectionParser {
  /** Set when `receive` has returned the end of a head. */
  request: ParsedRequest | undefined = undefined;

  #method = '';
  #target = '';
  #version: HttpVersion = '1.1';

  constructor(limits: Http1Limits) {
    super(limits, true);
  }

  /**
   * Of the head under way, also of one whose line does not end or is malformed: who asks with HEAD gets no body with the refusal
   * either (RFC 9110, section 9.3.2). '' before a token and a space have come.
   */
  get method(): string {
    if (this.#method !== '') return this.#method;
    const line = this.unreadStartLine;
    const end = line.indexOf(' ');
    return end > 0 && isToken(line, 0, end) ? line.slice(0, end) : '';
  }

  /** Fields of the head under way. */
  get headers(): HeaderList {
    return this.fields;
  }

  /** Makes ready for the next head. */
  next(): void {
    this.request = undefined;
    this.#method = '';
    this.restart(true);
  }

  protected override leadingBlankLine(count: number): Http1Rule | undefined {
    // RFC 9112, section 2.2: at least one is ignored; one is what old clients send behind a body.
    return count > 1 ? 'leading-blank-lines' : undefined;
  }

  protected override startLine(text: string, start: number, end: number): Http1Rule | undefined {
    const afterMethod = text.indexOf(' ', start);
    const beforeVersion = text.lastIndexOf(' ', end - 1);
    if (afterMethod < 0 || afterMethod >= end || beforeVersion <= afterMethod) return 'bad-request-line';
    if (!isToken(text, start, afterMethod)) return 'bad-method';
    this.#method = text.slice(start, afterMethod);
    const version = text.slice(beforeVersion + 1, end);
    if (version === 'HTTP/1.1') this.#version = '1.1';
    else if (version === 'HTTP/1.0') this.#version = '1.0';
    else {
      const rule = versionRule(version);
      if (rule !== undefined) return rule;
      // A higher minor version is to be read as the highest that we know (RFC 9110, section 6.2).
      this.#version = '1.1';
    }
    this.#target = text.slice(afterMethod + 1, beforeVersion);
    if (this.#method === 'CONNECT') return 'method-not-implemented';
    return this.#target.indexOf(' ') >= 0 ? 'bad-request-line' : this.#checkTarget();
  }

  #checkTarget(): Http1Rule | undefined {
    const target = this.#target;
    const first = target.charCodeAt(0);
    if (first === SLASH) return isPathAndQuery(target, 0, target.length) ? undefined : 'bad-target';
    if (target === '*') return this.#method === 'OPTIONS' ? undefined : 'bad-target';
    return splitAbsoluteForm(target) === undefined ? 'bad-target' : undefined;
  }

  protected override finish(): Http1Rule | undefined {
    const { fields } = this;
    const version = this.#version;
    const framing = new FramingFields();
    const headers: string[] = [];
    let host: string | undefined;
    let connection: string | undefined;
    let upgrade: string | undefined;
    let expectsContinue = false;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      const value = fields[i + 1]!;
      switch (name) {
        case 'host':
          if (host !== undefined) return 'repeated-host';
          if (!isValidAuthority(value)) return 'bad-host';
          host = value;
          continue;
        case 'content-length':
        case 'transfer-encoding': {
          const rule = framing.add(name, value);
          if (rule !== undefined) return rule;
          continue;
        }
        case 'expect':
          // In HTTP/1.0 it must be ignored (RFC 9110, section 10.1.1).
          if (version === '1.0') continue;
          if (value.toLowerCase() !== '100-continue') return 'expectation-unknown';
          expectsContinue = true;
          continue;
        case 'connection':
          connection = connection === undefined ? value : `${connection},${value}`;
          break;
        case 'upgrade':
          upgrade = upgrade === undefined ? value : `${upgrade},${value}`;
          break;
      }
      headers.push(name, value);
    }
    if (host === undefined && version !== '1.0') return 'missing-host';
    const broken = framing.check(version);
    if (broken !== undefined) return broken;
    const bodyLength = framing.chunked ? -1 : Math.max(framing.length, 0);
    // RFC 9110, section 9.3.8: a client must not send content in a TRACE request.
    if (this.#method === 'TRACE' && bodyLength !== 0) return 'unexpected-body';

    const options = connection === undefined ? NO_TOKENS : listTokens(connection);
    let scheme: RequestHead['scheme'] = '';
    let authority = host ?? '';
    let path = this.#target;
    if (path.charCodeAt(0) !== SLASH && path !== '*') {
      // The target's authority replaces Host, whatever that said (RFC 9112, section 3.2.2).
      [scheme, authority, path] = splitAbsoluteForm(path)!;
      // Without path and query OPTIONS is about the server as a whole (RFC 9112, section 3.2.4).
      if (path === '') path = this.#method === 'OPTIONS' ? '*' : '/';
    }
    const head = new RequestHead({
      method: this.#method,
      scheme,
      authority,
      path,
      version,
      headers,
      bodyLength,
      upgrade: upgradeProtocol(upgrade, options, version, bodyLength),
      expectsContinue: expectsContinue && bodyLength !== 0,
      neverIndexed: undefined,
    });
    const keepAlive =
      version === '1.1'
        ? !options.includes('close')
        : options.includes('keep-alive') && !options.includes('close');
    this.request = { head, keepAlive };
    return undefined;
  }
}

const SLASH = 0x2f;
const NO_TOKENS: readonly string[] = [];

/** HTTP/d.d of another major version is refused by its own status; what is not HTTP/d.d at all is malformed. */
function versionRule(version: string): Http1Rule | undefined {
  if (version.length !== 8 || !version.startsWith('HTTP/') || version[6] !== '.') return 'bad-version';
  if (!isDigit(version.charCodeAt(5)) || !isDigit(version.charCodeAt(7))) return 'bad-version';
  return version[5] === '1' ? undefined : 'version-not-supported';
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/**
 * Scheme, authority and origin-form of an absolute-form target (RFC 9112, section 3.2.2), '' when there is neither path nor query;
 * undefined when it is not one.
 */
function splitAbsoluteForm(target: string): AbsoluteForm | undefined {
  const prefix = target.slice(0, 8).toLowerCase();
  const start = prefix.startsWith('http://') ? 7 : prefix === 'https://' ? 8 : -1;
  if (start < 0) return undefined;
  let end = start;
  while (end < target.length && target[end] !== '/' && target[end] !== '?') end++;
  const authority = target.slice(start, end);
  if (!isValidAuthority(authority) || !isPathAndQuery(target, end, target.length)) return undefined;
  const path = target[end] === '?' ? `/${target.slice(end)}` : target.slice(end);
  return [start === 8 ? 'https' : 'http', authority, path];
}

/**
 * The one protocol that may be switched to, or ''. Only HTTP/1.1 can ask (RFC 9110, section 7.8), only together with
 * Connection: upgrade, and without a body whose end would be in doubt. An upgrade to HTTP/2 or TLS would put a second protocol
 * engine behind our back (h2c smuggling): ignored, and as a hop-by-hop field never forwarded.
 */
function upgradeProtocol(
  value: string | undefined,
  options: readonly string[],
  version: HttpVersion,
  bodyLength: number,
): string {
  if (value === undefined || version !== '1.1' || bodyLength !== 0 || !options.includes('upgrade')) return '';
  const protocol = value.toLowerCase();
  return !PROTOCOL.test(protocol) || /^(?:h2|http|tls)/.test(protocol) ? '' : protocol;
}

/** protocol-name ["/" protocol-version], both tokens, in lower case. */
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9a-z-]+(?:\/[!#$%&'*+.^_`|~0-9a-z-]+)?$/;

type AbsoluteForm = [scheme: 'http' | 'https', authority: string, path: string];
