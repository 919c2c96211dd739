import { createPublicKey } from 'node:crypto';
import { issueCertificate } from '../tls/issue-certificate.ts';
import type { IssuedPair } from '../tls/local-authority.ts';
import { generateKey, keyToPem } from '../tls/private-key.ts';

/**
 * What is served until the CA has issued: self-signed, so that clients see a certificate which they do not trust rather than a
 * server that is not there. It never leaves the memory of the process.
 */
export function temporaryCertificate(hosts: readonly string[], now: number): IssuedPair {
  const privateKey = generateKey('ec');
  const cert = issueCertificate(
    {
      // By this it is known in lists.
      commonName: 'Portico temporary certificate',
      publicKey: createPublicKey(privateKey),
      profile: { kind: 'server', hosts: hosts.map((name) => ({ kind: 'dns', name })) },
      notBefore: now - HOUR_MS,
      notAfter: now + LIFE_MS,
    },
    { certificate: undefined, privateKey },
  );
  return { cert, key: keyToPem(privateKey) };
}

const HOUR_MS = 3_600_000;
/** Nobody trusts it anyway; an end in sight would only make noise beside the failure that it stands for. */
const LIFE_MS = 90 * 24 * HOUR_MS;
