import { join, relative } from 'node:path';
import { ensureDemoCertificates } from '../tls/demo-certificates.ts';
import type { TextOutput } from './explain.ts';

/**
 * Makes the certificates that the configurations of the package name, as far as they are missing or about to end, and says so.
 * Returns the file of the authority that signed them.
 */
export function makeLocalCertificates(directory: string, out: TextOutput): string {
  const wanted = CERTIFICATES.map(({ name, hosts }) => ({
    hosts,
    certFile: join(directory, `${name}.pem`),
    keyFile: join(directory, `${name}.key`),
  }));
  const { authorityFile, issued } = ensureDemoCertificates(directory, wanted, Date.now());
  for (const { certFile, hosts } of issued) out.write(`made ${shown(certFile)} for ${hosts.join(', ')}\n`);
  return authorityFile;
}

/** Those that conf/portico.yaml names. */
const CERTIFICATES = [
  { name: 'shop', hosts: ['shop.example.org', '*.shop.example.org'] },
  { name: 'default', hosts: ['localhost', '127.0.0.1', '::1', 'blog.example.org'] },
];

function shown(file: string): string {
  const shorter = relative('.', file);
  return shorter.startsWith('..') ? file : shorter;
}
