import { isValidAuthority } from '../http/authority.ts';
import { isPathAndQuery, isToken } from '../http/characters.ts';
import { parseContentLength } from '../http/content-length.ts';
import type { HeaderList } from '../http/header-list.ts';
import { RequestHead, UNKNOWN_LENGTH } from '../http/message.ts';
import type { Http2Rule } from './errors.ts';
import { checkField, isPseudo } from './field-rules.ts';

/** A request head with what only its connection needs to know. */
export interface ReadRequest {
  readonly head: RequestHead;
  /** Content-Length; -1: none was sent. */
  readonly declaredLength: number;
  /** Value of Priority; '' when there is none (RFC 9218). */
  readonly priority: string;
}

/** What the section is judged with. */
export interface RequestContext {
  /** HEADERS ended the stream: there is no body. */
  readonly endStream: boolean;
  readonly lineBytes: number;
  readonly neverIndexed: readonly string[] | undefined;
}

/**
 * Makes a request head of a decoded header section, or names the rule it breaks (RFC 9113, sections 8.2 and 8.3). Whatever two
 * implementations might read differently is refused: what passes is written anew as HTTP/1 for others to read.
 */
export function readRequest(fields: HeaderList, context: RequestContext): ReadRequest | Http2Rule {
  const pseudo = new PseudoFields();
  const regular = new RegularFields();
  let inPseudo = true;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    const size = name.length + value.length;
    if (size > context.lineBytes) return name === ':path' ? 'target-too-long' : 'field-too-long';
    if (isPseudo(name)) {
      if (!inPseudo) return 'pseudo-after-field';
      const rule = pseudo.add(name, value);
      if (rule !== undefined) return rule;
      continue;
    }
    inPseudo = false;
    const rule = checkField(name, value) ?? regular.add(name, value);
    if (rule !== undefined) return rule;
  }
  return pseudo.check(regular.host) ?? buildRequest(pseudo, regular, context);
}

function buildRequest(
  pseudo: PseudoFields,
  regular: RegularFields,
  { endStream, neverIndexed }: RequestContext,
): ReadRequest | Http2Rule {
  const { declaredLength } = regular;
  if (endStream && declaredLength > 0) return 'body-length-mismatch';
  if (regular.unknownExpectation) return 'expectation-unknown';
  const isConnect = pseudo.method === 'CONNECT';
  if (isConnect && pseudo.protocol !== 'websocket') return 'method-not-implemented';
  // RFC 9110, section 9.3.8: a client must not send content in a TRACE request.
  if (pseudo.method === 'TRACE' && !endStream) return 'unexpected-body';
  if (regular.cookie !== undefined) regular.headers.push('cookie', regular.cookie);
  const head = new RequestHead({
    // An extended CONNECT (RFC 8441) is to everything above what the GET with Upgrade of HTTP/1.1 is.
    method: isConnect ? 'GET' : pseudo.method!,
    scheme: pseudo.scheme!,
    authority: pseudo.authority ?? regular.host!,
    path: pseudo.path!,
    version: '2',
    headers: isConnect ? withoutKey(regular.headers) : regular.headers,
    bodyLength: endStream || isConnect ? 0 : declaredLength >= 0 ? declaredLength : UNKNOWN_LENGTH,
    upgrade: isConnect ? pseudo.protocol! : '',
    expectsContinue: regular.expectsContinue && !endStream && !isConnect,
    neverIndexed: neverIndexed === undefined ? undefined : new Set(neverIndexed),
  });
  return { head, declaredLength, priority: regular.priority };
}

/** Who needs the key of HTTP/1.1's handshake for an extended CONNECT makes its own (RFC 8441, section 5.1). */
function withoutKey(headers: HeaderList): HeaderList {
  return headers.filter((_, i) => headers[i - (i % 2)] !== 'sec-websocket-key');
}

