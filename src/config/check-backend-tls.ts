import type { ReadFile } from './include.ts';
import { openPem } from './open-pem.ts';
import { type Complaint, complain, complainAboutKey, type Path } from './problem.ts';
import { entriesOf, isMapping, memberOf } from './raw.ts';

/** Texts of the files that a cluster's `tls` names. */
export interface BackendTlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What looks into those files; handed in, because reading certificates is the business of another room. */
export type InspectBackendTls = (files: BackendTlsFiles) => readonly BackendTlsFinding[];

interface BackendTlsFinding {
  readonly field: keyof BackendTlsFiles;
  readonly message: string;
  readonly hint?: string | undefined;
  /** A warning does not make the configuration bad. */
  readonly severity: 'error' | 'warning';
}

export interface BackendTlsReading {
  /** By the cluster's name. */
  readonly files: ReadonlyMap<string, BackendTlsFiles>;
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly Complaint[];
}

/** Opens the files that clusters name for TLS to their instances, and has them looked into. */
export function readBackendTls(
  data: unknown,
  directoryOf: (path: Path) => string,
  readFile: ReadFile,
  inspect: InspectBackendTls | undefined,
): BackendTlsReading {
  const complaints: Complaint[] = [];
  const warnings: Complaint[] = [];
  const files = new Map<string, BackendTlsFiles>();
  for (const [name, cluster] of entriesOf(memberOf(data, 'clusters'))) {
    const tls = memberOf(cluster, 'tls');
    if (!isMapping(tls)) continue;
    const path: Path = ['clusters', name, 'tls'];
    complaints.push(...checkKeys(cluster, tls, path));
    if (memberOf(tls, 'verify') === false) warnings.push(complain([...path, 'verify'], ...UNVERIFIED));
    const open = (key: keyof BackendTlsFiles): string | undefined =>
      openPem(memberOf(tls, key), [...path, key], directoryOf(['clusters', name]), readFile, complaints)
        ?.text;
    const read: BackendTlsFiles = { ca: open('ca'), cert: open('cert'), key: open('key') };
    files.set(name, read);
    for (const { field, message, hint, severity } of inspect?.(read) ?? []) {
      (severity === 'error' ? complaints : warnings).push(complain([...path, field], message, hint));
    }
  }
  return { files, complaints, warnings };
}

const UNVERIFIED = [
  'the instances are not verified: whoever is in between can read and change everything',
  'give their authority as ca instead',
] as const;

/** What does not go together. */
function checkKeys(cluster: unknown, tls: object, path: Path): Complaint[] {
  const complaints: Complaint[] = [];
  const protocol = memberOf(cluster, 'protocol') ?? 'http';
  if (protocol === 'http' || protocol === 'h2c') {
    const remedy = protocol === 'http' ? 'https' : 'h2';
    complaints.push(complainAboutKey(path, '"tls" needs TLS to the instances', `write protocol: ${remedy}`));
  }
  if (protocol === 'https' && Object.hasOwn(tls, 'allowHttp1')) {
    const message = '"allowHttp1" is for instances that are asked for HTTP/2';
    complaints.push(complainAboutKey([...path, 'allowHttp1'], message, 'https speaks HTTP/1.1 anyway'));
  }
  for (const [one, other] of PAIRS) {
    if (!Object.hasOwn(tls, one) || Object.hasOwn(tls, other)) continue;
    const message = `${JSON.stringify(one)} of a client certificate needs ${JSON.stringify(other)}`;
    complaints.push(complainAboutKey([...path, one], message));
  }
  return complaints;
}

const PAIRS = [
  ['cert', 'key'],
  ['key', 'cert'],
] as const;
