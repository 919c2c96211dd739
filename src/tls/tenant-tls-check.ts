import type { X509Certificate } from 'node:crypto';
import { readCrl, subjectBytes } from './certificate-crl.ts';
import { shortName } from './certificate-facts.ts';
import type { Finding } from './finding.ts';
import { splitPem } from './pem.ts';
import { readChain } from './read-chain.ts';
import { isKnownGroup } from './tls-profile.ts';

interface TenantTlsProblem extends Omit<Finding, 'field'> {
  readonly field: 'ca' | 'crl' | 'curves';
  /** Position in the list that `field` is. */
  readonly index?: number;
}

interface TenantTlsParts {
  /** PEM; undefined: clients are not asked, or the file could not be read. */
  readonly ca: string | undefined;
  /** PEM, of each file; undefined: it could not be read. */
  readonly crls: readonly (string | undefined)[];
  readonly curves: readonly string[];
}

/**
 * What is wrong with what a tenant's TLS names. Never throws, whatever the files hold. Fits what the configuration's loader is handed to look into them with.
 */
export function checkTenantTls(
  { ca, crls, curves }: TenantTlsParts,
  now: number = Date.now(),
): readonly TenantTlsProblem[] {
  const findings = curves.flatMap((curve, index): TenantTlsProblem[] => {
    if (isKnownGroup(curve)) return [];
    return [{ field: 'curves', index, message: `${curve} is not known to this OpenSSL`, severity: 'error' }];
  });
  if (ca === undefined) return findings;
  const authorities = readChain(ca, new Map());
  if (!Array.isArray(authorities)) findings.push({ field: 'ca', ...authorities });
  else findings.push(...checkAuthorities(authorities, now), ...checkCrls(crls, authorities, now));
  return findings;
}

function checkAuthorities(authorities: readonly X509Certificate[], now: number): TenantTlsProblem[] {
  return authorities.flatMap((authority): TenantTlsProblem[] => {
    const name = shortName(authority.subject);
    if (!authority.ca) {
      const hint = 'list who issued the certificates of clients, not the clients';
      return [
        {
          field: 'ca',
          message: `${name} is not an authority: it can issue nothing`,
          hint,
          severity: 'error',
        },
      ];
    }
    if (!authorities.some((issuer) => authority.checkIssued(issuer))) {
      const message = `the authority ${name} was issued by one that the file does not have: no client could be verified`;
      const hint = `add ${shortName(authority.issuer)}, up to the root`;
      return [{ field: 'ca', message, hint, severity: 'error' }];
    }
    if (authority.validToDate.getTime() < now) {
      const message = `the authority ${name} has expired: clients that it has issued are refused`;
      return [{ field: 'ca', message, severity: 'warning' }];
    }
    return [];
  });
}

function checkCrls(
  files: readonly (string | undefined)[],
  authorities: readonly X509Certificate[],
  now: number,
): TenantTlsProblem[] {
  const findings: TenantTlsProblem[] = [];
  const uncovered = new Map(
    authorities.map((authority) => [subjectBytes(authority).toString('latin1'), authority]),
  );
  const names = new Set(uncovered.keys());
  for (const [index, text] of files.entries()) {
    if (text === undefined) continue;
    const lists = splitPem(text, 'X509 CRL');
    const say = (message: string, severity: Finding['severity'], hint?: string): void =>
      void findings.push({ field: 'crl', index, message, severity, ...(hint === undefined ? {} : { hint }) });
    if (lists.length === 0) say('the file holds no list of revoked certificates (X509 CRL) in PEM', 'error');
    for (const [i, pem] of lists.entries()) {
      const list = readCrl(pem);
      if (list === undefined) {
        say(`list ${i + 1} of the file cannot be read`, 'error');
        continue;
      }
      const issuer = list.issuer.toString('latin1');
      uncovered.delete(issuer);
      if (!names.has(issuer)) {
        say(
          `list ${i + 1} of the file is of no authority in ca`,
          'error',
          'add that authority, or leave the list out',
        );
      } else if (list.nextUpdate !== undefined && list.nextUpdate < now) {
        const day = new Date(list.nextUpdate).toISOString().slice(0, 10);
        say(
          `list ${i + 1} of the file was to be replaced by ${day}: until it is, every client is refused`,
          'warning',
          'get the new one from the authority',
        );
      }
    }
  }
  if (files.length === 0 || findings.length > 0) return findings;
  for (const authority of uncovered.values()) {
    const message = `there is no list of ${shortName(authority.subject)}: every client of it would be refused`;
    findings.push({
      field: 'crl',
      index: 0,
      message,
      hint: 'one for each authority in ca',
      severity: 'error',
    });
  }
  return findings;
}
