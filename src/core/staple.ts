/** An OCSP response to be sent along with a certificate, or word that there is none any more. JSON-able: it crosses process borders. */
export interface Staple {
  /** SHA-256 of the certificate, as OpenSSL writes it: `AB:CD:…`. */
  readonly fingerprint: string;
  /** DER in base64. */
  readonly response: string | undefined;
  /** When it must not be sent any more, milliseconds since the epoch. */
  readonly until: number;
}

/** How it stands with the staple of a certificate. */
export interface StapleStatus {
  /**
   * `stapled`: there is one. `waiting`: asked for, no answer yet. `failing`: none, see `reason`. `revoked`: the responder says so. `none`: the certificate
   * names no responder, or its issuer is not in its file. `off`: not wanted.
   */
  readonly state: 'stapled' | 'waiting' | 'failing' | 'revoked' | 'none' | 'off';
  /** ISO 8601; of `stapled`. */
  readonly until?: string;
  /** What went wrong, also when the last refresh of one that is still good did. */
  readonly reason?: string;
}
