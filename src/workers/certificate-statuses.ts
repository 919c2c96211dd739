import type { CertificateSettings } from '../core/settings.ts';
import type { StapleStatus } from '../core/staple.ts';
import type { CertificateStatus } from '../telemetry/admin-status.ts';
import { daysLeft } from '../tls/certificate-facts.ts';
import {
  type CertificateSummary,
  certificateState,
  summarizeCertificate,
} from '../tls/certificate-summary.ts';

/**
 * What is served, and until when. `staples`: by fingerprint. `now` in milliseconds since the epoch. A certificate is parsed once: ten thousand of them would
 * take half a second at every scrape.
 */
export function certificateStatuses(
  certificates: readonly CertificateSettings[],
  staples: ReadonlyMap<string, StapleStatus>,
  now: number,
): CertificateStatus[] {
  const before = summaries;
  summaries = new Map();
  return certificates.map((settings) => {
    const { cert } = settings;
    const summary = before.get(cert) ?? summarizeCertificate(cert);
    summaries.set(cert, summary);
    return {
      ...summary,
      hosts: settings.hosts,
      file: settings.certFile,
      daysLeft: summary.notAfter === '' ? 0 : daysLeft({ validToDate: new Date(summary.notAfter) }, now),
      state: certificateState(summary, now),
      ocsp: staples.get(summary.fingerprint) ?? WAITING,
    };
  });
}

const WAITING: StapleStatus = { state: 'waiting' };

/** By text, of the certificates of the last call. */
let summaries = new Map<string, CertificateSummary>();
