import { checkProtocols } from './check-protocols.ts';
import type { ReadFile } from './include.ts';
import { openPem } from './open-pem.ts';
import { type Complaint, complain, type Path } from './problem.ts';
import { entriesOf, isMapping, listOf, memberOf } from './raw.ts';
import { GRADES, PROFILES } from './tls-profile-names.ts';

/** Texts of the files that a tenant's `clientAuth` names. */
export interface ClientAuthFiles {
  readonly ca: string;
  readonly crls: readonly string[];
}

/** What a tenant's `tls` holds that another room can judge. */
export interface InspectedTenantTls {
  readonly ca: string | undefined;
  /** By position in the list; undefined: it could not be read. */
  readonly crls: readonly (string | undefined)[];
  readonly curves: readonly string[];
}

/** What looks into it; handed in, because reading certificates is the business of that room. */
export type InspectTenantTls = (tls: InspectedTenantTls) => readonly TenantTlsFinding[];

interface TenantTlsFinding {
  readonly field: 'ca' | 'crl' | 'curves';
  /** Position in the list that `field` is. */
  readonly index?: number | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
  /** A warning does not make the configuration bad. */
  readonly severity: 'error' | 'warning';
}

export interface TenantTlsReading {
  /** By the tenant's name. */
  readonly files: ReadonlyMap<string, ClientAuthFiles>;
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly Complaint[];
}

/** Opens the files that tenants name for certificates of clients, has them looked into, and says what does not go together. */
export function readTenantTls(
  data: unknown,
  directoryOf: (path: Path) => string,
  readFile: ReadFile,
  inspect: InspectTenantTls | undefined,
): TenantTlsReading {
  const complaints: Complaint[] = [];
  const warnings: Complaint[] = [];
  const files = new Map<string, ClientAuthFiles>();
  for (const [name, tenant] of entriesOf(memberOf(data, 'tenants'))) {
    const tls = memberOf(tenant, 'tls');
    if (!isMapping(tls)) continue;
    const path: Path = ['tenants', name, 'tls'];
    complaints.push(...checkProtocols(memberOf(tls, 'protocols'), [...path, 'protocols']));
    complaints.push(...checkVersions(tls, path));
    warnings.push(...warnOfGrade(tls, path));

    const auth = memberOf(tls, 'clientAuth');
    const authPath: Path = [...path, 'clientAuth'];
    const directory = directoryOf(['tenants', name]);
    const open = (named: unknown, at: Path) => openPem(named, at, directory, readFile, complaints)?.text;
    const ca = open(memberOf(auth, 'ca'), [...authPath, 'ca']);
    const crl = memberOf(auth, 'crl');
    const crlPath = (i: number): Path => [...authPath, 'crl', ...(Array.isArray(crl) ? [i] : [])];
    const crls = (Array.isArray(crl) ? crl : [crl])
      .filter((file) => file !== undefined)
      .map((file, i) => open(file, crlPath(i)));
    const curves = listOf(memberOf(tls, 'curves')).filter((curve) => typeof curve === 'string');
    for (const { field, index = 0, message, hint, severity } of inspect?.({ ca, crls, curves }) ?? []) {
      const at =
        field === 'ca' ? [...authPath, 'ca'] : field === 'crl' ? crlPath(index) : [...path, 'curves', index];
      (severity === 'error' ? complaints : warnings).push(complain(at, message, hint));
    }
    if (ca !== undefined) files.set(name, { ca, crls: crls.filter((text) => text !== undefined) });
  }
  return { files, complaints, warnings };
}

function checkVersions(tls: object, path: Path): Complaint[] {
  const profile = profileOf(tls);
  if (profile === undefined) return [];
  const complaints: Complaint[] = [];
  const oldest = PROFILES[profile];
  const min = versionOf(tls, 'minVersion') ?? oldest;
  const max = versionOf(tls, 'maxVersion') ?? '1.3';
  for (const [key, version] of [
    ['minVersion', min],
    ['maxVersion', max],
  ] as const) {
    if (version >= oldest || versionOf(tls, key) === undefined) continue;
    const isForbidden = version < '1.2';
    complaints.push(
      complain(
        [...path, key],
        `TLS ${version} is not offered${isForbidden ? ': RFC 8996 forbids it' : ` by the profile ${profile}`}`,
        `write ${JSON.stringify(oldest)}, or profile: ${isForbidden ? 'old' : 'intermediate'}`,
      ),
    );
  }
  if (complaints.length === 0 && max < min) {
    const message = 'maxVersion is below minVersion: no client could connect';
    complaints.push(complain([...path, 'maxVersion'], message));
  }
  return complaints;
}

/** Undefined for what is no profile, which the schema complains of. */
function profileOf(tls: object): keyof typeof PROFILES | undefined {
  const word = memberOf(tls, 'profile') ?? 'intermediate';
  if (typeof word !== 'string') return undefined;
  if (Object.hasOwn(GRADES, word)) return GRADES[word as keyof typeof GRADES];
  return Object.hasOwn(PROFILES, word) ? (word as keyof typeof PROFILES) : undefined;
}

/** As text, for texts of versions sort as the versions do. Undefined for what is none, which the schema complains of. */
function versionOf(tls: object, key: 'minVersion' | 'maxVersion'): string | undefined {
  const value = memberOf(tls, key);
  const version = value === 1 ? '1.0' : String(value);
  return /^1\.[0-3]$/.test(version) ? version : undefined;
}

function warnOfGrade(tls: object, path: Path): Complaint[] {
  const word = memberOf(tls, 'profile');
  if (typeof word !== 'string' || !Object.hasOwn(GRADES, word)) return [];
  const profile = GRADES[word as keyof typeof GRADES];
  const message = `grade ${word} of BFE is taken as the profile ${profile}: TLS ${PROFILES[profile]} and newer`;
  return [complain([...path, 'profile'], message, `write profile: ${profile}`)];
}
