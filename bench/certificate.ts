import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './children.ts';

/** Files of one self-signed P-256 certificate for `localhost`; `both` holds chain and key, as HAProxy wants it. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly both: string;
}

/** Makes the one pair that every peer uses. */
export async function makeCertificate(directory: string): Promise<CertificateFiles> {
  const cert = join(directory, 'bench.crt');
  const key = join(directory, 'bench.key');
  const both = join(directory, 'bench.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const args = ['req', '-x509', '-days', '7', ...kind, ...subject, '-keyout', key, '-out', cert];
  await run({ file: 'openssl', args }, undefined, 10_000);
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  return { cert, key, both };
}
