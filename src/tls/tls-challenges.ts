import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { ClientHello } from '../../protocols/tls/client-hello-message.ts';
import { MAX_PENDING_CHALLENGES, type TlsAlpnChallenge } from '../core/acme-challenge.ts';
import { createServerContext } from './secure-context.ts';

/** Certificates of TLS-ALPN-01 (RFC 8737), while a certificate authority may ask for them. */
export class TlsChallenges {
  readonly #contexts = new Map<string, SecureContext>();

  /** These and no others. Throws when they are too many, or OpenSSL refuses one. */
  replace(challenges: readonly TlsAlpnChallenge[]): void {
    if (challenges.length > MAX_PENDING_CHALLENGES) throw new Error('too many challenges');
    this.#contexts.clear();
    for (const { host, cert, key } of challenges) {
      const parts = { cert, key, ticketKeys: randomBytes(48), sessionIdContext: 'acme-challenge' };
      this.#contexts.set(host, createServerContext(parts, { minVersion: '1.2', maxVersion: '1.3' }));
    }
  }

  /** What a handshake is answered with that asks for a challenge which is pending, and for nothing else; else undefined. */
  find({ serverName, alpn }: ClientHello): SecureContext | undefined {
    if (this.#contexts.size === 0 || alpn.length !== 1 || alpn[0] !== ACME_PROTOCOL) return undefined;
    return this.#contexts.get(serverName);
  }
}

/** The ALPN name of RFC 8737, section 6.2. */
export const ACME_PROTOCOL = 'acme-tls/1';
