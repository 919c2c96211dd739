import { X509Certificate } from 'node:crypto';
import type { CertificateSettings } from '../core/settings.ts';
import { readIfPresent, writeAtomically } from './atomic-file.ts';
import { checkCertificates } from './certificate-check.ts';
import { type CertificateHost, parseCertificateHost } from './certificate-host.ts';
import { isLocallyIssued, type LocalAuthority, openLocalAuthority } from './local-authority.ts';

/** Where a certificate should be and whom it should be for. */
export type WantedCertificate = Pick<CertificateSettings, 'hosts' | 'certFile' | 'keyFile'>;

export interface DemoCertificates {
  readonly authorityFile: string;
  /** Whether the authority is new, so that nobody can trust it yet. */
  readonly authorityCreated: boolean;
  /** What has been written, of what was wanted. */
  readonly issued: readonly WantedCertificate[];
}

/**
 * Makes the wanted certificates that are missing, from the local authority in `directory`, and issues anew those of
 * that authority which are no longer good for 21 days, or not for their hosts. Files of other origin are never touched:
 * who put certificates of their own there keeps them. Throws when files cannot be written or a host cannot be certified.
 */
export function ensureDemoCertificates(
  directory: string,
  wanted: readonly WantedCertificate[],
  now: number,
): DemoCertificates {
  const authority = openLocalAuthority(directory, now);
  const issued = wanted.filter((entry) => isDue(entry, authority, now));
  for (const entry of issued) {
    const pair = authority.issue(entry.hosts.map(requireHost), now);
    // The certificate first: if only it gets written, the next start sees one of ours and repairs the pair.
    writeAtomically(entry.certFile, pair.cert, 0o644);
    writeAtomically(entry.keyFile, pair.key, 0o600);
  }
  return { authorityFile: authority.certificateFile, authorityCreated: authority.created, issued };
}

function isDue(entry: WantedCertificate, authority: LocalAuthority, now: number): boolean {
  const cert = readIfPresent(entry.certFile);
  const key = readIfPresent(entry.keyFile);
  if (cert === undefined) return key === undefined;
  if (!isLocallyIssued(cert)) return false;
  if (key === undefined || !isIssuedBy(cert, authority)) return true;
  // Warnings count: less than 21 days left is one.
  return checkCertificates([{ ...entry, cert, key, isDefault: false }], now).problems.length > 0;
}

/** A leaf of an authority that has been replaced since is no longer worth anything. */
function isIssuedBy(cert: string, authority: LocalAuthority): boolean {
  const issuer = new X509Certificate(authority.certificate);
  const leaf = new X509Certificate(cert);
  return leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
}

function requireHost(text: string): CertificateHost {
  const host = parseCertificateHost(text);
  if (host === undefined) throw new Error(`no certificate can be for ${JSON.stringify(text)}`);
  return host;
}
