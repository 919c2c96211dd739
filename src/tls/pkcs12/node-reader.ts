/** Takes ASN.1 of a PKCS #12 file apart, which may be BER; throws a Pkcs12Fault on what is not there. */
import forge from 'node-forge';
import { type DerNode, fromDer } from '../der.ts';
import { damaged, Pkcs12Fault } from './fault.ts';

const { Class, Type } = forge.asn1;

export function decode(octets: Uint8Array): DerNode {
  try {
    return fromDer(octets);
  } catch {
    throw damaged('its ASN.1 cannot be read');
  }
}

/** The elements of a SEQUENCE or SET, of which there are at least `atLeast`. */
export function elements(node: DerNode, atLeast = 0): readonly DerNode[] {
  const isList = node.tagClass === Class.UNIVERSAL && (node.type === Type.SEQUENCE || node.type === Type.SET);
  if (!isList || !Array.isArray(node.value) || node.value.length < atLeast)
    throw damaged('a list is missing or too short');
  return node.value;
}

/** What stands in an explicit tag `[0]`. */
export function tagged(node: DerNode | undefined): DerNode {
  if (node === undefined || !isTagged(node) || !Array.isArray(node.value) || node.value.length !== 1)
    throw damaged('a tag is missing');
  return node.value[0]!;
}

/** An OCTET STRING, or one that is implicitly tagged `[0]`; in one piece, or in several (BER). */
export function octets(node: DerNode): Buffer {
  const isString = node.tagClass === Class.UNIVERSAL && node.type === Type.OCTETSTRING;
  if (!isString && !isTagged(node)) throw damaged('an octet string is missing');
  if (typeof node.value === 'string') return Buffer.from(node.value, 'latin1');
  return Buffer.concat(node.value.map((piece) => Buffer.from(primitive(piece, Type.OCTETSTRING), 'latin1')));
}

/** In dotted form. */
export function identifier(node: DerNode): string {
  const octets = primitive(node, Type.OID);
  if (octets === '') throw damaged('an identifier is empty');
  try {
    return forge.asn1.derToOid(octets);
  } catch {
    throw damaged('an identifier cannot be read');
  }
}

/** The algorithm of an AlgorithmIdentifier, and its parameters. */
export function algorithm(node: DerNode): { readonly id: string; readonly parameters: DerNode | undefined } {
  const [id, parameters] = elements(node, 1);
  return { id: identifier(id!), parameters };
}

/** A count above zero. */
export function count(node: DerNode): number {
  const value = Buffer.from(primitive(node, Type.INTEGER), 'latin1');
  if (value.length === 0 || value[0]! > 127) throw damaged('a count is not positive');
  // Six octets are exact in a number, and far beyond what any count may be.
  if (value.length > 6) throw new Pkcs12Fault('costly', 'the file counts something beyond all measure');
  const number = value.readUIntBE(0, value.length);
  if (number === 0) throw damaged('a count is zero');
  return number;
}

export function isInteger(node: DerNode): boolean {
  return node.tagClass === Class.UNIVERSAL && node.type === Type.INTEGER;
}

/** A BMPString, which forge has made a text of already. */
export function bmpText(node: DerNode): string {
  return primitive(node, Type.BMPSTRING);
}

function primitive(node: DerNode, type: forge.asn1.Type): string {
  if (node.tagClass !== Class.UNIVERSAL || node.type !== type || typeof node.value !== 'string')
    throw damaged('a value is of another type than it must be');
  return node.value;
}

function isTagged(node: DerNode): boolean {
  return node.tagClass === Class.CONTEXT_SPECIFIC && (node.type as number) === 0;
}
