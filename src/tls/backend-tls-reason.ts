/**
 * Why TLS with an instance failed, as a short stable text for logs and answers: Node's and OpenSSL's codes change between
 * versions. `cause` is the code of the error, or `ended`, `closed`.
 */
export function backendTlsReason(cause: string): string {
  const known = REASONS.get(cause);
  if (known !== undefined) return known;
  // ERR_SSL_SSLV3_ALERT_X, ERR_SSL_TLSV1_ALERT_X, ERR_SSL_TLSV13_ALERT_X: what the instance objects to.
  const alert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_([A-Z_]+)$/.exec(cause)?.[1];
  return alert === undefined
    ? 'the handshake failed'
    : `the instance refused the handshake (${alert.toLowerCase().replaceAll('_', ' ')})`;
}

/** Whether a connection broke by TLS, and not below or above it. */
export function isTlsFault(cause: string): boolean {
  return cause.startsWith('ERR_SSL_');
}

const UNKNOWN_ISSUER = "the instance's certificate is from an unknown authority";

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNRESET', 'the instance ended the handshake'],
  ['EPIPE', 'the instance ended the handshake'],
  ['ended', 'the instance ended the handshake'],
  ['closed', 'the instance ended the handshake'],
  // Who it is.
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_ISSUER],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_ISSUER],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_ISSUER],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_ISSUER],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_ISSUER],
  ['CERT_UNTRUSTED', UNKNOWN_ISSUER],
  ['INVALID_CA', UNKNOWN_ISSUER],
  ['CERT_SIGNATURE_FAILURE', UNKNOWN_ISSUER],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "the instance's certificate is for another name"],
  ['HOSTNAME_MISMATCH', "the instance's certificate is for another name"],
  ['CERT_HAS_EXPIRED', "the instance's certificate has expired"],
  ['CERT_NOT_YET_VALID', "the instance's certificate is not valid yet"],
  ['CERT_REVOKED', "the instance's certificate was revoked"],
  ['INVALID_PURPOSE', "the instance's certificate is not for servers"],
  // Who we are.
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the instance requires a client certificate'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the instance does not accept the client certificate'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'the instance does not accept the client certificate'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'the instance does not accept the client certificate'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'the instance does not accept the client certificate'],
  ['ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE', 'the instance does not accept the client certificate'],
  // Nothing in common.
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'no TLS version in common'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'no TLS version in common'],
  ['ERR_SSL_VERSION_TOO_LOW', 'no TLS version in common'],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'no protocol in common (ALPN)'],
  // No TLS at all.
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the instance does not speak TLS'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'the instance does not speak TLS'],
  ['ERR_SSL_HTTP_REQUEST', 'the instance does not speak TLS'],
]);
