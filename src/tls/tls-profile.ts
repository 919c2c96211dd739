import { createSecureContext } from 'node:tls';
import type { TlsProfileName } from '../core/settings.ts';

/** What a host speaks, as OpenSSL wants it told. */
export interface TlsProfile {
  readonly ciphers: string;
  /** Key exchange groups, in order of preference. */
  readonly groups: string;
}

/** The suites and groups of a profile; the three follow those of Mozilla's guidelines for servers (docs/tls.md). */
export function tlsProfile(name: TlsProfileName): TlsProfile {
  return { ciphers: CIPHERS[name], groups: profileGroups() };
}

/** Suites of TLS 1.3. AES-128 first: hardware does it, and nobody breaks it. */
const TLS_1_3 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/**
 * For TLS 1.2: forward secrecy (ECDHE) with AEAD only, for everything else there has a name for its attack. Mozilla's list
 * has DHE too: for clients that nobody has met in years, at ten times the cost and with parameters to look after.
 */
const AEAD = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];

/** Behind the others, for clients that know none of them: CBC (Lucky 13), then RSA key exchange (no forward secrecy, ROBOT). */
const OLD = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA256',
  'AES256-SHA256',
  'AES128-SHA',
  'AES256-SHA',
  // TLS 1.0 and 1.1 sign with SHA-1, which OpenSSL allows at no higher level.
  '@SECLEVEL=0',
];

const CIPHERS: Readonly<Record<TlsProfileName, string>> = {
  modern: TLS_1_3.join(':'),
  intermediate: [...TLS_1_3, ...AEAD].join(':'),
  old: [...TLS_1_3, ...AEAD, ...OLD].join(':'),
};

/** Whether a suite that was agreed on, by OpenSSL's name, is one that only the profile `old` has. */
export function isOldCipher(name: string): boolean {
  return OLD_CIPHERS.has(name);
}

const OLD_CIPHERS: ReadonlySet<string> = new Set(OLD);

const CLASSIC_GROUPS = 'X25519:P-256:P-384';
/** Hybrid with a post-quantum part (draft-ietf-tls-ecdhe-mlkem); OpenSSL knows it from 3.5 on. */
const HYBRID_GROUPS = `X25519MLKEM768:${CLASSIC_GROUPS}`;

let groups: string | undefined;

function profileGroups(): string {
  groups ??= isKnownGroup(HYBRID_GROUPS) ? HYBRID_GROUPS : CLASSIC_GROUPS;
  return groups;
}

/** Whether this OpenSSL knows a group, or each of several with `:` between them: it refuses the whole list for one unknown name. */
export function isKnownGroup(name: string): boolean {
  try {
    createSecureContext({ ecdhCurve: name });
    return true;
  } catch {
    return false;
  }
}
