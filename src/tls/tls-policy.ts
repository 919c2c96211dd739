import type { SecureContext, Server } from 'node:tls';
import type { ClientHello } from '../../protocols/tls/client-hello-message.ts';
import type { LocalEnd, Session } from '../core/session.ts';
import type { ClientAuthSettings, FrontProtocol, TenantTlsSettings } from '../core/settings.ts';
import { chooseProtocol, confirmedName } from './alpn.ts';
import type { CertificateStore } from './certificate-store.ts';
import { ContextPolicies } from './context-policy.ts';
import { offeredProtocols } from './protocol-offer.ts';

/** What a connection is given, decided by its ClientHello before a byte is answered. */
export interface TlsChoice {
  readonly context: SecureContext;
  /** The protocol of the connection; undefined: the client offers none that this host speaks (RFC 7301: alert 120). */
  readonly protocol: FrontProtocol | undefined;
  /** What the client is told of it by ALPN; '' when it did not ask. */
  readonly alpn: string;
  /** Names of the certificate that is served. */
  readonly certificateHosts: readonly string[];
  /** How the client is asked for a certificate; undefined: not at all. */
  readonly clientAuth: ClientAuthSettings | undefined;
  /** The `server` of the TLSSocket, where an OCSP response is to be sent along; undefined: none is wanted, or there is none. */
  readonly stapler: Server | undefined;
}

/** The extension by which a client asks for an OCSP response (RFC 6066, section 8). */
const STATUS_REQUEST = 5;

type TenantTlsLookup = (host: string, end?: LocalEnd) => TenantTlsSettings | undefined;

/** Certificate, versions, protocol and client authentication by host and VIP, for one snapshot. */
export class TlsPolicy {
  /** Undefined: there are no certificates, and TLS is only passed through. */
  readonly store: CertificateStore | undefined;
  readonly #settingsOf: TenantTlsLookup;
  readonly #policies: ContextPolicies;

  /**
   * `settingsOf` finds the settings of the tenant that a host, or else the address it was asked at, belongs to; a host of nobody
   * gets the defaults. `previous`: the policy of the snapshot before, whose contexts are gone on with.
   */
  constructor(store: CertificateStore | undefined, settingsOf: TenantTlsLookup, previous?: TlsPolicy) {
    this.store = store;
    this.#settingsOf = settingsOf;
    this.#policies = new ContextPolicies(previous === undefined ? undefined : previous.#policies);
  }

  /** Whether connections for this name, or to this VIP, are relayed untouched: no certificate is needed, and nothing is to be chosen. */
  isPassthrough(serverName: string, end?: LocalEnd): boolean {
    return this.#settingsOf(serverName, end)?.passthrough !== undefined;
  }

  /** Whether there is a certificate to serve: only then is there anything to choose. */
  get canTerminate(): boolean {
    return this.store !== undefined;
  }

  /** Throws when OpenSSL refuses a certificate that has passed our checks. */
  choose(hello: ClientHello, ends: LocalEnd & Pick<Session, 'remoteAddress'>): TlsChoice {
    const settings = this.#settingsOf(hello.serverName, ends) ?? DEFAULT_TLS;
    const certificate = this.store!.choose(hello.serverName, ends);
    const protocol = chooseProtocol(hello.alpn, offeredProtocols(settings, hello, ends.remoteAddress));
    return {
      context: certificate.context(this.#policies.of(settings), hello.ticketName),
      protocol,
      alpn: protocol === undefined ? '' : confirmedName(hello.alpn, protocol),
      certificateHosts: certificate.names,
      clientAuth: settings.clientAuth,
      stapler: hello.extensions.includes(STATUS_REQUEST) ? this.store!.staplerFor(certificate) : undefined,
    };
  }
}

/** For hosts of nobody. */
export const DEFAULT_TLS: TenantTlsSettings = Object.freeze({
  protocols: Object.freeze(['h2', 'http/1.1'] as const),
  minVersion: '1.2',
  maxVersion: '1.3',
});
