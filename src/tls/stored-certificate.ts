import { createHash, X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { certificateNames, describeKey } from './certificate-facts.ts';
import type { ContextPolicy } from './context-policy.ts';
import { splitPem } from './pem.ts';
import { createServerContext } from './secure-context.ts';

/**
 * One certificate with its key, ready to be served. Parsing and OpenSSL contexts wait for the first use: of ten
 * thousand hosts few are asked for in the life of a worker.
 */
export class StoredCertificate {
  readonly #cert: string;
  readonly #key: string;
  readonly #ticketKeys: Buffer;
  /** A policy that no configuration has any more takes its context with it. */
  readonly #contexts: WeakMap<ContextPolicy, SecureContext> = new WeakMap();
  #facts: Facts | undefined;

  /** PEM texts (leaf first) and the 48 bytes that session tickets are encrypted with. */
  constructor(cert: string, key: string, ticketKeys: Buffer) {
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

  /** `EC P-256`, `RSA 2048`, `Ed25519`. */
  get keyType(): string {
    return this.#leafFacts().keyType;
  }

  /** The same context for the same policy, made at the first call. Throws when OpenSSL refuses the pair. */
  context(policy: ContextPolicy): SecureContext {
    let context = this.#contexts.get(policy);
    if (context === undefined) {
      context = createServerContext(
        {
          cert: this.#cert,
          key: this.#key,
          ticketKeys: this.#ticketKeys,
          sessionIdContext: this.#sessionIdContext(policy),
        },
        policy.settings,
      );
      this.#contexts.set(policy, context);
    }
    return context;
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
      };
    }
    return this.#facts;
  }
}

interface Facts {
  readonly names: readonly string[];
  readonly notAfter: number;
  readonly keyType: string;
}
