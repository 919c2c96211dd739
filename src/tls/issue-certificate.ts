/**
 * Issues certificates for development and tests. node-forge lays out the ASN.1 (X.509 v3, RFC 5280); it has no elliptic
 * curves, so keys and the signature (ECDSA P-256 with SHA-256) are node:crypto's. Nothing is ever verified here.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import type { CertificateHost } from './certificate-host.ts';
import { encodePem } from './pem.ts';

export interface CertificateRequest {
  readonly commonName: string;
  /** Of any type. */
  readonly publicKey: KeyObject;
  readonly profile:
    | { readonly kind: 'authority' }
    | { readonly kind: 'server'; readonly hosts: readonly CertificateHost[] };
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

type Node = forge.asn1.Asn1;

const { asn1 } = forge;
const { Class, Type } = asn1;

const OID = Object.freeze({
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
});

/** KeyUsage bits with the count of unused ones before them (RFC 5280, section 4.2.1.3). */
const USAGE_SERVER = '\x07\x80'; // digitalSignature
const USAGE_AUTHORITY = '\x01\x06'; // keyCertSign, cRLSign

function extensions(request: CertificateRequest, subjectKeyId: string, authorityKeyId: string): Node[] {
  const identifiers = [
    extension(OID.subjectKeyIdentifier, false, octetString(subjectKeyId)),
    extension(OID.authorityKeyIdentifier, false, sequence(contextValue(0, authorityKeyId))),
  ];
  if (request.profile.kind === 'authority') {
    return [
      extension(OID.basicConstraints, true, sequence(primitive(Type.BOOLEAN, '\xff'))),
      extension(OID.keyUsage, true, bitString(USAGE_AUTHORITY)),
      ...identifiers,
    ];
  }
  return [
    extension(OID.basicConstraints, true, sequence()),
    extension(OID.keyUsage, true, bitString(USAGE_SERVER)),
    extension(OID.extKeyUsage, false, sequence(oid(OID.serverAuth))),
    extension(OID.subjectAltName, false, sequence(...request.profile.hosts.map(generalName))),
    ...identifiers,
  ];
}

/** GeneralName: dNSName [2], iPAddress [7] (RFC 5280, section 4.2.1.6). */
function generalName(host: CertificateHost): Node {
  return host.kind === 'ip' ? contextValue(7, addressBytes(host.name)) : contextValue(2, host.name);
}

/** 4 or 16 bytes of an address in canonical form, in which IPv6 is at most eight hexadecimal groups with one `::`. */
function addressBytes(address: string): string {
  if (!address.includes(':')) return String.fromCharCode(...address.split('.').map(Number));
  const [head = [], tail = []] = address.split('::').map((side) => (side === '' ? [] : side.split(':')));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  return String.fromCharCode(...groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function extension(id: string, critical: boolean, content: Node): Node {
  const flag = critical ? [primitive(Type.BOOLEAN, '\xff')] : [];
  return sequence(oid(id), ...flag, octetString(toDer(content).toString('latin1')));
}

/** 128 bits, positive, with a first byte that is neither zero nor has the sign bit: always 16 bytes long. */
function randomSerial(): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial.toString('latin1');
}

/** Method 1 of RFC 5280, section 4.2.1.2: SHA-1 over the key bits without the count of unused bits. */
function keyIdentifier(subjectPublicKeyInfo: Node): string {
  const bits = (subjectPublicKeyInfo.value as Node[])[1]!.value as string;
  return createHash('sha1').update(bits.slice(1), 'latin1').digest().toString('latin1');
}

/** The subject's own bytes, because names are compared as they were encoded. */
function subjectOf(certificate: string): Node {
  const [toBeSigned] = fromDer(new X509Certificate(certificate).raw).value as Node[];
  return (toBeSigned!.value as Node[])[5]!;
}

function distinguishedName(commonName: string): Node {
  const value = primitive(Type.UTF8, forge.util.encodeUtf8(commonName));
  return sequence(asn1.create(Class.UNIVERSAL, Type.SET, true, [sequence(oid(OID.commonName), value)]));
}

/** UTCTime through 2049, GeneralizedTime after (RFC 5280, section 4.1.2.5). */
function time(ms: number): Node {
  const date = new Date(ms);
  return date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date) as string)
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date) as string);
}

function signatureAlgorithm(): Node {
  return sequence(oid(OID.ecdsaWithSha256));
}

function sequence(...nodes: Node[]): Node {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, nodes);
}

function integer(bytes: string): Node {
  return primitive(Type.INTEGER, bytes);
}

function oid(id: string): Node {
  return primitive(Type.OID, asn1.oidToDer(id).getBytes());
}

function octetString(bytes: string): Node {
  return primitive(Type.OCTETSTRING, bytes);
}

function bitString(bytes: string): Node {
  return primitive(Type.BITSTRING, bytes);
}

function primitive(type: forge.asn1.Type, bytes: string): Node {
  return asn1.create(Class.UNIVERSAL, type, false, bytes);
}

function contextTag(tag: number, nodes: Node[]): Node {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, true, nodes);
}

function contextValue(tag: number, bytes: string): Node {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, false, bytes);
}

/** forge keeps bytes in latin-1 strings. Bit strings stay whole: what is inside is not ours to take apart. */
function fromDer(der: Buffer): Node {
  return asn1.fromDer(forge.util.createBuffer(der.toString('latin1')), { decodeBitStrings: false } as never);
}

function toDer(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}
