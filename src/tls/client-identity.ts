import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate, TlsClient } from '../core/session.ts';
import type { ClientAuthSettings } from '../core/settings.ts';

/**
 * Who the client of a handshake that is over has shown itself to be.
 *
 * OpenSSL has verified the certificate against the authorities and lists of the context, and that the client has its key. It
 * keeps the verdict with the session, so a resumed one has it too; that the certificate has not expired since is looked at here.
 */
export function clientIdentity(
  socket: TLSSocket,
  asked: ClientAuthSettings,
  now: number = Date.now(),
): TlsClient {
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return refused(asked, 'client-certificate-missing', undefined);
  const certificate = factsOf(shown);
  const verdict = verifyError(socket);
  if (verdict !== undefined) return refused(asked, reasonOf(verdict), certificate);
  if (shown.validToDate.getTime() < now) return refused(asked, 'client-certificate-expired', certificate);
  return { asked, isVerified: true, reason: '', certificate };
}

function refused(
  asked: ClientAuthSettings,
  reason: string,
  certificate: ClientCertificate | undefined,
): TlsClient {
  return { asked, isVerified: false, reason, certificate };
}

/**
 * OpenSSL's verdict; undefined: good. Node looks at it for the sockets of a tls.Server alone, and says there what it is; around a
 * socket of our own one has to ask the handle as Node does. Where that cannot be asked nobody is verified.
 */
function verifyError(socket: TLSSocket): string | undefined {
  const handle = (socket as { _handle?: { verifyError?(): { code?: string } | null | undefined } })._handle;
  if (typeof handle?.verifyError !== 'function') return 'UNKNOWN';
  const error = handle.verifyError();
  return error === null || error === undefined ? undefined : (error.code ?? 'UNKNOWN');
}

function reasonOf(verdict: string): string {
  return REASONS.get(verdict) ?? 'client-certificate-untrusted';
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'client-certificate-expired'],
  ['CERT_NOT_YET_VALID', 'client-certificate-expired'],
  ['CERT_REVOKED', 'client-certificate-revoked'],
]);

function factsOf(certificate: X509Certificate): ClientCertificate {
  return {
    subject: distinguishedName(certificate.subject),
    issuer: distinguishedName(certificate.issuer),
    issuerName: distinguishedName(/^CN=(.*)$/m.exec(certificate.issuer)?.[1]),
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/**
 * RFC 4514: the most specific part first. Node prints a part per line, in the certificate's order, with special and control
 * characters escaped, but others as they are; their octets are escaped here.
 */
function distinguishedName(lines: string | undefined): string {
  const parts = (lines ?? '').split('\n').toReversed();
  return parts
    .join(',')
    .replace(/[^\x20-\x7e]+/g, (text) =>
      Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '\\$&'),
    );
}
