import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import type { TlsVersion } from '../core/settings.ts';
import type { ContextSettings } from './context-policy.ts';
import { splitPem } from './pem.ts';
import { tlsProfile } from './tls-profile.ts';

export interface SecureContextParts {
  /** PEM: leaf first, then the chain. */
  readonly cert: string;
  readonly key: string;
  /** 48 bytes; contexts with equal keys and `sessionIdContext` resume each other's sessions. */
  readonly ticketKeys: Buffer;
  /** At most 32 characters. A session is resumed only where it equals that of its birth. */
  readonly sessionIdContext: string;
}

/** Seconds in which a session may be resumed: long enough for a visit, short for what a stolen ticket key would open. */
const SESSION_TIMEOUT_S = 3600;

/**
 * A server context. The server's cipher order wins, except that a client which puts ChaCha20 first (it has no AES
 * hardware) gets it. TLS 1.2 renegotiation is off: it lets a client buy handshakes at the price of a record.
 * Throws when OpenSSL refuses the pair or what else it is given; the checks of the configuration say so first.
 */
export function createServerContext(parts: SecureContextParts, settings: ContextSettings): SecureContext {
  const { minVersion, maxVersion, curves, tickets = true, clientAuth } = settings;
  const profile = tlsProfile(settings.profile ?? 'intermediate');
  return createSecureContext({
    cert: parts.cert,
    key: parts.key,
    minVersion: OPENSSL_VERSIONS[minVersion],
    maxVersion: OPENSSL_VERSIONS[maxVersion],
    ciphers: profile.ciphers,
    honorCipherOrder: true,
    ecdhCurve: curves?.join(':') ?? profile.groups,
    secureOptions:
      constants.SSL_OP_NO_RENEGOTIATION |
      constants.SSL_OP_PRIORITIZE_CHACHA |
      (tickets ? 0 : constants.SSL_OP_NO_TICKET),
    ticketKeys: parts.ticketKeys,
    sessionIdContext: parts.sessionIdContext,
    sessionTimeout: SESSION_TIMEOUT_S,
    // Node reads the first list of a text only.
    ...(clientAuth && {
      ca: clientAuth.ca,
      crl: clientAuth.crls.flatMap((text) => splitPem(text, 'X509 CRL')),
    }),
  });
}

const OPENSSL_VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = {
  '1.0': 'TLSv1',
  '1.1': 'TLSv1.1',
  '1.2': 'TLSv1.2',
  '1.3': 'TLSv1.3',
};
