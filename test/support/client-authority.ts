import { createPrivateKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { bitString, type DerNode, fromDer, integer, oid, sequence, time, toDer } from '../../src/tls/der.ts';
import { issueCertificate } from '../../src/tls/issue-certificate.ts';
import { createAuthority, type IssuedPair } from '../../src/tls/local-authority.ts';
import { encodePem } from '../../src/tls/pem.ts';

const DAY_MS = 86_400_000;

/** An authority that issues certificates of clients, and takes them back. */
export class ClientAuthority {
  /** PEM. */
  readonly cert: string;
  readonly #key: KeyObject;

  constructor(pair: IssuedPair = createAuthority(Date.now())) {
    this.cert = pair.cert;
    this.#key = createPrivateKey(pair.key);
  }

  /** EC P-256, good for 90 days unless told otherwise. */
  issue(
    commonName: string,
    {
      kind = 'client',
      fromDays = -100,
      untilMs = Date.now() + 90 * DAY_MS,
    }: { kind?: 'client' | 'server' | 'authority'; fromDays?: number; untilMs?: number } = {},
  ): IssuedPair {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = issueCertificate(
      {
        commonName,
        publicKey,
        profile: kind === 'server' ? { kind, hosts: [] } : { kind },
        notBefore: Date.now() + fromDays * DAY_MS,
        notAfter: untilMs,
      },
      { certificate: this.cert, privateKey: this.#key },
    );
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
  }

  /** The list of those that it has taken back (RFC 5280, section 5), as PEM; the next one is due in so many days. */
  revoke(pairs: readonly IssuedPair[], nextDays = 7): string {
    const now = Date.now();
    const algorithm = sequence(oid('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256
    const [body] = fromDer(new X509Certificate(this.cert).raw).value as DerNode[];
    const name = (body!.value as DerNode[])[5]!; // the subject
    const revoked = pairs.map(({ cert }) => {
      const serial = Buffer.from(new X509Certificate(cert).serialNumber, 'hex').toString('latin1');
      return sequence(integer(serial), time(now - DAY_MS));
    });
    const list = sequence(
      integer('\x01'), // v2
      algorithm,
      name,
      time(now - 30 * DAY_MS),
      time(now + nextDays * DAY_MS),
      ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
    );
    const signature = sign('sha256', toDer(list), this.#key).toString('latin1');
    return encodePem('X509 CRL', toDer(sequence(list, algorithm, bitString(`\0${signature}`))));
  }
}
