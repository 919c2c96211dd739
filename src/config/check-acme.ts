import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { AcmeSettings, CertificateSettings } from '../core/settings.ts';
import type { AcmeEntry, ConfigFile } from './config-file.ts';
import { readHostPattern } from './host-name.ts';
import type { ReadFile } from './include.ts';
import { openPem } from './open-pem.ts';
import { type Complaint, complain, complainAboutKey, complainOfAbsence, type Path } from './problem.ts';
import { isMapping, listOf, memberOf } from './raw.ts';

/** What lies beside the entries that ask for ACME; by position among the certificates. */
export interface AcmeFiles {
  /** Texts of the files that `ca` names. */
  readonly ca: ReadonlyMap<number, string>;
  readonly complaints: readonly Complaint[];
}

/** Opens the files of entries with `acme`, and says what does not go together. */
export function readAcme(data: unknown, directoryOf: (path: Path) => string, readFile: ReadFile): AcmeFiles {
  const complaints: Complaint[] = [];
  const ca = new Map<number, string>();
  listOf(memberOf(data, 'certificates')).forEach((entry, i) => {
    if (!isMapping(entry)) return;
    const path: Path = ['certificates', i];
    const acme = memberOf(entry, 'acme');
    if (acme === undefined) {
      for (const key of ['cert', 'key'] as const) {
        if (!Object.hasOwn(entry, key)) complaints.push(missing([...path, key], key));
      }
      return;
    }
    complaints.push(...checkEntry(entry, path), ...checkChallenge(data, memberOf(acme, 'challenge'), path));
    const file = openPem(
      memberOf(acme, 'ca'),
      [...path, 'acme', 'ca'],
      directoryOf(path),
      readFile,
      complaints,
    );
    if (file === undefined) return;
    if (file.text.includes('-----BEGIN CERTIFICATE-----')) ca.set(i, file.text);
    else complaints.push(complain([...path, 'acme', 'ca'], 'the file holds no PEM certificate'));
  });
  return { ca, complaints };
}

/** Hosts with a certificate of both kinds, or of two entries with `acme`, and a second default. */
export function checkAcmeHosts(data: unknown, served: readonly CertificateSettings[]): Complaint[] {
  const complaints: Complaint[] = [];
  const owners = new Map<string, string>();
  for (const { hosts, certFile } of served) for (const host of hosts) owners.set(host, certFile);
  let hasDefault = served.some(({ isDefault }) => isDefault);
  listOf(memberOf(data, 'certificates')).forEach((entry, i) => {
    if (memberOf(entry, 'acme') === undefined) return;
    for (const [j, value] of listOf(memberOf(entry, 'hosts')).entries()) {
      const host = readHostPattern(value);
      if (typeof host !== 'string') continue;
      const owner = owners.get(host);
      const message = `${host} has two certificates: ${owner}, and this one`;
      if (owner !== undefined) complaints.push(complain(['certificates', i, 'hosts', j], message));
      owners.set(host, `certificates[${i}]`);
    }
    if (memberOf(entry, 'default') !== true) return;
    if (hasDefault)
      complaints.push(complain(['certificates', i, 'default'], 'there is a default certificate already'));
    hasDefault = true;
  });
  return complaints;
}

/** Of entries that have passed every check. */
export function resolveAcme(
  { certificates }: Pick<ConfigFile, 'certificates'>,
  ca: AcmeFiles['ca'],
  directoryOf: (path: Path) => string,
): AcmeSettings[] {
  return certificates.flatMap(({ hosts = [], vips, acme, default: isDefault }, i) => {
    if (acme === undefined) return [];
    const { directory, email, challenge, keyType, renewBefore, storage }: AcmeEntry = acme;
    return {
      hosts,
      vips,
      isDefault,
      directory,
      email,
      challenge,
      ca: ca.get(i),
      storage: resolve(directoryOf(['certificates', i]), storage),
      renewBeforeMs: renewBefore,
      keyType,
    };
  });
}

/** Names that one certificate may have: the bound of Let's Encrypt. */
const MAX_HOSTS = 100;

function checkEntry(entry: object, path: Path): Complaint[] {
  const complaints: Complaint[] = [];
  for (const key of ['cert', 'key']) {
    if (!Object.hasOwn(entry, key)) continue;
    const message = `${JSON.stringify(key)} does not go together with "acme", which makes its own`;
    complaints.push(complainAboutKey([...path, key], message));
  }
  const hosts = listOf(memberOf(entry, 'hosts'));
  if (memberOf(entry, 'hosts') === undefined) complaints.push(missing([...path, 'hosts'], 'hosts'));
  if (hosts.length > MAX_HOSTS) {
    const hint = 'divide them between several entries';
    complaints.push(complain([...path, 'hosts'], `more than ${MAX_HOSTS} hosts in one certificate`, hint));
  }
  hosts.forEach((value, i) => {
    const host = readHostPattern(value);
    if (typeof host !== 'string') return;
    const place = [...path, 'hosts', i];
    if (host.startsWith('*.')) {
      const hint = 'list the names below it, or obtain it elsewhere and name its files as cert and key';
      complaints.push(
        complain(place, 'a wildcard is only to be had by dns-01, which is not available', hint),
      );
    } else if (isIP(host) !== 0)
      complaints.push(complain(place, 'ACME is for names here, not for addresses'));
  });
  return complaints;
}

/** Somebody must be there to answer. Which port of the world leads to a listener cannot be seen from here. */
function checkChallenge(data: unknown, challenge: unknown, path: Path): Complaint[] {
  const wantsTls = challenge === 'tls-alpn-01';
  const all = listOf(memberOf(data, 'listen'));
  if (all.length === 0) return [];
  const listeners = all.filter((listener) => memberOf(listener, 'stream') === undefined);
  if (listeners.some((listener) => (memberOf(listener, 'tls') === true) === wantsTls)) return [];
  const place = [...path, 'acme', ...(challenge === undefined ? [] : ['challenge'])];
  return wantsTls
    ? [complain(place, 'tls-alpn-01 is answered by TLS listeners, and there is none', 'add one for port 443')]
    : [
        complain(
          place,
          'http-01 is answered by plain listeners, and there is none',
          'add one for port 80, or write challenge: tls-alpn-01',
        ),
      ];
}

function missing(path: Path, key: string): Complaint {
  return complainOfAbsence(path, `${JSON.stringify(key)} is missing`);
}
