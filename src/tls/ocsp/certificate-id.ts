import { createHash, type X509Certificate } from 'node:crypto';
import { type DerNode, fromDer, integer, nothing, octetString, oid, sequence, toDer } from '../der.ts';

/** The hashes that a CertID may be made with: SHA-1, which every responder knows and nothing depends on here, and SHA-256. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
]);

export const SHA1 = '1.3.14.3.2.26';

/** How OCSP names a certificate (RFC 6960, section 4.1.1): by hashes of its issuer, and its serial number. */
export interface CertificateId {
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
  /** Hexadecimal, upper-case, without leading zeros. */
  readonly serial: string;
}

/** `hash`: an OID; undefined for one that is not known. */
export function certificateId(
  leaf: X509Certificate,
  issuer: X509Certificate,
  hash: string,
): CertificateId | undefined {
  const algorithm = HASHES.get(hash);
  if (algorithm === undefined) return undefined;
  const digest = (octets: Buffer): Buffer => createHash(algorithm).update(octets).digest();
  return {
    issuerNameHash: digest(toDer(subjectOf(issuer))),
    issuerKeyHash: digest(publicKeyBits(issuer)),
    serial: plainSerial(leaf.serialNumber),
  };
}

/** As it stands in a request. */
export function encodeCertificateId({ issuerNameHash, issuerKeyHash, serial }: CertificateId): DerNode {
  const octets = Buffer.from(serial.length % 2 === 0 ? serial : `0${serial}`, 'hex');
  // A number is negative in DER when its first bit is set.
  const positive = octets[0]! > 0x7f ? Buffer.concat([Buffer.from([0]), octets]) : octets;
  return sequence(
    sequence(oid(SHA1), nothing()),
    octetString(issuerNameHash.toString('latin1')),
    octetString(issuerKeyHash.toString('latin1')),
    integer(positive.toString('latin1')),
  );
}

export function plainSerial(hex: string): string {
  return hex.toUpperCase().replace(/^0+(?=.)/, '');
}

/** Behind version, serial number, algorithm, issuer and validity; a certificate of version 1 has no version. */
function subjectOf(certificate: X509Certificate): DerNode {
  const fields = children(children(fromDer(certificate.raw))[0]!);
  const hasVersion = (fields[0]!.tagClass as number) === CONTEXT_SPECIFIC;
  return fields[hasVersion ? 5 : 4]!;
}

const CONTEXT_SPECIFIC = 0x80;

/** The BIT STRING of SubjectPublicKeyInfo, without the count of its unused bits. */
function publicKeyBits(certificate: X509Certificate): Buffer {
  const info = fromDer(certificate.publicKey.export({ type: 'spki', format: 'der' }));
  return Buffer.from(children(info)[1]!.value as string, 'latin1').subarray(1);
}

/** Of certificates that OpenSSL has read already. */
function children(node: DerNode): DerNode[] {
  return node.value as DerNode[];
}
