/**
 * Issues certificates for development and tests. node-forge lays out the ASN.1 (X.509 v3, RFC 5280); it has no elliptic
 * curves, so keys and the signature (ECDSA P-256 with SHA-256) are node:crypto's. Nothing is ever verified here.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { CertificateHost } from './certificate-host.ts';
import {
  bitString,
  boolean,
  contextTag,
  contextValue,
  type DerNode,
  fromDer,
  integer,
  octetString,
  oid,
  sequence,
  time,
  toDer,
} from './der.ts';
import { encodePem } from './pem.ts';
import { distinguishedName, extension, subjectAltName } from './x509-fields.ts';

export interface CertificateRequest {
  readonly commonName: string;
  /** Of any type. */
  readonly publicKey: KeyObject;
  readonly profile:
    | { readonly kind: 'authority' }
    | { readonly kind: 'server'; readonly hosts: readonly CertificateHost[] }
    | { readonly kind: 'client' }
    /** What TLS-ALPN-01 shows: one name, and the 32 bytes of SHA-256 that prove it (RFC 8737, section 3). */
    | { readonly kind: 'acme-challenge'; readonly host: CertificateHost; readonly digest: Buffer };
  /** Milliseconds since the epoch; stored with a resolution of seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Issuer {
  /** PEM of the issuing authority; undefined: the new certificate signs itself. */
  readonly certificate: string | undefined;
  /** EC P-256. */
  readonly privateKey: KeyObject;
}

/** The signed certificate as one PEM block. */
export function issueCertificate(request: CertificateRequest, issuer: Issuer): string {
  const subject = distinguishedName(request.commonName);
  const subjectKey = fromDer(request.publicKey.export({ type: 'spki', format: 'der' }));
  const issuerKey = fromDer(createPublicKey(issuer.privateKey).export({ type: 'spki', format: 'der' }));
  const toBeSigned = sequence(
    contextTag(0, [integer('\x02')]), // v3
    integer(randomSerial()),
    signatureAlgorithm(),
    issuer.certificate === undefined ? subject : subjectOf(issuer.certificate),
    sequence(time(request.notBefore), time(request.notAfter)),
    subject,
    subjectKey,
    contextTag(3, [sequence(...extensions(request, keyIdentifier(subjectKey), keyIdentifier(issuerKey)))]),
  );
  const signature = sign('sha256', toDer(toBeSigned), issuer.privateKey).toString('latin1');
  const certificate = sequence(toBeSigned, signatureAlgorithm(), bitString(`\0${signature}`));
  return encodePem('CERTIFICATE', toDer(certificate));
}

const OID = Object.freeze({
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
});

/** KeyUsage bits with the count of unused ones before them (RFC 5280, section 4.2.1.3). */
const USAGE_LEAF = '\x07\x80'; // digitalSignature
const USAGE_AUTHORITY = '\x01\x06'; // keyCertSign, cRLSign

function extensions(request: CertificateRequest, subjectKeyId: string, authorityKeyId: string): DerNode[] {
  const identifiers = [
    extension(OID.subjectKeyIdentifier, false, octetString(subjectKeyId)),
    extension(OID.authorityKeyIdentifier, false, sequence(contextValue(0, authorityKeyId))),
  ];
  const { profile } = request;
  if (profile.kind === 'authority') {
    return [
      extension(OID.basicConstraints, true, sequence(boolean(true))),
      extension(OID.keyUsage, true, bitString(USAGE_AUTHORITY)),
      ...identifiers,
    ];
  }
  if (profile.kind === 'acme-challenge') {
    const digest = octetString(profile.digest.toString('latin1'));
    return [subjectAltName([profile.host]), extension(OID.acmeIdentifier, true, digest)];
  }
  return [
    extension(OID.basicConstraints, true, sequence()),
    extension(OID.keyUsage, true, bitString(USAGE_LEAF)),
    ...(profile.kind === 'client'
      ? [extension(OID.extKeyUsage, false, sequence(oid(OID.clientAuth)))]
      : [extension(OID.extKeyUsage, false, sequence(oid(OID.serverAuth))), subjectAltName(profile.hosts)]),
    ...identifiers,
  ];
}

/** 128 bits, positive, with a first byte that is neither zero nor has the sign bit: always 16 bytes long. */
function randomSerial(): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial.toString('latin1');
}

/** Method 1 of RFC 5280, section 4.2.1.2: SHA-1 over the key bits without the count of unused bits. */
function keyIdentifier(subjectPublicKeyInfo: DerNode): string {
  const bits = (subjectPublicKeyInfo.value as DerNode[])[1]!.value as string;
  return createHash('sha1').update(bits.slice(1), 'latin1').digest().toString('latin1');
}

/** The subject's own bytes, because names are compared as they were encoded. */
function subjectOf(certificate: string): DerNode {
  const [toBeSigned] = fromDer(new X509Certificate(certificate).raw).value as DerNode[];
  return (toBeSigned!.value as DerNode[])[5]!;
}

function signatureAlgorithm(): DerNode {
  return sequence(oid(OID.ecdsaWithSha256));
}
