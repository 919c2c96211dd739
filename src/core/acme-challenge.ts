/** What a certificate authority will ask of our listeners to see that a host is ours (RFC 8555, section 8; RFC 8737). */
export type AcmeChallenge = HttpChallenge | TlsAlpnChallenge;

/** Asked by GET of `/.well-known/acme-challenge/TOKEN` on a plain port. */
export interface HttpChallenge {
  readonly kind: 'http-01';
  /** Lower-case DNS name. */
  readonly host: string;
  readonly token: string;
  /** The body that proves it. */
  readonly answer: string;
}

/** Asked by a TLS handshake that offers `acme-tls/1` and nothing else. */
export interface TlsAlpnChallenge {
  readonly kind: 'tls-alpn-01';
  readonly host: string;
  /** PEM, self-signed, with the proof inside; and its key. */
  readonly cert: string;
  readonly key: string;
}

/** As many as one certificate may have names: orders are done one after the other. */
export const MAX_PENDING_CHALLENGES = 100;