/** The pseudo-header fields of a request (RFC 9113, section 8.3.1). */
class PseudoFields {
  method: string | undefined = undefined;
  scheme: 'http' | 'https' | undefined = undefined;
  authority: string | undefined = undefined;
  path: string | undefined = undefined;
  protocol: string | undefined = undefined;

  add(name: string, value: string): Http2Rule | undefined {
    switch (name) {
      case ':method':
        if (this.method !== undefined) return 'repeated-pseudo';
        if (!isToken(value, 0, value.length)) return 'bad-method';
        this.method = value;
        return undefined;
      case ':scheme':
        if (this.scheme !== undefined) return 'repeated-pseudo';
        if (value !== 'http' && value !== 'https') return 'bad-scheme';
        this.scheme = value;
        return undefined;
      case ':authority':
        if (this.authority !== undefined) return 'repeated-pseudo';
        if (!isValidAuthority(value)) return 'bad-authority';
        this.authority = value;
        return undefined;
      case ':path':
        if (this.path !== undefined) return 'repeated-pseudo';
        this.path = value;
        return undefined;
      case ':protocol':
        if (this.protocol !== undefined) return 'repeated-pseudo';
        this.protocol = value;
        return undefined;
      default:
        return 'unknown-pseudo';
    }
  }

  /** What is wrong with them together, and with Host beside them. */
  check(host: string | undefined): Http2Rule | undefined {
    const { method, authority, protocol } = this;
    if (method === undefined) return 'missing-pseudo';
    if (method === 'CONNECT' && protocol === undefined) return this.#checkConnect();
    if (protocol !== undefined && method !== 'CONNECT') return 'unknown-pseudo';
    if (this.scheme === undefined || this.path === undefined) return 'missing-pseudo';
    if (!isPath(this.path, method)) return 'bad-path';
    if (authority === undefined) return host === undefined ? 'bad-authority' : undefined;
    // Names differ in case without differing in meaning; anything else would be two answers to one question.
    return host === undefined || host.toLowerCase() === authority.toLowerCase() ? undefined : 'host-mismatch';
  }

  /** RFC 9113, section 8.5. */
  #checkConnect(): Http2Rule | undefined {
    if (this.scheme !== undefined || this.path !== undefined) return 'unknown-pseudo';
    return this.authority === undefined ? 'bad-authority' : undefined;
  }
}

class RegularFields {
  readonly headers: string[] = [];
  host: string | undefined = undefined;
  declaredLength = -1;
  priority = '';
  expectsContinue = false;
  unknownExpectation = false;
  /** All crumbs, as HTTP/1 has them in one field (RFC 9113, section 8.2.3). */
  cookie: string | undefined = undefined;

  add(name: string, value: string): Http2Rule | undefined {
    switch (name) {
      case 'host':
        if (this.host !== undefined) return 'host-mismatch';
        if (!isValidAuthority(value)) return 'bad-authority';
        this.host = value;
        return undefined;
      case 'content-length':
        if (this.declaredLength >= 0) return 'bad-content-length';
        this.declaredLength = parseContentLength(value);
        return this.declaredLength < 0 ? 'bad-content-length' : undefined;
      case 'cookie':
        // An empty crumb would leave a blank at an end, which no field value may have.
        if (this.cookie === undefined || this.cookie === '') this.cookie = value;
        else if (value !== '') this.cookie = `${this.cookie}; ${value}`;
        return undefined;
      case 'expect':
        if (value.toLowerCase() === '100-continue') this.expectsContinue = true;
        else this.unknownExpectation = true;
        return undefined;
      case 'priority':
        this.priority = this.priority === '' ? value : `${this.priority}, ${value}`;
        break;
    }
    this.headers.push(name, value);
    return undefined;
  }
}

/** origin-form, or `*` for OPTIONS (RFC 9113, section 8.3.1). */
function isPath(path: string, method: string): boolean {
  if (path === '*') return method === 'OPTIONS';
  return path.charCodeAt(0) === SLASH && isPathAndQuery(path, 0, path.length);
}

const SLASH = 0x2f;
