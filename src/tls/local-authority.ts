/**
 * The local certificate authority: issues what a development machine needs, and is trusted only by who chooses to.
 * Made on first use in the directory of the certificates: `local-ca.pem`, and `local-ca.key` (mode 0600).
 */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { readIfPresent, writeAtomically } from './atomic-file.ts';
import { DAY_MS } from './certificate-facts.ts';
import type { CertificateHost } from './certificate-host.ts';
import { type Issuer, issueCertificate } from './issue-certificate.ts';
import { generateKey, type KeyType, keyToPem } from './private-key.ts';
import { MAX_COMMON_NAME } from './x509-fields.ts';

export interface LocalAuthority {
  /** PEM. */
  readonly certificate: string;
  readonly certificateFile: string;
  /** Whether it has just been made, so that nobody can trust it yet. */
  readonly created: boolean;
  /**
   * A new key and its certificate (alone: who trusts the authority has it), valid from `now`. `subject`: the hosts of a server, at
   * least one; or the name of a client, of at most 64 characters.
   */
  issue(subject: readonly CertificateHost[] | string, now: number, wishes?: LeafWishes): IssuedPair;
}

export interface LeafWishes {
  /** LEAF_DAYS when absent. */
  readonly days?: number | undefined;
  /** EC when absent. */
  readonly keyType?: KeyType | undefined;
}

export interface IssuedPair {
  /** PEM: leaf first, then its chain. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

/** Longest life of a leaf that Apple's and other clients accept, days; one less than the limit for the back-dating. */
export const LEAF_DAYS = 396;

const AUTHORITY_NAME = 'Portico local CA';
const AUTHORITY_DAYS = 3652;

/** Validity begins this long before the issue: clocks of other machines and containers run behind. */
const BACKDATE_MS = 3_600_000;

/** Opens the authority in `directory`, or makes one when both of its files are absent. Throws when they cannot be used. */
export function openLocalAuthority(directory: string, now: number): LocalAuthority {
  const certificateFile = join(directory, 'local-ca.pem');
  const keyFile = join(directory, 'local-ca.key');
  const certificate = readIfPresent(certificateFile);
  const key = readIfPresent(keyFile);
  if (certificate === undefined && key === undefined) {
    const made = createAuthority(now);
    writeAtomically(keyFile, made.key, 0o600);
    writeAtomically(certificateFile, made.cert, 0o644);
    return localAuthority(made.cert, made.key, certificateFile, true);
  }
  const advice = 'move both away to start anew with an authority that must be trusted again';
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? certificateFile : keyFile;
    throw new Error(`the local authority lacks ${missing}; restore it, or ${advice}`);
  }
  const flaw = findFlaw(certificate, key, now);
  if (flaw !== undefined) throw new Error(`the local authority in ${certificateFile} ${flaw}; ${advice}`);
  return localAuthority(certificate, key, certificateFile, false);
}

/**
 * Whether a certificate (PEM, leaf first) is the work of some local authority, perhaps one that has been replaced
 * since: such files may be written anew, those of any other origin may not.
 */
export function isLocallyIssued(cert: string): boolean {
  try {
    return new RegExp(`^CN=${AUTHORITY_NAME} `, 'm').test(new X509Certificate(cert).issuer);
  } catch {
    return false;
  }
}

/** A self-signed authority in memory. */
export function createAuthority(now: number): IssuedPair {
  const key = generateKey('ec');
  const cert = issueCertificate(
    {
      // The date keeps two authorities apart in a browser's list.
      commonName: `${AUTHORITY_NAME} ${new Date(now).toISOString().slice(0, 10)}`,
      publicKey: createPublicKey(key),
      profile: { kind: 'authority' },
      notBefore: now - BACKDATE_MS,
      notAfter: now + AUTHORITY_DAYS * DAY_MS,
    },
    { certificate: undefined, privateKey: key },
  );
  return { cert, key: keyToPem(key) };
}

function localAuthority(
  cert: string,
  key: string,
  certificateFile: string,
  created: boolean,
): LocalAuthority {
  const issuer: Issuer = { certificate: cert, privateKey: createPrivateKey(key) };
  return {
    certificate: cert,
    certificateFile,
    created,
    issue: (subject, now, wishes = {}) => issueLeaf(subject, wishes, issuer, now),
  };
}

function issueLeaf(
  subject: readonly CertificateHost[] | string,
  { days = LEAF_DAYS, keyType = 'ec' }: LeafWishes,
  issuer: Issuer,
  now: number,
): IssuedPair {
  const key = generateKey(keyType);
  const leaf = issueCertificate(
    {
      commonName: typeof subject === 'string' ? subject : commonName(subject),
      publicKey: createPublicKey(key),
      profile: typeof subject === 'string' ? { kind: 'client' } : { kind: 'server', hosts: subject },
      notBefore: now - BACKDATE_MS,
      notAfter: now + days * DAY_MS,
    },
    issuer,
  );
  return { cert: leaf, key: keyToPem(key) };
}

function commonName([first]: readonly CertificateHost[]): string {
  if (first === undefined) throw new Error('a certificate needs a host');
  return first.name.length <= MAX_COMMON_NAME ? first.name : 'Portico local certificate';
}

function findFlaw(certificate: string, key: string, now: number): string | undefined {
  try {
    const parsed = new X509Certificate(certificate);
    const privateKey = createPrivateKey(key);
    if (!parsed.checkPrivateKey(privateKey)) return 'does not belong to its key';
    if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return 'has a key that is not EC P-256';
    if (!parsed.ca) return 'is not an authority';
    return parsed.validToDate.getTime() < now ? 'has expired' : undefined;
  } catch {
    return 'cannot be read';
  }
}
