import type { KeyObject, X509Certificate } from 'node:crypto';
import { parseCertificateHost } from './certificate-host.ts';

/**
 * The names a certificate is for: DNS names and addresses of its subjectAltName, lower-case and each once. The common
 * name counts only when there is no subjectAltName at all, as in private PKIs of old; browsers ignore it.
 */
export function certificateNames(certificate: X509Certificate): string[] {
  const { subjectAltName } = certificate;
  const texts = subjectAltName === undefined ? [commonName(certificate)] : alternativeNames(subjectAltName);
  const names = new Set<string>();
  for (const text of texts) {
    const host = parseCertificateHost(text);
    if (host !== undefined) names.add(host.name);
  }
  return [...names];
}

/** `EC P-256`, `RSA 2048`, `Ed25519`; what it is called in lists and messages. */
export function describeKey(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return `RSA ${key.asymmetricKeyDetails?.modulusLength}`;
    case 'ec': {
      const curve = key.asymmetricKeyDetails?.namedCurve ?? 'unknown';
      return `EC ${CURVE_NAMES.get(curve) ?? curve}`;
    }
    case 'ed25519':
      return 'Ed25519';
    default:
      return String(key.asymmetricKeyType);
  }
}

/** The CN of a subject or issuer as X509Certificate prints it, or its first line; for people only. */
export function shortName(distinguishedName: string): string {
  return /^CN=(.*)$/m.exec(distinguishedName)?.[1] ?? distinguishedName.split('\n')[0] ?? '';
}

export const DAY_MS = 86_400_000;

/** Fewer days than this before its end, a certificate is warned about, and ours are issued anew. */
export const RENEWAL_DAYS = 21;

/** Whole days until the end of validity; negative once it has passed. */
export function daysLeft(certificate: Pick<X509Certificate, 'validToDate'>, now: number): number {
  return Math.floor((certificate.validToDate.getTime() - now) / DAY_MS);
}

/** OpenSSL's names of the curves that TLS can sign with → the names people know. */
const CURVE_NAMES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

function commonName(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
}

/**
 * Node prints `DNS:a.example, IP Address:192.0.2.1, …`, and values with special characters as JSON strings. Those are
 * left out: no host name needs quoting, and unquoting is how `DNS:"a, DNS:b"` once became two names (CVE-2021-44532).
 */
function alternativeNames(text: string): string[] {
  const names: string[] = [];
  for (const [, type, value] of text.matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy)) {
    if ((type === 'DNS' || type === 'IP Address') && !value!.startsWith('"')) names.push(value!);
  }
  return names;
}
