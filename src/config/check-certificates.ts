import { resolve } from 'node:path';
import type { CertificateSettings } from '../core/settings.ts';
import { readHostPattern } from './host-name.ts';
import { type ReadFile, readFault } from './include.ts';
import { Refusal, showValue } from './leaf.ts';
import { type Complaint, complain, type Path } from './problem.ts';
import { listOf, memberOf } from './raw.ts';

/**
 * What looks into certificates. It is handed in, because reading them is the business of another room: whether the
 * key fits, the chain is whole, the dates are good.
 */
export type InspectCertificates = (entries: readonly CertificateSettings[]) => CertificateInspection;

export interface CertificateInspection {
  readonly problems: readonly CertificateFinding[];
  /** For each entry the names in its certificate, lower-case. */
  readonly hosts: readonly (readonly string[])[];
}

export interface CertificateFinding {
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
  const complaints = checkEntries(data);
  const warnings: Complaint[] = [];
  const read: CertificateSettings[] = [];
  const paths: Path[] = [];
  listOf(memberOf(data, 'certificates')).forEach((entry, i) => {
    const path: Path = ['certificates', i];
    const open = (key: 'cert' | 'key') =>
      openPem(memberOf(entry, key), [...path, key], directoryOf(path), readFile, complaints);
    const cert = open('cert');
    const key = open('key');
    if (cert === undefined || key === undefined) return;
    paths.push(path);
    read.push({
      hosts: hostsOf(entry),
      cert: cert.text,
      key: key.text,
      certFile: cert.file,
      keyFile: key.file,
      isDefault: memberOf(entry, 'default') === true,
    });
  });
  const { problems, hosts } = inspect?.(read) ?? { problems: [], hosts: [] };
  for (const { index, field, message, hint, severity } of problems) {
    const complaint = complain([...paths[index]!, field], message, hint);
    (severity === 'error' ? complaints : warnings).push(complaint);
  }
  const certificates = read.map((entry, i) =>
    entry.hosts.length > 0 ? entry : { ...entry, hosts: hosts[i] ?? [] },
  );
  return { certificates, complaints, warnings };
}

/** One default, and every written name on one entry only: else the choice would hang on the order of the file. */
function checkEntries(data: unknown): Complaint[] {
  const complaints: Complaint[] = [];
  const taken = new Map<string, number>();
  let firstDefault: number | undefined;
  listOf(memberOf(data, 'certificates')).forEach((entry, i) => {
    if (memberOf(entry, 'default') === true) {
      if (firstDefault === undefined) firstDefault = i;
      else
        complaints.push(
          complain(['certificates', i, 'default'], `certificate ${firstDefault + 1} is the default already`),
        );
    }
    listOf(memberOf(entry, 'hosts')).forEach((written, position) => {
      const host = readHostPattern(written);
      if (host instanceof Refusal) return;
      const earlier = taken.get(host);
      if (earlier === undefined) taken.set(host, i);
      else {
        const message = `the host ${JSON.stringify(host)} is on certificate ${earlier + 1} already`;
        complaints.push(complain(['certificates', i, 'hosts', position], message));
      }
    });
  });
  return complaints;
}

function openPem(named: unknown, path: Path, directory: string, readFile: ReadFile, complaints: Complaint[]) {
  if (typeof named !== 'string' || named === '') return undefined;
  const file = resolve(directory, named);
  try {
    return { file, text: readFile(file) };
  } catch (error) {
    const hint = 'paths are relative to this file; "portico certs create HOST" makes a certificate';
    complaints.push(complain(path, `cannot read ${showValue(named)}: ${readFault(error)}`, hint));
    return undefined;
  }
}

function hostsOf(entry: unknown): string[] {
  return listOf(memberOf(entry, 'hosts'))
    .map(readHostPattern)
    .filter((host) => typeof host === 'string');
}
