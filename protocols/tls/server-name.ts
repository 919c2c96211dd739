/**
 * What kind of name a text is. SNI may hold only DNS names (RFC 6066, section 3), yet clients put IP literals and
 * rubbish there; whoever chooses a certificate or a tenant by name must be able to tell them apart.
 */
import { isValidAuthority } from '../http/authority.ts';

export type NameKind = 'dns' | 'ip-literal' | 'invalid';

/** Longest DNS name in text form without the trailing dot, characters (RFC 1035, section 2.3.4). */
const MAX_NAME_CHARS = 253;

/** Letters, digits, hyphens inside, at most 63; underscores because names in real use have them. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}(?<!\.)$/;

/** `name` must be lower-case and without a trailing dot; IPv6 without brackets. */
export function classifyName(name: string): NameKind {
  if (name === '' || name.length > MAX_NAME_CHARS) return 'invalid';
  if (IPV4.test(name)) return 'ip-literal';
  if (name.includes(':')) return isValidAuthority(`[${name}]`) ? 'ip-literal' : 'invalid';
  const labels = name.split('.');
  // A last label of digits makes the whole an IPv4 address to some readers and a name to others.
  if (/^\d+$/.test(labels.at(-1)!)) return 'invalid';
  return labels.every((label) => LABEL.test(label)) ? 'dns' : 'invalid';
}
