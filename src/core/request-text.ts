import { isValidAuthority } from '../../protocols/http/authority.ts';
import { isPathAndQuery } from '../../protocols/http/characters.ts';

/** A request as people write it: `GET /cart`, `GET https://shop.example.org/cart`. */
export interface RequestText extends TargetText {
  readonly method: string;
}

export interface TargetText {
  /** Undefined: a path alone was written. */
  readonly origin: { readonly scheme: 'http' | 'https'; readonly authority: string } | undefined;
  /** Path with query, as it would be sent. */
  readonly path: string;
}

/** `METHOD TARGET`, or a target alone, which is a GET; or a sentence that says what is wrong. */
export function readRequestText(text: string): RequestText | string {
  const words = text.trim().split(/\s+/);
  const [first = '', second] = words;
  if (words.length > 2) return `a request is a method and a URL or path, and nothing else: ${text}`;
  if (second !== undefined && !isToken(first)) return `not a method: ${first}`;
  const target = readTargetText(second ?? first);
  if (typeof target === 'string') return target;
  return { method: second === undefined ? 'GET' : first, ...target };
}

/** A URL or a path. Cut by hand: `new URL` would resolve dot-segments and escapes, which is what people want to see happen. */
export function readTargetText(text: string): TargetText | string {
  const [, scheme, authority = '', rest = ''] = TARGET.exec(text) ?? [];
  if (scheme === undefined && !text.startsWith('/')) return `not an http or https URL: ${text}`;
  if (scheme !== undefined && !isValidAuthority(authority))
    return `not a host with an optional port: ${authority}`;
  const path = scheme === undefined ? text.replace(/#.*$/s, '') : rest;
  if (!/^[\x21-\x7e]*$/.test(path)) return 'percent-encode spaces and non-ASCII characters of the path';
  if (!isPathAndQuery(path, 0, path.length))
    return 'percent-encode " < > and \\ of the path, and a % that two hexadecimal digits do not follow';
  return {
    origin: scheme === undefined ? undefined : { scheme: scheme as 'http' | 'https', authority },
    path: path.startsWith('/') ? path : `/${path}`,
  };
}

const TARGET = /^(https?):\/\/([^/?#]*)([^#]*)/;

/** What methods and names of fields are (RFC 9110, section 5.6.2). */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}
