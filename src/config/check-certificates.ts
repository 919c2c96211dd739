import type { CertificateSettings, OcspSettings } from '../core/settings.ts';
import { readHostPattern } from './host-name.ts';
import type { ReadFile } from './include.ts';
import { readIpAddress } from './ip-address.ts';
import { openPem } from './open-pem.ts';
import { type Complaint, complain, type Path } from './problem.ts';
import { listOf, memberOf } from './raw.ts';

/**
 * What looks into certificates: whether the key fits, the chain is whole, the dates are good, no host has two. It is
 * handed in, because reading certificates is the business of another room.
 */
export type InspectCertificates = (entries: readonly CertificateSettings[]) => CertificateInspection;

interface CertificateInspection {
  readonly problems: readonly CertificateFinding[];
  /** For each entry the names it is served for: the configured ones, or else those in the certificate. */
  readonly hosts: readonly (readonly string[])[];
}

interface CertificateFinding {
  /** Position among the entries. */
  readonly index: number;
  readonly field: 'cert' | 'key';
  readonly message: string;
  readonly hint?: string | undefined;
  /** A warning does not make the configuration bad. */
  readonly severity: 'error' | 'warning';
}

export interface CertificateReading {
  /** In order of the file; an entry that could not be read is left out. */
  readonly certificates: readonly CertificateSettings[];
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly Complaint[];
}

/** Opens the files that the certificate entries name, and has them looked into. */
export function readCertificates(
  data: unknown,
  directoryOf: (path: Path) => string,
  readFile: ReadFile,
  inspect: InspectCertificates | undefined,
): CertificateReading {
  const complaints: Complaint[] = [];
  const warnings: Complaint[] = [];
  const read: CertificateSettings[] = [];
  const paths: Path[] = [];
  listOf(memberOf(data, 'certificates')).forEach((entry, i) => {
    if (memberOf(entry, 'acme') !== undefined) return;
    const path: Path = ['certificates', i];
    const open = (key: 'cert' | 'key' | 'ocsp') =>
      openPem(memberOf(entry, key), [...path, key], directoryOf(path), readFile, complaints);
    const ocsp = readOcsp(memberOf(entry, 'ocsp'), () => open('ocsp'));
    const cert = open('cert');
    const key = open('key');
    if (cert === undefined || key === undefined) return;
    paths.push(path);
    read.push({
      hosts: hostsOf(entry),
      vips: vipsOf(entry),
      cert: cert.text,
      key: key.text,
      certFile: cert.file,
      keyFile: key.file,
      isDefault: memberOf(entry, 'default') === true,
      ...(ocsp === undefined ? {} : { ocsp }),
    });
  });
  const { problems, hosts } = inspect?.(read) ?? NOTHING_FOUND;
  for (const { index, field, message, hint, severity } of problems) {
    const complaint = complain([...paths[index]!, field], message, hint);
    (severity === 'error' ? complaints : warnings).push(complaint);
  }
  const certificates = read.map((entry, i) =>
    entry.hosts.length > 0 ? entry : { ...entry, hosts: hosts[i] ?? [] },
  );
  return { certificates, complaints, warnings };
}

const NOTHING_FOUND: CertificateInspection = { problems: [], hosts: [] };

/** `auto` is what goes without saying. */
function readOcsp(
  named: unknown,
  open: () => { readonly file: string; readonly text: string } | undefined,
): OcspSettings | undefined {
  if (named === undefined || named === 'auto') return undefined;
  if (named === 'off') return { kind: 'off' };
  const opened = open();
  if (opened === undefined) return undefined;
  return {
    kind: 'file',
    file: opened.file,
    response: Buffer.from(opened.text, 'latin1').toString('base64'),
  };
}

function hostsOf(entry: unknown): string[] {
  return listOf(memberOf(entry, 'hosts'))
    .map(readHostPattern)
    .filter((host) => typeof host === 'string');
}

function vipsOf(entry: unknown): string[] {
  return listOf(memberOf(entry, 'vips'))
    .map(readIpAddress)
    .filter((vip) => typeof vip === 'string');
}
