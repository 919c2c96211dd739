import { randomBytes } from 'node:crypto';
import type { Server } from 'node:tls';
import type { LocalEnd } from '../core/session.ts';
import type { CertificateSettings } from '../core/settings.ts';
import { wildcardOver } from './certificate-host.ts';
import type { Staples } from './staples.ts';
import { StoredCertificate } from './stored-certificate.ts';
import { TICKET_KEY_BYTES, TicketKeys } from './ticket-keys.ts';

export interface CertificateStoreOptions {
  /** The store of the snapshot before: pairs that have not changed are taken over with their contexts and ticket keys. */
  readonly previous?: CertificateStore | undefined;
  /** Those that all workers share, so that each resumes the sessions of the others; random when absent. */
  readonly ticketKeys?: TicketKeys | undefined;
  /** OCSP responses to send along; none when absent. */
  readonly staples?: Staples | undefined;
}

/** All certificates of one snapshot, chosen by the name a client asks for, or where it asks. Expects settings that checkCertificates has passed. */
export class CertificateStore {
  /** By host; a wildcard stands under its own text, `*.example.org`. */
  readonly #byHost: Map<string, StoredCertificate> = new Map();
  readonly #byVip: Map<string, StoredCertificate> = new Map();
  /** By the text of the certificate: equal pairs share one set of contexts, here and over reloads. */
  readonly #byText: Map<string, StoredCertificate> = new Map();
  readonly #ticketKeys: TicketKeys;
  readonly #staples: Staples | undefined;
  readonly #default: StoredCertificate;

  /** Throws on an empty list: without certificates there is no TLS to speak. */
  constructor(certificates: readonly CertificateSettings[], options: CertificateStoreOptions = {}) {
    const { previous } = options;
    this.#ticketKeys =
      options.ticketKeys ??
      (previous === undefined ? new TicketKeys([randomBytes(TICKET_KEY_BYTES)]) : previous.#ticketKeys);
    this.#staples = options.staples;
    let fallback: StoredCertificate | undefined;
    for (const settings of certificates) {
      const stored = this.#store(settings, previous);
      const hosts = settings.hosts.length > 0 ? settings.hosts : stored.names;
      for (const host of hosts) this.#byHost.set(host, stored);
      for (const vip of settings.vips ?? []) this.#byVip.set(vip, stored);
      if (settings.isDefault || fallback === undefined) fallback = stored;
    }
    if (fallback === undefined) throw new Error('a certificate store needs a certificate');
    this.#default = fallback;
  }

  /** `serverName` as ClientHello.serverName has it: lower-case, '' for none. Exact name, then wildcard, then the VIP, then the default. */
  choose(serverName: string, end?: LocalEnd): StoredCertificate {
    const exact = this.#byHost.get(serverName);
    if (exact !== undefined) return exact;
    const wildcard = wildcardOver(serverName);
    const named = wildcard === undefined ? undefined : this.#byHost.get(wildcard);
    return named ?? this.#servedAt(end) ?? this.#default;
  }

  #servedAt(end: LocalEnd | undefined): StoredCertificate | undefined {
    return end === undefined || this.#byVip.size === 0 ? undefined : this.#byVip.get(end.localAddress);
  }

  /** See Staples. */
  staplerFor({ fingerprint }: StoredCertificate): Server | undefined {
    return this.#staples?.staplerFor(fingerprint, Date.now());
  }

  /** To be called when ticket keys were replaced: contexts of those that are gone are not kept for a handshake that may never come. */
  forgetOldTicketKeys(): void {
    for (const stored of this.#byText.values()) stored.forgetOldTicketKeys();
  }

  #store(settings: CertificateSettings, previous: CertificateStore | undefined): StoredCertificate {
    const { cert, key } = settings;
    for (const store of previous === undefined ? [this] : [this, previous]) {
      const known = store.#byText.get(cert);
      if (known?.hasKey(key)) {
        this.#byText.set(cert, known);
        return known;
      }
    }
    const stored = new StoredCertificate(cert, key, this.#ticketKeys);
    this.#byText.set(cert, stored);
    return stored;
  }
}
