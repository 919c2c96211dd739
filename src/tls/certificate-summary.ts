import type { X509Certificate } from 'node:crypto';
import { certificateNames, daysLeft, describeKey, RENEWAL_DAYS, shortName } from './certificate-facts.ts';
import { readLeaf } from './read-chain.ts';

/** What people and programs are told of a certificate. */
export interface CertificateSummary {
  readonly names: readonly string[];
  readonly keyType: string;
  /** `itself` for one that nobody else has signed. */
  readonly issuer: string;
  /** Hexadecimal; '' of one that cannot be read, as everything here. */
  readonly serial: string;
  /** SHA-256 of the whole, as OpenSSL writes it: `AB:CD:…`. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
}

export type CertificateState = 'valid' | 'expiring' | 'expired' | 'not-yet-valid' | 'unreadable';

/** Of the first certificate of a PEM text. Never throws. */
export function summarizeCertificate(pem: string): CertificateSummary {
  const leaf = readLeaf(pem);
  return leaf === undefined ? UNREADABLE : summarize(leaf);
}

/** Never throws. */
export function summarize(leaf: X509Certificate): CertificateSummary {
  try {
    return {
      names: leaf.ca ? [`${shortName(leaf.subject)} (authority)`] : certificateNames(leaf),
      keyType: describeKey(leaf.publicKey),
      issuer: leaf.subject === leaf.issuer ? 'itself' : shortName(leaf.issuer),
      serial: leaf.serialNumber,
      fingerprint: leaf.fingerprint256,
      notBefore: leaf.validFromDate.toISOString(),
      notAfter: leaf.validToDate.toISOString(),
    };
  } catch {
    // A key of a kind that nobody knows, or a date that is none.
    return UNREADABLE;
  }
}

/** `now` in milliseconds since the epoch. */
export function certificateState({ notBefore, notAfter }: CertificateSummary, now: number): CertificateState {
  if (notAfter === '') return 'unreadable';
  if (Date.parse(notAfter) < now) return 'expired';
  if (Date.parse(notBefore) > now) return 'not-yet-valid';
  return daysLeft({ validToDate: new Date(notAfter) }, now) < RENEWAL_DAYS ? 'expiring' : 'valid';
}

export const UNREADABLE: CertificateSummary = {
  names: [],
  keyType: '',
  issuer: '',
  serial: '',
  fingerprint: '',
  notBefore: '',
  notAfter: '',
};
