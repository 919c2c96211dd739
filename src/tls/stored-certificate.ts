import { createHash, X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { certificateNames, describeKey } from './certificate-facts.ts';
import type { ContextPolicy } from './context-policy.ts';
import { splitPem } from './pem.ts';
import { createServerContext } from './secure-context.ts';
import type { TicketKeys } from './ticket-keys.ts';

/**
 * One certificate with its key, ready to be served. Parsing and OpenSSL contexts wait for the first use: of ten
 * thousand hosts few are asked for in the life of a worker.
 */
export class StoredCertificate {
  readonly #cert: string;
  readonly #key: string;
  readonly #ticketKeys: TicketKeys;
  /** By ticket key, then by policy; a policy that no configuration has any more takes its context with it. */
  readonly #contexts: Map<Buffer, WeakMap<ContextPolicy, SecureContext>> = new Map();
  #facts: Facts | undefined;

  /** PEM texts (leaf first) and what session tickets are encrypted with. */
  constructor(cert: string, key: string, ticketKeys: TicketKeys) {
    this.#cert = cert;
    this.#key = key;
    this.#ticketKeys = ticketKeys;
  }

  /** The names it holds, lower-case, wildcards as `*.`. */
  get names(): readonly string[] {
    return this.#leafFacts().names;
  }

  /** End of validity, milliseconds since the epoch. */
  get notAfter(): number {
    return this.#leafFacts().notAfter;
  }

  /** SHA-256, as OpenSSL writes it. */
  get fingerprint(): string {
    return this.#leafFacts().fingerprint;
  }

  /** `EC P-256`, `RSA 2048`, `Ed25519`. */
  get keyType(): string {
    return this.#leafFacts().keyType;
  }

  /**
   * The same context for the same policy and ticket key, made at the first call. `ticketName`: of the ClientHello. Throws when OpenSSL
   * refuses the pair.
   */
  context(policy: ContextPolicy, ticketName = ''): SecureContext {
    const ticketKey = this.#ticketKeys.keyFor(ticketName);
    const contexts = this.#contextsOf(ticketKey);
    let context = contexts.get(policy);
    if (context === undefined) {
      context = createServerContext(
        {
          cert: this.#cert,
          key: this.#key,
          ticketKeys: ticketKey,
          sessionIdContext: this.#sessionIdContext(policy),
        },
        policy.settings,
      );
      contexts.set(policy, context);
    }
    return context;
  }

  forgetOldTicketKeys(): void {
    for (const key of this.#contexts.keys()) {
      if (!this.#ticketKeys.has(key)) this.#contexts.delete(key);
    }
  }

  #contextsOf(ticketKey: Buffer): WeakMap<ContextPolicy, SecureContext> {
    let contexts = this.#contexts.get(ticketKey);
    if (contexts === undefined) {
      contexts = new WeakMap();
      this.#contexts.set(ticketKey, contexts);
    }
    return contexts;
  }

  hasKey(key: string): boolean {
    return this.#key === key;
  }

  /**
   * Own to the certificate and the policy: hosts share ticket keys, but a session that began as one of them, and without a
   * client certificate perhaps, must not be resumed as another.
   */
  #sessionIdContext({ key }: ContextPolicy): string {
    return createHash('sha256').update(`${this.#cert}\n${key}`).digest('hex').slice(0, 32);
  }

  #leafFacts(): Facts {
    if (this.#facts === undefined) {
      const leaf = new X509Certificate(splitPem(this.#cert, 'CERTIFICATE')[0] ?? '');
      this.#facts = {
        names: Object.freeze(certificateNames(leaf)),
        notAfter: leaf.validToDate.getTime(),
        keyType: describeKey(leaf.publicKey),
        fingerprint: leaf.fingerprint256,
      };
    }
    return this.#facts;
  }
}

interface Facts {
  readonly names: readonly string[];
  readonly notAfter: number;
  readonly keyType: string;
  readonly fingerprint: string;
}
