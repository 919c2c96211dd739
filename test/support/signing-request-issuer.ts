import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type DerNode, fromDer, toDer } from '../../src/tls/der.ts';
import { issueCertificate } from '../../src/tls/issue-certificate.ts';
import { testAuthority } from './certificates.ts';

/** A certificate of the test authority for the key of a signing request (DER), good for 90 days: PEM. */
export function issueForRequest(request: Buffer, hosts: readonly string[], now: number = Date.now()): string {
  const [info] = fromDer(request).value as DerNode[];
  const key = createPublicKey({ key: toDer((info!.value as DerNode[])[2]!), format: 'der', type: 'spki' });
  const { cert, key: authorityKey } = testAuthority();
  return issueCertificate(
    {
      commonName: hosts[0]!,
      publicKey: key,
      profile: { kind: 'server', hosts: hosts.map((name) => ({ kind: 'dns', name })) },
      notBefore: now - 3_600_000,
      notAfter: now + 90 * 86_400_000,
    },
    { certificate: cert, privateKey: createPrivateKey(authorityKey) },
  );
}
