/** Signing requests (PKCS #10, RFC 2986): what an authority wants to see before it issues a certificate. */
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { CertificateHost } from './certificate-host.ts';
import {
  bitString,
  contextTag,
  type DerNode,
  fromDer,
  integer,
  nothing,
  oid,
  sequence,
  set,
  toDer,
} from './der.ts';
import { encodePem } from './pem.ts';
import { distinguishedName, MAX_COMMON_NAME, subjectAltName } from './x509-fields.ts';

/**
 * PEM. All hosts are in its subjectAltName, the first also in its common name if it is short enough for one; at least one. Throws when
 * `key` is not of a type that TLS can use here.
 */
export function makeSigningRequest(hosts: readonly CertificateHost[], key: KeyObject): string {
  const [first] = hosts;
  if (first === undefined) throw new Error('a signing request needs a host');
  const { hash, algorithm } = signatureOf(key);
  const toBeSigned = sequence(
    integer('\0'), // v1
    first.name.length <= MAX_COMMON_NAME ? distinguishedName(first.name) : sequence(),
    fromDer(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    contextTag(0, [sequence(oid(EXTENSION_REQUEST), set(sequence(subjectAltName(hosts))))]),
  );
  const signature = sign(hash, toDer(toBeSigned), key).toString('latin1');
  return encodePem(
    'CERTIFICATE REQUEST',
    toDer(sequence(toBeSigned, algorithm, bitString(`\0${signature}`))),
  );
}

/** The attribute that carries extensions (RFC 2985, section 5.4.2). */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

interface Signature {
  /** As node:crypto names it; Ed25519 has its own. */
  readonly hash: string | null;
  readonly algorithm: DerNode;
}

function signatureOf(key: KeyObject): Signature {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  switch (type === 'ec' ? details?.namedCurve : type) {
    case 'prime256v1':
      return { hash: 'sha256', algorithm: sequence(oid('1.2.840.10045.4.3.2')) };
    case 'secp384r1':
      return { hash: 'sha384', algorithm: sequence(oid('1.2.840.10045.4.3.3')) };
    case 'secp521r1':
      return { hash: 'sha512', algorithm: sequence(oid('1.2.840.10045.4.3.4')) };
    case 'rsa':
      // RFC 4055, section 5: the parameters are NULL, not absent.
      return { hash: 'sha256', algorithm: sequence(oid('1.2.840.113549.1.1.11'), nothing()) };
    case 'ed25519':
      return { hash: null, algorithm: sequence(oid('1.3.101.112')) };
    default:
      throw new Error(`no certificate for TLS can have this key: ${details?.namedCurve ?? type}`);
  }
}
