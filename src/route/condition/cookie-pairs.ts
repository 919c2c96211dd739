import { isToken } from '../../../protocols/http/characters.ts';
import { type HeaderList, trimBlanks } from '../../../protocols/http/header-list.ts';

/**
 * The cookies of a request (RFC 6265, section 4.2): the first value of each name, without quotes around it. A pair whose name
 * is no token, or whose value has an octet that no cookie may have, is left out, as Go does.
 */
export function cookiePairs(headers: HeaderList): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'cookie') addPairs(cookies, headers[i + 1]!);
  }
  return cookies;
}

function addPairs(cookies: Map<string, string>, line: string): void {
  for (const part of line.split(';')) {
    const pair = trimBlanks(part);
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (!isToken(name, 0, name.length) || cookies.has(name)) continue;
    const value = equals < 0 ? '' : withoutQuotes(pair.slice(equals + 1));
    if (isCookieValue(value)) cookies.set(name, value);
  }
}

function withoutQuotes(value: string): string {
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  return isQuoted ? value.slice(1, -1) : value;
}

/** cookie-octet: visible ASCII but quotes, comma, semicolon and backslash. */
function isCookieValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || code === 0x22 || code === 0x2c || code === 0x3b || code === 0x5c)
      return false;
  }
  return true;
}
