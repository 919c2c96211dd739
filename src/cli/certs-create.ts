import { join } from 'node:path';
import { readIfPresent, writeAtomically } from '../tls/atomic-file.ts';
import { type CertificateHost, parseCertificateHost } from '../tls/certificate-host.ts';
import {
  isLocallyIssued,
  LEAF_DAYS,
  type LocalAuthority,
  openLocalAuthority,
} from '../tls/local-authority.ts';
import type { TextOutput } from './explain.ts';

export interface CreateRequest {
  readonly hosts: readonly string[];
  readonly directory: string;
  /** Of the files, without suffix; undefined: after the first host. */
  readonly name: string | undefined;
}

/**
 * `certs create`: one certificate for all hosts, from the local authority of the directory, which is made when there is
 * none. Replaces only what a local authority has issued. `now` is in milliseconds since the epoch.
 */
export function createCertificate(
  request: CreateRequest,
  out: TextOutput,
  err: TextOutput,
  now: number,
): number {
  const hosts = readHosts(request.hosts);
  if (typeof hosts === 'string') return fail(err, hosts, 2);
  const name = request.name ?? fileName(hosts[0]!);
  if (!FILE_NAME.test(name) || name === 'local-ca') {
    return fail(
      err,
      `${JSON.stringify(name)} cannot be the name of the files; choose another with --name`,
      2,
    );
  }
  const certFile = join(request.directory, `${name}.pem`);
  const keyFile = join(request.directory, `${name}.key`);
  try {
    const stranger = findStranger(certFile, keyFile);
    if (stranger !== undefined) {
      return fail(
        err,
        `${stranger} is not from a local CA and stays as it is; choose other files with --name`,
        1,
      );
    }
    const authority = openLocalAuthority(request.directory, now);
    const pair = authority.issue(hosts, now);
    writeAtomically(certFile, pair.cert, 0o644);
    writeAtomically(keyFile, pair.key, 0o600);
    out.write(report(authority, hosts, certFile, keyFile));
    return 0;
  } catch (error) {
    return fail(err, (error as Error).message, 1);
  }
}

const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** All hosts, each once, or a sentence with a hint about the first that cannot be certified. */
function readHosts(texts: readonly string[]): CertificateHost[] | string {
  if (texts.length === 0) return 'certs create needs at least one host';
  const hosts = new Map<string, CertificateHost>();
  for (const text of texts) {
    const host = parseCertificateHost(text);
    if (host === undefined) return `no certificate can be for ${JSON.stringify(text)}: ${hintFor(text)}`;
    hosts.set(host.name, host);
  }
  return [...hosts.values()];
}

function hintFor(text: string): string {
  if (text.includes('://')) return 'give the host alone, without scheme and path';
  if (/^[^:]+:\d+$/.test(text) || text.startsWith('['))
    return 'give the host alone, without port and brackets';
  if (/[^\x20-\x7e]/.test(text)) return 'write international names in their ASCII form (xn--…)';
  if (text.includes('*'))
    return 'a wildcard is one whole first label over at least two more, as in *.example.org';
  return 'it is neither a DNS name nor an IP address';
}

function fileName(host: CertificateHost): string {
  return host.name.replace('*', '_wildcard').replaceAll(':', '_');
}

/** The file that must not be replaced. A key without certificate is not known to be ours either. */
function findStranger(certFile: string, keyFile: string): string | undefined {
  const cert = readIfPresent(certFile);
  if (cert !== undefined) return isLocallyIssued(cert) ? undefined : certFile;
  return readIfPresent(keyFile) === undefined ? undefined : keyFile;
}

function report(
  authority: LocalAuthority,
  hosts: readonly CertificateHost[],
  certFile: string,
  keyFile: string,
): string {
  const lines = [
    `issued for ${hosts.map((host) => host.name).join(', ')}, good for ${LEAF_DAYS} days:`,
    `  cert: ${certFile}`,
    `  key: ${keyFile}`,
  ];
  if (authority.created) lines.push('', ...howToTrust(authority.certificateFile));
  return `${lines.join('\n')}\n`;
}

function howToTrust(file: string): string[] {
  return [
    `A local CA was made for it, ${file}, which nothing trusts yet. To trust it`,
    `  in curl:     curl --cacert ${file} https://…`,
    `  in Node:     NODE_EXTRA_CA_CERTS=${file} node …`,
    `  in browsers: import ${file} as an authority; docs/certificates.md has the steps`,
    'Keep its key to yourself: who has it can be any site to whoever trusts the CA.',
  ];
}

function fail(err: TextOutput, sentence: string, code: number): number {
  err.write(`${sentence}\n`);
  return code;
}
