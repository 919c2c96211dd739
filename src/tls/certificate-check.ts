/**
 * Judges all configured certificates before any is served, so that a mistake is a sentence at start or reload and not
 * a failed handshake later. What needs a verdict on signatures asks OpenSSL through X509Certificate.
 */
import type { CertificateSettings } from '../core/settings.ts';
import { isCovered, parseCertificateHost } from './certificate-host.ts';
import { judgeChain } from './chain-check.ts';
import type { Finding } from './finding.ts';
import type { PairFacts } from './pair-facts.ts';
import { PairMemory } from './pair-memory.ts';

export interface CertificateProblem extends Finding {
  /** Into the list that was checked. */
  readonly index: number;
}

export interface CertificateCheck {
  readonly problems: readonly CertificateProblem[];
  /** Per certificate the hosts it is served for: the configured ones, or else the names it holds. */
  readonly hosts: readonly (readonly string[])[];
}

/**
 * `now` is in milliseconds since the epoch. Never throws, whatever the files hold. Fits what the configuration's loader
 * is handed to look into certificates with. `memory`: what is known from the check before.
 */
export function checkCertificates(
  certificates: readonly CertificateSettings[],
  now: number = Date.now(),
  memory: PairMemory = new PairMemory(),
): CertificateCheck {
  const problems: CertificateProblem[] = [];
  const hosts: (readonly string[])[] = [];
  for (const [index, facts] of memory.examineAll(certificates).entries()) {
    const settings = certificates[index]!;
    const findings = [...facts.findings, ...judgeChain(facts.chain, now)];
    hosts.push(facts.chain.length === 0 ? settings.hosts : checkHosts(settings, facts, findings));
    for (const finding of findings) problems.push({ index, ...finding });
  }
  problems.push(...checkDuplicateHosts(certificates, hosts), ...checkDefaults(certificates));
  return { problems, hosts };
}

/** Adds to `findings`; answers with the hosts of this certificate. */
function checkHosts(
  settings: CertificateSettings,
  { names, hasAlternativeNames }: PairFacts,
  findings: Finding[],
): readonly string[] {
  if (!hasAlternativeNames) {
    findings.push({
      field: 'cert',
      message: 'the certificate has no subjectAltName, only a common name; browsers refuse it',
      severity: 'warning',
    });
  }
  if (settings.hosts.length === 0) {
    if (names.length === 0 && (settings.vips ?? []).length === 0 && !settings.isDefault) {
      findings.push({
        field: 'cert',
        message: 'the certificate names no host, so it would never be chosen',
        hint: 'list its hosts or VIPs, or make it the default',
        severity: 'error',
      });
    }
    return names;
  }
  const known = new Set(names);
  const strangers = settings.hosts.filter(
    (host) => !isCovered(parseCertificateHost(host)?.name ?? host, known),
  );
  if (strangers.length > 0) {
    findings.push({
      field: 'cert',
      message: `the certificate does not cover ${list(strangers)}`,
      hint: names.length === 0 ? 'it names no host' : `it is for ${list(names)}`,
      severity: 'error',
    });
  }
  return settings.hosts;
}

function checkDuplicateHosts(
  certificates: readonly CertificateSettings[],
  hosts: readonly (readonly string[])[],
): CertificateProblem[] {
  const problems: CertificateProblem[] = [];
  const owners = new Map<string, number>();
  for (const [index, names] of hosts.entries()) {
    for (const name of names) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, index);
      else if (owner !== index) {
        problems.push({
          index,
          field: 'cert',
          message: `${name} has two certificates: ${certificates[owner]!.certFile} and ${certificates[index]!.certFile}`,
          hint: 'list hosts on each, so that every host has one',
          severity: 'error',
        });
      }
    }
  }
  return problems;
}

function checkDefaults(certificates: readonly CertificateSettings[]): CertificateProblem[] {
  const first = certificates.findIndex((settings) => settings.isDefault);
  return certificates.flatMap((settings, index): CertificateProblem[] => {
    if (!settings.isDefault || index === first) return [];
    const message = `two default certificates: ${certificates[first]!.certFile} and ${settings.certFile}`;
    return [{ index, field: 'cert', message, severity: 'error' }];
  });
}

/** At most three, because a certificate can hold a hundred names. */
function list(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
