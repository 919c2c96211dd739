import type { CertificateSettings } from '../core/settings.ts';
import type { StapleStatus } from '../core/staple.ts';
import type { CertificateStatus } from '../telemetry/admin-status.ts';
import { daysLeft } from '../tls/certificate-facts.ts';
import { certificateState } from '../tls/certificate-summary.ts';
import { LeafMemory } from '../tls/leaf-memory.ts';

/** What is served, and until when. `staples`: by fingerprint. `now` in milliseconds since the epoch. */
export function certificateStatuses(
  certificates: readonly CertificateSettings[],
  staples: ReadonlyMap<string, StapleStatus>,
  now: number,
  leaves: LeafMemory = new LeafMemory(),
): CertificateStatus[] {
  return certificates.map((settings) => {
    const { summary } = leaves.factsOf(settings.cert);
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
