/** Why a handshake failed, as a short stable text for logs and metrics: Node's and OpenSSL's codes change between versions. */
export function handshakeErrorReason(error: unknown): string {
  const code = errorCode(error);
  if (code === undefined) return 'handshake-failed';
  const known = REASONS.get(code);
  if (known !== undefined) return known;
  // Alerts that need no name of their own: ERR_SSL_SSLV3_ALERT_X, ERR_SSL_TLSV1_ALERT_X, ERR_SSL_TLSV13_ALERT_X.
  const alert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_([A-Z_]+)$/.exec(code)?.[1];
  return alert === undefined
    ? 'handshake-failed'
    : `client-alert-${alert.toLowerCase().replaceAll('_', '-')}`;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  // The client went away: port scanners, health probes that only connect, people who press stop.
  ['ECONNRESET', 'client-gone'],
  ['EPIPE', 'client-gone'],
  ['ECONNABORTED', 'client-gone'],
  ['ERR_SSL_UNEXPECTED_EOF_WHILE_READING', 'client-gone'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'client-gone'],
  ['ETIMEDOUT', 'handshake-timeout'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'handshake-timeout'],
  // Nothing in common: old clients, or scanners that look for old servers.
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-shared-cipher'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'no-shared-version'],
  ['ERR_SSL_VERSION_TOO_LOW', 'no-shared-version'],
  ['ERR_SSL_UNKNOWN_PROTOCOL', 'no-shared-version'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'no-shared-version'],
  ['ERR_SSL_NO_SUITABLE_KEY_SHARE', 'no-shared-group'],
  ['ERR_SSL_NO_SUITABLE_GROUPS', 'no-shared-group'],
  ['ERR_SSL_NO_SHARED_GROUPS', 'no-shared-group'],
  ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'no-shared-signature-algorithm'],
  ['ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS', 'no-shared-signature-algorithm'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'no-application-protocol'],
  ['ERR_TLS_ALPN_CALLBACK_INVALID_RESULT', 'no-application-protocol'],
  // The host asks for a certificate. What one that was shown is worth is judged elsewhere (client-identity.ts).
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'client-certificate-missing'],
  // The client does not trust what we serve: a missing intermediate, the wrong name, a private CA.
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'client-rejected-certificate'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'client-rejected-certificate'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'client-rejected-certificate'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'client-rejected-certificate'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', 'client-rejected-certificate'],
  ['ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE', 'client-rejected-certificate'],
  // Bytes that are not what they should be.
  ['ERR_SSL_HTTP_REQUEST', 'not-tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'not-tls'],
  ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'bad-record'],
  ['ERR_SSL_BAD_RECORD_TYPE', 'bad-record'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'bad-record'],
  ['ERR_SSL_INVALID_ALERT', 'bad-record'],
  ['ERR_SSL_UNEXPECTED_MESSAGE', 'malformed-handshake'],
  ['ERR_SSL_BAD_EXTENSION', 'malformed-handshake'],
  ['ERR_SSL_LENGTH_MISMATCH', 'malformed-handshake'],
  ['ERR_SSL_DIGEST_CHECK_FAILED', 'malformed-handshake'],
  ['ERR_SSL_BAD_KEY_SHARE', 'malformed-handshake'],
  ['ERR_SSL_BAD_ECPOINT', 'malformed-handshake'],
  ['ERR_SSL_BAD_SIGNATURE', 'malformed-handshake'],
]);

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
