import type { ExchangeError } from './errors.ts';
import type { ClientAuthSettings, FrontProtocol } from './settings.ts';
import { unmappedAddress } from './unmapped-address.ts';

/**
 * One accepted connection, from accept to close, as everything above the drivers sees it. The driver writes these
 * fields; modules and the pipeline read them.
 *
 *   new ──► active ◄──► idle ──► closed        (Go's connection states, net/http ConnState)
 *    │         └──► hijacked ──► closed          (upgraded to a tunnel)
 *    └────────────► hijacked                     (a stream, which is relayed as it is)
 *
 * With HTTP/2 it is active while there is a stream on it. From every state it may be closed.
 */
export class Session {
  /** Unique within this process's life; prefix of its exchanges' order, not of their ids. */
  readonly id: number;
  /** The listener's address text, e.g. `:8443`. */
  readonly listener: string;
  /** The client's, also behind a load balancer that has told it by a PROXY header. */
  remoteAddress: string;
  remotePort: number;
  /** That load balancer; undefined: the client has connected by itself. */
  balancer: PeerAddress | undefined = undefined;
  /** Clock.now() of the accept. */
  readonly acceptedAt: number;
  readonly #endpoint: SessionOrigin['endpoint'];
  #destination: PeerAddress | undefined = undefined;

  #state: SessionState = 'new';
  /** Told of each change of state; undefined: nobody wants to know. */
  watcher: SessionWatcher | undefined = undefined;
  /** Whatever the embedding program has made of it (`baseContext`, `connContext`). */
  context: unknown = undefined;
  /** Present once a TLS handshake has completed. */
  tls: TlsSession | undefined = undefined;
  /** What is spoken on it; '' before that is known. */
  protocol: FrontProtocol | 'passthrough' | '' = '';
  /** Exchanges begun on this session. */
  exchanges = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Why it ended, when not by plain agreement. */
  error: ExchangeError | undefined = undefined;
  /** x-request-id of the answer to what never became an exchange; '' when there was none. */
  refusalId = '';
  #ended: AbortController | undefined = undefined;

  constructor(origin: SessionOrigin) {
    this.id = origin.id;
    this.listener = origin.listener;
    this.remoteAddress = origin.remoteAddress;
    this.remotePort = origin.remotePort;
    this.acceptedAt = origin.acceptedAt;
    this.#endpoint = origin.endpoint;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** For drivers. */
  become(state: SessionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.watcher?.changed(this, state);
    if (state === 'closed') this.#ended?.abort();
  }

  /**
   * Aborted when the connection is closed: whatever was begun for it is in vain. Made when it is asked for. A stream ends with its session,
   * and has no other.
   */
  get signal(): AbortSignal {
    if (this.#ended === undefined) {
      this.#ended = new AbortController();
      if (this.#state === 'closed') this.#ended.abort();
    }
    return this.#ended.signal;
  }

  /** What the client has connected to: behind a load balancer that tells it, the address there. */
  get localAddress(): string {
    return this.#destination?.address ?? unmappedAddress(this.#endpoint.localAddress ?? '');
  }

  get localPort(): number {
    return this.#destination?.port ?? this.#endpoint.localPort ?? 0;
  }

  /** The peer is a load balancer, and has said for whom it connects, and to what that client had connected. */
  relays(client: PeerAddress, destination: PeerAddress): void {
    this.balancer = { address: this.remoteAddress, port: this.remotePort };
    this.remoteAddress = client.address;
    this.remotePort = client.port;
    this.#destination = destination;
  }

  get scheme(): 'http' | 'https' {
    return this.tls === undefined ? 'http' : 'https';
  }
}

/** Our end of a connection; asking costs a system call where nobody has asked before. */
export type LocalEnd = Pick<Session, 'localAddress'>;

export type SessionState = 'new' | 'active' | 'idle' | 'hijacked' | 'closed';

/** Must not throw. */
export interface SessionWatcher {
  changed(session: Session, state: SessionState): void;
}

export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

export interface SessionOrigin {
  readonly id: number;
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly acceptedAt: number;
  /** Where the local address is known (the socket): asking for it costs a system call, and few do. */
  readonly endpoint: { readonly localAddress?: string | undefined; readonly localPort?: number | undefined };
}

/** What the handshake settled. */
export interface TlsSession {
  /** Lower-case, without trailing dot; '' when the client sent none. */
  readonly serverName: string;
  /** '' when the client offered none. */
  readonly alpn: string;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  readonly resumed: boolean;
  /** Names of the certificate that was served, lower-case, wildcards as `*.`; what 421 is decided by. */
  readonly certificateHosts: readonly string[];
  /** The suite is one that only the profile `old` has. */
  readonly isOldCipher: boolean;
  /** Who the client is; undefined where the host asks for no certificate. */
  readonly client: TlsClient | undefined;
}

/** A client that was asked for its certificate. */
export interface TlsClient {
  /** What it was asked under. */
  readonly asked: ClientAuthSettings;
  /** It has shown a certificate, whose key it has, and which is good under `asked`. */
  readonly isVerified: boolean;
  /** Why not: `client-certificate-missing`, `-untrusted`, `-expired`, `-revoked`; '' when it is verified. */
  readonly reason: string;
  /** What it has shown, verified or not. */
  readonly certificate: ClientCertificate | undefined;
}

/** Texts are ASCII without control characters: they may go into header fields as they are. */
export interface ClientCertificate {
  /** Distinguished names as RFC 4514 writes them: `CN=till 7,OU=shops,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** The common name of the issuer; '' when it has none. */
  readonly issuerName: string;
  /** Hexadecimal, upper-case. */
  readonly serial: string;
  /** SHA-256 of the certificate, 64 hexadecimal digits, lower-case. */
  readonly fingerprint: string;
}
