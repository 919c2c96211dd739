import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCertificateHost } from '../src/tls/certificate-host.ts';
import { issueCertificate } from '../src/tls/issue-certificate.ts';

/** Files of one self-signed P-256 certificate; `both` holds chain and key, as HAProxy wants it. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly both: string;
}

/** Files of many, named after their hosts, with `both` of each in a folder of their own, as HAProxy wants that. */
export interface HostCertificates {
  readonly files: ReadonlyMap<string, CertificateFiles>;
  readonly folderOfBoth: string;
}

/** A week ago to three months ahead: as certificates are, and none that a front end warns of. */
const AGE_MS = 7 * 86_400_000;
const VALID_MS = 90 * 86_400_000;

/** Makes the pair for `host` below `directory`. */
export function makeCertificate(directory: string, host: string): CertificateFiles {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const parsed = parseCertificateHost(host);
  if (parsed === undefined) throw new Error(`no certificate can hold ${host}`);
  const now = Date.now();
  const cert = issueCertificate(
    {
      commonName: host,
      publicKey: pair.publicKey,
      profile: { kind: 'server', hosts: [parsed] },
      notBefore: now - AGE_MS,
      notAfter: now + VALID_MS,
    },
    { certificate: undefined, privateKey: pair.privateKey },
  );
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const files = filesOf(directory, host);
  mkdirSync(join(directory, 'both'), { recursive: true });
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  writeFileSync(files.both, cert + key);
  return files;
}

/** A pair for each host; those that a scenario before has made are taken as they are. Ten thousand take some seconds. */
export function makeHostCertificates(directory: string, hosts: readonly string[]): HostCertificates {
  const files = hosts.map((host): [string, CertificateFiles] => {
    const wanted = filesOf(directory, host);
    return [host, existsSync(wanted.both) ? wanted : makeCertificate(directory, host)];
  });
  return { files: new Map(files), folderOfBoth: join(directory, 'both') };
}

function filesOf(directory: string, host: string): CertificateFiles {
  const file = (kind: string): string => join(directory, `${host}.${kind}`);
  return { cert: file('crt'), key: file('key'), both: join(directory, 'both', `${host}.pem`) };
}
