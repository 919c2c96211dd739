import type { X509Certificate } from 'node:crypto';

/** The address that a certificate names for OCSP; only plain HTTP, as RFC 6960, appendix A, has it. */
export function responderUrl(certificate: X509Certificate): string | undefined {
  return /^OCSP - URI:(http:\/\/[\x21-\x7e]+)$/m.exec(certificate.infoAccess ?? '')?.[1];
}

/**
 * Whether clients refuse the certificate without a staple: it has the TLS feature status_request (RFC 7633), "must-staple".
 *
 *     OID 1.3.6.1.5.5.7.1.24   [critical]   OCTET STRING { SEQUENCE { INTEGER 5, … } }
 */
export function mustStaple({ raw }: X509Certificate): boolean {
  const at = raw.indexOf(TLS_FEATURE);
  if (at < 0) return false;
  let value = at + TLS_FEATURE.length;
  if (raw.subarray(value, value + CRITICAL.length).equals(CRITICAL)) value += CRITICAL.length;
  const length = raw[value + 1] ?? 0;
  // The features stand behind two headers of two octets.
  return raw.subarray(value + 4, value + 2 + length).includes(STATUS_REQUEST);
}

const TLS_FEATURE = Buffer.from('06082b06010505070118', 'hex');
const CRITICAL = Buffer.from('0101ff', 'hex');
const STATUS_REQUEST = Buffer.from('020105', 'hex');
