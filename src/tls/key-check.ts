import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import type { Finding } from './finding.ts';

/** Judges a private key against the certificates of its file, leaf first (possibly none could be read). */
export function checkKey(pem: string, chain: readonly X509Certificate[]): Finding[] {
  const key = readKey(pem);
  if ('message' in key) return [key];
  const [leaf] = chain;
  if (leaf === undefined || leaf.checkPrivateKey(key)) return [];
  if (chain.some((certificate) => certificate.checkPrivateKey(key))) {
    return [
      {
        field: 'cert',
        message: 'the key belongs to a certificate that is not the first of the file',
        hint: 'put the leaf first, then its chain',
        severity: 'error',
      },
    ];
  }
  return [{ field: 'key', message: 'the key does not belong to the certificate', severity: 'error' }];
}

function readKey(pem: string): KeyObject | Finding {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    return {
      field: 'key',
      message: 'the key is encrypted',
      hint: 'a server starts unattended: decrypt it (openssl pkey -in KEY -out NEW) and protect the file instead',
      severity: 'error',
    };
  }
  if (!pem.includes('PRIVATE KEY-----')) {
    return { field: 'key', message: 'the file holds no private key in PEM', severity: 'error' };
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause could quote the input, and keys do not belong into logs.
    return { field: 'key', message: 'the key cannot be read', severity: 'error' };
  }
}
