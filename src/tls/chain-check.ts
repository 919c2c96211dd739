import type { X509Certificate } from 'node:crypto';
import { daysLeft, describeKey, RENEWAL_DAYS, shortName } from './certificate-facts.ts';
import type { Finding } from './finding.ts';

/** RSA below this is refused by OpenSSL's security level, bits. */
const MIN_RSA_BITS = 2048;

const SIGNING_CURVES: ReadonlySet<string> = new Set(['EC P-256', 'EC P-384', 'EC P-521']);

/** One certificate of a chain, and what is to be said of it at any time. */
export interface ChainLink {
  /** For messages. */
  readonly label: string;
  readonly validFromDate: Date;
  readonly validToDate: Date;
  /** About its strength, and its place in the chain. */
  readonly findings: readonly Finding[];
}

/** Judges order, dates and strength of a chain, leaf first. Missing intermediates cannot be seen, so one leaf is fine. */
export function checkChain(chain: readonly X509Certificate[], now: number): Finding[] {
  return judgeChain(examineChain(chain), now);
}

/** What costs time: keys and signatures. */
export function examineChain(chain: readonly X509Certificate[]): ChainLink[] {
  return chain.map((certificate, index) => {
    const label =
      index === 0 ? 'the certificate' : `chain certificate ${index} (${shortName(certificate.subject)})`;
    const findings = checkStrength(certificate, label, isSelfIssued(certificate));
    const issuer = chain[index + 1];
    if (issuer !== undefined && !isIssuedBy(certificate, issuer)) {
      findings.push({
        field: 'cert',
        message: `${label} was not issued by the next one in the file (${shortName(issuer.subject)})`,
        hint: 'put the leaf first, then the certificate that issued it, and so on; leave strangers out',
        severity: 'error',
      });
    }
    const { validFromDate, validToDate } = certificate;
    return { label, validFromDate, validToDate, findings };
  });
}

/** What depends on the time, with the rest. */
export function judgeChain(chain: readonly ChainLink[], now: number): Finding[] {
  return chain.flatMap((link) => [...checkDates(link, now), ...link.findings]);
}

function checkDates(link: ChainLink, now: number): Finding[] {
  const { label } = link;
  const from = link.validFromDate.getTime();
  const to = link.validToDate.getTime();
  const left = daysLeft(link, now);
  if (from > now) {
    return [{ field: 'cert', message: `${label} is not valid before ${isoDay(from)}`, severity: 'error' }];
  }
  if (to < now) {
    const message = `${label} expired on ${isoDay(to)}`;
    return [{ field: 'cert', message, hint: 'renew it', severity: 'error' }];
  }
  if (left < RENEWAL_DAYS) {
    const message = `${label} expires in ${left} ${left === 1 ? 'day' : 'days'}`;
    return [{ field: 'cert', message, hint: 'renew it soon', severity: 'warning' }];
  }
  return [];
}

/** OpenSSL would refuse these too, but only at the first handshake, and in words of its own. */
function checkStrength(certificate: X509Certificate, label: string, selfIssued: boolean): Finding[] {
  const key = certificate.publicKey;
  const keyType = describeKey(key);
  const rsaBits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  const error = (message: string): Finding => ({ field: 'cert', message, severity: 'error' });

  if (key.asymmetricKeyType === 'rsa') {
    if (rsaBits < MIN_RSA_BITS)
      return [error(`${label} has a weak key: ${keyType}, less than ${MIN_RSA_BITS} bits`)];
  } else if (key.asymmetricKeyType !== 'ed25519' && !SIGNING_CURVES.has(keyType)) {
    return [error(`${label} has a key that TLS cannot use here: ${keyType}`)];
  }
  // Nobody verifies the signature of a root.
  if (!selfIssued && /sha1|md5/i.test(certificate.signatureAlgorithm ?? '')) {
    return [error(`${label} is signed with a broken hash: ${certificate.signatureAlgorithm}`)];
  }
  return [];
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer;
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
