/**
 * Reads PKCS #12 files (RFC 7292), which hold keys and certificates under a password. Files are an operator's own; they are read
 * carefully all the same: whatever they hold is refused in bounded time and with a Pkcs12Fault.
 *
 *   PFX ─► authenticated safe: a list of safes, encrypted or not ─► bags: a key, an encrypted key, a certificate …
 */
import type { DerNode } from '../der.ts';
import { toDer } from '../der.ts';
import { decrypt } from './decryption.ts';
import { damaged, Pkcs12Fault, unsupported, wrongPassword } from './fault.ts';
import { verifyIntegrity } from './integrity.ts';
import { HashBudget, type Password, passwordForms } from './key-derivation.ts';
import { algorithm, bmpText, count, decode, elements, identifier, octets, tagged } from './node-reader.ts';

export interface Pkcs12Contents {
  readonly keys: readonly Pkcs12Key[];
  /** DER, in the order of the file. */
  readonly certificates: readonly Buffer[];
}

interface Pkcs12Key {
  /** PKCS #8, DER. */
  readonly der: Buffer;
  /** What it is called in the file; '' when it has no name. */
  readonly name: string;
}

/** Larger than any that holds one site's key and chain, octets. */
const MAX_FILE_BYTES = 1_048_576;

/** Certificates and keys, each; a chain has three or four. */
const MAX_ENTRIES = 64;

export function readPkcs12(file: Uint8Array, password: string): Pkcs12Contents {
  if (file.length > MAX_FILE_BYTES) throw new Pkcs12Fault('costly', 'the file is larger than 1 MiB');
  const [version, authSafe, mac] = elements(decode(file), 2);
  if (count(version!) !== 3) throw damaged('it is not of version 3');
  const { type, content } = contentInfo(authSafe!);
  if (type === SIGNED_DATA) throw unsupported('a signature instead of a password');
  if (type !== DATA || content === undefined) throw damaged('it holds no data');
  const safes = octets(content);
  const budget = new HashBudget();
  const form =
    mac === undefined ? passwordForms(password)[0]! : verifyIntegrity(mac, safes, password, budget);
  const contents = new BagReader(form, budget);
  for (const safe of elements(decode(safes))) contents.readSafe(safe);
  return contents;
}

/** Types of contents (RFC 5652). */
const DATA = '1.2.840.113549.1.7.1';
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const ENVELOPED_DATA = '1.2.840.113549.1.7.3';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';

/** Types of bags; others hold nothing that is served (CRLs, secrets, safes in safes, which nobody writes). */
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';

const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';

class BagReader implements Pkcs12Contents {
  readonly keys: Pkcs12Key[] = [];
  readonly certificates: Buffer[] = [];
  readonly #password: Password;
  readonly #budget: HashBudget;

  constructor(password: Password, budget: HashBudget) {
    this.#password = password;
    this.#budget = budget;
  }

  readSafe(safe: DerNode): void {
    const { type, content } = contentInfo(safe);
    if (type === ENVELOPED_DATA) throw unsupported('a public key instead of a password');
    if (content === undefined) throw damaged('a safe is empty');
    const bags = type === ENCRYPTED_DATA ? this.#decryptSafe(content) : decode(octets(content));
    for (const bag of elements(bags)) this.#readBag(bag);
  }

  #decryptSafe(content: DerNode): DerNode {
    const [, encrypted] = elements(content, 2);
    const [, scheme, ciphertext] = elements(encrypted!, 3);
    return this.#decrypted(scheme!, octets(ciphertext!));
  }

  #readBag(bag: DerNode): void {
    const [id, value, attributes] = elements(bag, 2);
    switch (identifier(id!)) {
      case KEY_BAG:
        this.#addKey(tagged(value), attributes);
        return;
      case SHROUDED_KEY_BAG: {
        const [scheme, ciphertext] = elements(tagged(value), 2);
        this.#addKey(this.#decrypted(scheme!, octets(ciphertext!)), attributes);
        return;
      }
      case CERTIFICATE_BAG: {
        const [type, certificate] = elements(tagged(value), 2);
        if (identifier(type!) === X509_CERTIFICATE) this.#addCertificate(octets(tagged(certificate)));
      }
    }
  }

  #addKey(key: DerNode, attributes: DerNode | undefined): void {
    if (this.keys.length === MAX_ENTRIES) throw tooMany('keys');
    this.keys.push({ der: toDer(key), name: friendlyName(attributes) });
  }

  #addCertificate(der: Buffer): void {
    if (this.certificates.length === MAX_ENTRIES) throw tooMany('certificates');
    this.certificates.push(der);
  }

  #decrypted(scheme: DerNode, ciphertext: Buffer): DerNode {
    const plaintext = decrypt(scheme, ciphertext, this.#password, this.#budget);
    try {
      return decode(plaintext);
    } catch {
      // One wrong password in 256 leaves a padding that looks right.
      throw wrongPassword();
    }
  }
}

function contentInfo(node: DerNode): { readonly type: string; readonly content: DerNode | undefined } {
  const { id, parameters } = algorithm(node);
  return { type: id, content: parameters === undefined ? undefined : tagged(parameters) };
}

function friendlyName(attributes: DerNode | undefined): string {
  if (attributes === undefined) return '';
  for (const attribute of elements(attributes)) {
    const [id, values] = elements(attribute, 2);
    if (identifier(id!) === FRIENDLY_NAME) return bmpText(elements(values!, 1)[0]!);
  }
  return '';
}

function tooMany(what: string): Pkcs12Fault {
  return new Pkcs12Fault('costly', `the file holds more than ${MAX_ENTRIES} ${what}`);
}
