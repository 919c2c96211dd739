import type { TlsClient } from '../../core/session.ts';

/**
 * The fields that tell backends who the client is. Where any tenant asks clients for certificates, what a client itself sends
 * under such a name is taken out of every request, or it could claim to be anybody. Underscores count as hyphens: CGI and
 * its descendants (WSGI, Rack, PHP) do not tell them apart.
 */
export function isClientCertificateField(name: string): boolean {
  return name.length > PREFIX.length && name[0] === 'x' && name.replaceAll('_', '-').startsWith(PREFIX);
}

const PREFIX = 'x-client-cert-';

/** What is not verified is not told, so that nobody can forget to look at `verified`. */
export function addClientCertificate({ isVerified, certificate }: TlsClient, out: string[]): void {
  if (!isVerified || certificate === undefined) {
    out.push(`${PREFIX}verified`, 'no');
    return;
  }
  out.push(
    `${PREFIX}verified`,
    'yes',
    `${PREFIX}subject`,
    certificate.subject,
    `${PREFIX}issuer`,
    certificate.issuer,
    `${PREFIX}serial`,
    certificate.serial,
    `${PREFIX}fingerprint`,
    certificate.fingerprint,
  );
}
