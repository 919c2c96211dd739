import { isIP } from 'node:net';
import { plainIPv6 } from '../../protocols/http/authority.ts';
import { type Refusal, refuse, refuseValue } from './leaf.ts';

/** RFC 1035, section 2.3.4; a label's 63 octets are in the pattern. Underscores are met in practice and harmless. */
const MAX_NAME_LENGTH = 253;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

const EXPECTED = 'a host name such as shop.example.org or *.shop.example.org';

/**
 * A host as tenants and certificates name it: exact, `*.` and a suffix, or an IP literal (IPv6 with or without brackets,
 * returned without). Returned lower-case, without the trailing dot.
 */
export function readHostPattern(value: unknown): string | Refusal {
  if (typeof value !== 'string') return refuseValue(EXPECTED, value);
  if (value === '*') return refuseValue(EXPECTED, value, 'hosts that no tenant names go to defaultTenant');
  const literal = value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value;
  if (isIP(literal) === 6) return plainIPv6(literal);
  const name = normalizeName(value);
  const bare = name.startsWith('*.') ? name.slice(2) : name;
  if (isHostName(bare) && (bare === name || isIP(bare) === 0)) return name;
  return refuseValue(EXPECTED, value, hintFor(value, bare));
}

/** Whether `name` (lower-case) is a DNS name or an IPv4 literal. */
function isHostName(name: string): boolean {
  if (name === '' || name.length > MAX_NAME_LENGTH) return false;
  const labels = name.split('.');
  // A name whose last label is a number is read as an IPv4 address by every resolver (WHATWG URL, "ends in a number").
  if (/^\d+$/.test(labels.at(-1)!)) return isIP(name) === 4;
  return labels.every((label) => LABEL.test(label));
}

/** Whether `pattern` (a tenant's host) takes in `host` (exact, or a wildcard of its own). Both as read above. */
export function coversHost(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  return pattern.startsWith('*.') && host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

/** A host a connection is made to, or a listener bound to: no wildcard, IPv6 without brackets. */
export function readPlainHost(host: string): string | Refusal {
  const name = normalizeName(host);
  return isHostName(name) ? name : refuse(`${JSON.stringify(host)} is not a host name or an IP address`);
}

function normalizeName(value: string): string {
  const lower = value.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

function hintFor(value: string, bare: string): string | undefined {
  if (value.includes('://') || value.includes('/')) return 'only the name: no scheme, no path';
  if (/^[^:]+:\d+$/.test(value)) return 'hosts are written without a port';
  if (bare.includes('*')) return 'a wildcard stands for the first label only: *.example.org';
  if (/[^\p{ASCII}]/u.test(value)) return 'write an international name in its ASCII form (xn--…)';
  return undefined;
}
