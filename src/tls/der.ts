/**
 * ASN.1 by node-forge: reads BER, writes DER (X.690). forge keeps octets in latin-1 strings, one character each, and so do the
 * nodes here.
 */
import forge from 'node-forge';

export type DerNode = forge.asn1.Asn1;

const { asn1 } = forge;
const { Class, Type } = asn1;

/**
 * The one value that `der` holds; bit strings stay whole: what is inside is for their reader to take apart. Throws on anything else,
 * and on more than 256 levels.
 */
export function fromDer(der: Uint8Array): DerNode {
  const octets = forge.util.createBuffer(Buffer.from(der).toString('latin1'));
  return asn1.fromDer(octets, { decodeBitStrings: false } as never);
}

export function toDer(node: DerNode): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}

export function sequence(...nodes: DerNode[]): DerNode {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, nodes);
}

export function set(...nodes: DerNode[]): DerNode {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, nodes);
}

export function integer(octets: string): DerNode {
  return primitive(Type.INTEGER, octets);
}

export function boolean(value: boolean): DerNode {
  return primitive(Type.BOOLEAN, value ? '\xff' : '\0');
}

export function nothing(): DerNode {
  return primitive(Type.NULL, '');
}

export function oid(id: string): DerNode {
  return primitive(Type.OID, asn1.oidToDer(id).getBytes());
}

export function octetString(octets: string): DerNode {
  return primitive(Type.OCTETSTRING, octets);
}

/** `octets` begin with the count of unused bits. */
export function bitString(octets: string): DerNode {
  return primitive(Type.BITSTRING, octets);
}

export function utf8String(text: string): DerNode {
  return primitive(Type.UTF8, forge.util.encodeUtf8(text));
}

/** UTCTime through 2049, GeneralizedTime after (RFC 5280, section 4.1.2.5). */
export function time(ms: number): DerNode {
  const date = new Date(ms);
  return date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date) as string)
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date) as string);
}

export function contextTag(tag: number, nodes: DerNode[]): DerNode {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, true, nodes);
}

export function contextValue(tag: number, octets: string): DerNode {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, false, octets);
}

function primitive(type: forge.asn1.Type, octets: string): DerNode {
  return asn1.create(Class.UNIVERSAL, type, false, octets);
}
