import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { TenantTlsSettings } from '../core/settings.ts';

/** The range of TLS versions that is spoken. */
export type VersionPolicy = Pick<TenantTlsSettings, 'minVersion' | 'maxVersion'>;

export interface SecureContextParts {
  /** PEM: leaf first, then the chain. */
  readonly cert: string;
  readonly key: string;
  /** 48 bytes; contexts with equal keys and `sessionIdContext` resume each other's sessions. */
  readonly ticketKeys: Buffer;
  /** At most 32 characters. A session is resumed only where it equals that of its birth. */
  readonly sessionIdContext: string;
}

/**
 * TLS 1.3 suites, then for TLS 1.2 forward secrecy (ECDHE) with AEAD only: everything else there has a name for its
 * attack. AES-128 first: hardware does it, and nobody breaks it.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Seconds in which a session may be resumed: long enough for a visit, short for what a stolen ticket key would open. */
const SESSION_TIMEOUT_S = 3600;

/**
 * A server context. The server's cipher order wins, except that a client which puts ChaCha20 first (it has no AES
 * hardware) gets it. TLS 1.2 renegotiation is off: it lets a client buy handshakes at the price of a record.
 * Throws when OpenSSL refuses the pair; checkCertificates says so first.
 */
export function createServerContext(parts: SecureContextParts, versions: VersionPolicy): SecureContext {
  return createSecureContext({
    cert: parts.cert,
    key: parts.key,
    minVersion: `TLSv${versions.minVersion}`,
    maxVersion: `TLSv${versions.maxVersion}`,
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ecdhCurve: keyExchangeGroups(),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA,
    ticketKeys: parts.ticketKeys,
    sessionIdContext: parts.sessionIdContext,
    sessionTimeout: SESSION_TIMEOUT_S,
  });
}

const CLASSIC_GROUPS = 'X25519:P-256:P-384';
/** Hybrid with a post-quantum part (draft-ietf-tls-ecdhe-mlkem); OpenSSL knows it from 3.5 on. */
const HYBRID_GROUPS = `X25519MLKEM768:${CLASSIC_GROUPS}`;

let groups: string | undefined;

function keyExchangeGroups(): string {
  groups ??= isAccepted(HYBRID_GROUPS) ? HYBRID_GROUPS : CLASSIC_GROUPS;
  return groups;
}

/** A Node built against an older OpenSSL refuses the whole list for one unknown name. */
function isAccepted(ecdhCurve: string): boolean {
  try {
    createSecureContext({ ecdhCurve });
    return true;
  } catch {
    return false;
  }
}
