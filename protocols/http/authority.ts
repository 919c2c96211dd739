/**
 * The authority of a request: `uri-host [":" port]` (RFC 9110, section 7.2; RFC 3986, section 3.2).
 *
 * Stricter than the URI grammar where leniency has let two hops disagree about the host: no userinfo, no empty
 * host, no comma (a Host list joined on the way), no IPvFuture, no zone identifier, no port above 65535.
 */

/**
 * Longest host, in characters: what DNS can carry (RFC 3986, section 3.2.2, asks for the same). It also bounds the
 * work of a host lookup, which is labels times length. Beyond: not an authority, so 400.
 */
export const MAX_HOST_CHARS = 255;

export interface Authority {
  /** Lower-case, one trailing dot trimmed, IPv6 without brackets in its one shortest form. */
  readonly host: string;
  /** Absent when none was sent; an empty port (`host:`) counts as none. */
  readonly port: number | undefined;
}

/** The parts of an authority, or undefined when it is not one. */
export function splitAuthority(authority: string): Authority | undefined {
  const end = hostEnd(authority);
  if (end < 0) return undefined;
  return {
    host: hostText(authority, end),
    port: end + 1 < authority.length ? Number(authority.slice(end + 1)) : undefined,
  };
}

/** Whether the whole string is an authority that `splitAuthority` accepts; allocates nothing. */
export function isValidAuthority(authority: string): boolean {
  return hostEnd(authority) >= 0;
}

/**
 * The host for lookups, in the form of `Authority.host`. Only for what `isValidAuthority` has accepted, and for ''
 * (HTTP/1.0 without Host), which stays ''.
 */
export function authorityHost(authority: string): string {
  if (authority.charCodeAt(0) === OPEN_BRACKET) return hostText(authority, authority.indexOf(']') + 1);
  const colon = authority.indexOf(':');
  return hostText(authority, colon < 0 ? authority.length : colon);
}

const PERCENT = 0x25;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;

/** reg-name characters that stand for themselves: unreserved and sub-delims without the comma (RFC 3986, section 2). */
const REG_NAME: Uint8Array = characterTable(
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+;=",
);
const HEX: Uint8Array = characterTable('0123456789abcdefABCDEF');

/** Index behind the host of a well-formed authority (its length, or where `:` is); -1 when it is malformed. */
function hostEnd(authority: string): number {
  const end = authority.charCodeAt(0) === OPEN_BRACKET ? ipLiteralEnd(authority) : regNameEnd(authority);
  if (end <= 0 || end > MAX_HOST_CHARS) return -1;
  if (end === authority.length) return end;
  return authority.charCodeAt(end) === COLON && isPort(authority, end + 1) ? end : -1;
}

function regNameEnd(authority: string): number {
  const { length } = authority;
  let i = 0;
  while (i < length) {
    const code = authority.charCodeAt(i);
    if (isIn(REG_NAME, code)) i += 1;
    else if (
      code === PERCENT &&
      isIn(HEX, authority.charCodeAt(i + 1)) &&
      isIn(HEX, authority.charCodeAt(i + 2))
    )
      i += 3;
    else break;
  }
  return i;
}

/** The port's digits, possibly none; leading zeros are harmless because the value is what is compared. */
function isPort(authority: string, from: number): boolean {
  let port = 0;
  for (let i = from; i < authority.length; i++) {
    const digit = authority.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
    if (port > 65535) return false;
  }
  return true;
}

function ipLiteralEnd(authority: string): number {
  const close = authority.indexOf(']');
  return close > 0 && isIPv6(authority, 1, close) ? close + 1 : -1;
}

/** IPv6address (RFC 3986, section 3.2.2): eight groups of one to four digits, one `::` for one or more of them, IPv4 in the last two. */
function isIPv6(text: string, from: number, to: number): boolean {
  let groups = 0;
  let compressed = false;
  let i = from;
  if (text.charCodeAt(i) === COLON && text.charCodeAt(i + 1) === COLON) {
    compressed = true;
    i += 2;
  }
  while (i < to) {
    const start = i;
    while (i < to && i - start < 4 && isIn(HEX, text.charCodeAt(i))) i++;
    if (i < to && text.charCodeAt(i) === DOT) {
      if (!isIPv4(text, start, to)) return false;
      groups += 2;
      i = to;
      break;
    }
    if (i === start) return false;
    groups += 1;
    if (i === to) break;
    if (text.charCodeAt(i) !== COLON) return false;
    i += 1;
    if (i === to) return false;
    if (text.charCodeAt(i) === COLON) {
      if (compressed) return false;
      compressed = true;
      i += 1;
    }
  }
  return compressed ? groups < 8 : groups === 8;
}

function isIPv4(text: string, from: number, to: number): boolean {
  let octets = 0;
  let i = from;
  while (octets < 4) {
    const start = i;
    let value = 0;
    while (i < to && i - start < 3) {
      const digit = text.charCodeAt(i) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      i += 1;
    }
    // A leading zero means octal to some readers and decimal to others.
    if (i === start || value > 255 || (i - start > 1 && text.charCodeAt(start) === 0x30)) return false;
    octets += 1;
    if (octets < 4 && (i >= to || text.charCodeAt(i++) !== DOT)) return false;
  }
  return i === to;
}

function hostText(authority: string, end: number): string {
  if (authority.charCodeAt(0) === OPEN_BRACKET) return plainIPv6(authority.slice(1, end - 1));
  const trimmed = authority.charCodeAt(end - 1) === DOT ? end - 1 : end;
  return (trimmed === authority.length ? authority : authority.slice(0, trimmed)).toLowerCase();
}

/**
 * An IPv6 address, which can be written in many ways, in the one that browsers send (RFC 5952, section 4; the last groups never as
 * IPv4): one host must not be two.
 */
export function plainIPv6(address: string): string {
  const url = URL.parse(`http://[${address}]`);
  return url === null ? address.toLowerCase() : url.hostname.slice(1, -1);
}

function isIn(table: Uint8Array, code: number): boolean {
  // Also false for NaN, which charCodeAt gives behind the end.
  return code < 0x80 && table[code] === 1;
}

function characterTable(characters: string): Uint8Array {
  const table = new Uint8Array(0x80);
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1;
  return table;
}
