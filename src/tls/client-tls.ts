import { createSecureContext, type SecureContext } from 'node:tls';
import type { BackendTlsSettings, HttpProtocol } from '../core/settings.ts';

/** TLS towards the instances of a cluster: one OpenSSL context for all, and the last session of each. */
export class ClientTls {
  readonly context: SecureContext;
  /** What to ask for and to verify in place of the instance's host. */
  readonly serverName: string | undefined;
  readonly isVerifying: boolean;
  /** Offered, in order of preference. */
  readonly alpn: readonly HttpProtocol[];
  /** By the object that stands for the instance's address. */
  readonly #sessions: WeakMap<object, Buffer> = new WeakMap();
  #withoutAlpn: ClientTls | undefined = undefined;

  readonly #settings: BackendTlsSettings;

  /** `context`: one made of the same settings. Throws when OpenSSL refuses what they hold; checkBackendTls says so first. */
  constructor(settings: BackendTlsSettings, context?: SecureContext) {
    const { ca, cert, key, minVersion, serverName, verify, alpn } = settings;
    this.#settings = settings;
    this.alpn = alpn;
    this.serverName = serverName;
    this.isVerifying = verify;
    this.context =
      context ??
      createSecureContext({
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
        minVersion: `TLSv${minVersion}`,
      });
  }

  /** The same for connections on which nothing is said of a protocol. */
  withoutAlpn(): ClientTls {
    this.#withoutAlpn ??= new ClientTls({ ...this.#settings, alpn: [] }, this.context);
    return this.#withoutAlpn;
  }

  sessionOf(address: object): Buffer | undefined {
    return this.#sessions.get(address);
  }

  /** Only of a connection whose instance was verified. */
  keepSession(address: object, session: Buffer): void {
    this.#sessions.set(address, session);
  }
}
