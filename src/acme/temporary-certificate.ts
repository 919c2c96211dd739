import { generateKeyPairSync } from 'node:crypto';
import { issueCertificate } from '../tls/issue-certificate.ts';
import type { IssuedPair } from '../tls/local-authority.ts';

/**
 * What is served until the CA has issued: self-signed, so that clients see a certificate which they do not trust rather than a
 * server that is not there. It never leaves the memory of the process.
 */
export function temporaryCertificate(hosts: readonly string[], now: number): IssuedPair {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = issueCertificate(
    {
      commonName: TEMPORARY_NAME,
      publicKey: pair.publicKey,
      profile: { kind: 'server', hosts: hosts.map((name) => ({ kind: 'dns', name })) },
      notBefore: now - HOUR_MS,
      notAfter: now + LIFE_MS,
    },
    { certificate: undefined, privateKey: pair.privateKey },
  );
  return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

/** By this it is known in lists. */
export const TEMPORARY_NAME = 'Portico temporary certificate';

const HOUR_MS = 3_600_000;
/** Nobody trusts it anyway; an end in sight would only make noise beside the failure that it stands for. */
const LIFE_MS = 90 * 24 * HOUR_MS;
