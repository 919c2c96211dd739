import forge from 'node-forge';
import { type DerNode, fromDer, toDer } from '../der.ts';
import { type CertificateId, plainSerial } from './certificate-id.ts';

const { Class, Type } = forge.asn1;

/** A BasicOCSPResponse (RFC 6960, section 4.2.1), read and not yet believed. */
export interface OcspResponse {
  /** What is signed, as it was sent: it is encoded anew, and where that makes other octets the signature does not hold. */
  readonly signed: Buffer;
  /** OID. */
  readonly signatureAlgorithm: string;
  readonly signature: Buffer;
  /** DER, at most MAX_CERTIFICATES. */
  readonly certificates: readonly Buffer[];
  readonly answers: readonly OcspAnswer[];
}

/** What is said of one certificate. Times are milliseconds since the epoch. */
export interface OcspAnswer {
  /** OID of the hash that the id was made with. */
  readonly hash: string;
  readonly id: CertificateId;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: number;
  /** Undefined: there may be something newer at any time. */
  readonly nextUpdate: number | undefined;
}

/** The largest response that is read, bytes: a few KiB with the responder's certificates, RSA of any size included. */
export const MAX_RESPONSE_BYTES = 64 * 1024;
/** The responder's own, and what connects it with the issuer. */
const MAX_CERTIFICATES = 4;
/** Responders answer what was asked; some sign a few certificates at once. */
const MAX_ANSWERS = 32;

const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1';

/** Takes a response apart, or says why not: what is no response, and the errors that responders tell. Never throws. */
export function decodeOcspResponse(der: Uint8Array): OcspResponse | string {
  if (der.length > MAX_RESPONSE_BYTES) return `it has more than ${MAX_RESPONSE_BYTES} bytes`;
  try {
    const [status, body] = list(fromDer(der), 1);
    const code = octetsOf(status, Type.ENUMERATED).charCodeAt(0);
    if (code !== 0) return `the responder says ${ERRORS.get(code) ?? `error ${code}`}`;
    const [type, content] = list(inTag(body, 0), 2);
    if (forge.asn1.derToOid(octetsOf(type, Type.OID)) !== BASIC_RESPONSE) return 'it is of an unknown type';
    return basicResponse(fromDer(Buffer.from(octetsOf(content, Type.OCTETSTRING), 'latin1')));
  } catch {
    return 'it is not an OCSP response';
  }
}

/** OCSPResponseStatus. */
const ERRORS: ReadonlyMap<number, string> = new Map([
  [1, 'malformedRequest'],
  [2, 'internalError'],
  [3, 'tryLater'],
  [5, 'sigRequired'],
  [6, 'unauthorized: it does not know the certificate'],
]);

function basicResponse(basic: DerNode): OcspResponse {
  const [data, algorithm, signature, certificates] = list(basic, 3);
  const fields = list(data, 3);
  // version [0] is left out when it is 1.
  const responses = isTagged(fields[0], 0) ? fields[3] : fields[2];
  return {
    signed: toDer(data!),
    signatureAlgorithm: forge.asn1.derToOid(octetsOf(list(algorithm, 1)[0], Type.OID)),
    // The first octet counts unused bits, of which a signature has none.
    signature: Buffer.from(octetsOf(signature, Type.BITSTRING), 'latin1').subarray(1),
    certificates:
      certificates === undefined ? [] : list(inTag(certificates, 0), 0).slice(0, MAX_CERTIFICATES).map(toDer),
    answers: list(responses, 1).slice(0, MAX_ANSWERS).map(singleResponse),
  };
}

function singleResponse(node: DerNode): OcspAnswer {
  const [certId, status, thisUpdate, ...rest] = list(node, 3);
  const [hash, nameHash, keyHash, serial] = list(certId, 4);
  const next = rest.find((field) => isTagged(field, 0));
  return {
    hash: forge.asn1.derToOid(octetsOf(list(hash, 1)[0], Type.OID)),
    id: {
      issuerNameHash: Buffer.from(octetsOf(nameHash, Type.OCTETSTRING), 'latin1'),
      issuerKeyHash: Buffer.from(octetsOf(keyHash, Type.OCTETSTRING), 'latin1'),
      serial: plainSerial(Buffer.from(octetsOf(serial, Type.INTEGER), 'latin1').toString('hex')),
    },
    status: isTagged(status, 0) ? 'good' : isTagged(status, 1) ? 'revoked' : 'unknown',
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: next === undefined ? undefined : timeOf(inTag(next, 0)),
  };
}

/** GeneralizedTime as DER has it: `YYYYMMDDHHMMSSZ`. */
function timeOf(node: DerNode | undefined): number {
  const text = octetsOf(node, Type.GENERALIZEDTIME);
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) throw new Error('no time');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as number[];
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

/* What follows throws where a value is not what it must be. */

function list(node: DerNode | undefined, atLeast: number): DerNode[] {
  const isSequence = node?.tagClass === Class.UNIVERSAL && node.type === Type.SEQUENCE;
  if (!isSequence || !Array.isArray(node.value) || node.value.length < atLeast) throw new Error('no list');
  return node.value;
}

function octetsOf(node: DerNode | undefined, type: forge.asn1.Type): string {
  if (node?.tagClass !== Class.UNIVERSAL || node.type !== type || typeof node.value !== 'string')
    throw new Error('no value');
  return node.value;
}

function isTagged(node: DerNode | undefined, tag: number): boolean {
  return node?.tagClass === Class.CONTEXT_SPECIFIC && (node.type as number) === tag;
}

/** What stands in an explicit tag. */
function inTag(node: DerNode | undefined, tag: number): DerNode {
  if (!isTagged(node, tag) || !Array.isArray(node?.value) || node.value.length !== 1)
    throw new Error('no tag');
  return node.value[0]!;
}
