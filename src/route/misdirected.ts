import type { TlsSession } from '../core/session.ts';

/**
 * Whether a request for `host` came over a TLS connection that is not that host's: answered 421, so that the client opens one
 * of its own (RFC 9110, section 15.5.20). Else what a tenant asks of its connections could be had from another tenant's.
 *
 * A connection serves the name it asked for by SNI and every name of the certificate it was shown (clients send requests
 * for those over it, RFC 9113, section 9.1.1). One without SNI asked for nothing in particular and serves all.
 */
export function isMisdirected(
  tls: Pick<TlsSession, 'serverName' | 'certificateHosts'> | undefined,
  host: string,
): boolean {
  if (tls === undefined || tls.serverName === '' || tls.serverName === host) return false;
  return !namesHost(tls.certificateHosts, host);
}

/** Whether a certificate's names take in the host: exactly, or by a wildcard for its first label (RFC 9525, section 6.3). */
export function namesHost(names: readonly string[], host: string): boolean {
  if (names.includes(host)) return true;
  const dot = host.indexOf('.');
  return dot > 0 && names.includes(`*${host.slice(dot)}`);
}
