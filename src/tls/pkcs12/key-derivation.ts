/**
 * Keys from passwords, and what they may cost: the file itself says how often to hash, and a hostile one says two thousand million
 * times.
 */
import { hash, pbkdf2Sync } from 'node:crypto';
import { Pkcs12Fault } from './fault.ts';

/**
 * Hashes that one file may ask for in all: some seconds of work. OpenSSL writes 2,048 iterations per key and Java 10,000, but NSS and
 * GnuTLS 600,000, which a file under triple DES needs seven times.
 */
const MAX_HASHES = 6_000_000;

export class HashBudget {
  #left: number = MAX_HASHES;

  spend(hashes: number): void {
    this.#left -= hashes;
    if (this.#left < 0) {
      throw new Pkcs12Fault('costly', 'the file asks for more than six million rounds of hashing');
    }
  }
}

/** A password as the two derivations want it. */
export interface Password {
  /** For PBKDF2; it is taken in UTF-8. */
  readonly text: string;
  /** For the derivation of PKCS #12: high octets first, with a zero character at the end. */
  readonly utf16: Buffer;
}

/** All that the password may have been to who wrote the file: some take an empty one for a zero character, some for nothing. */
export function passwordForms(text: string): readonly Password[] {
  const form = { text, utf16: Buffer.from(`${text}\0`, 'utf16le').swap16() };
  return text === '' ? [form, { text, utf16: Buffer.alloc(0) }] : [form];
}

export interface Derivation {
  /** As node:crypto names it. */
  readonly digest: string;
  readonly salt: Buffer;
  readonly iterations: number;
  /** Of the key, octets. */
  readonly length: number;
}

/** PBKDF2 (RFC 8018, section 5.2). */
export function derivePbkdf2(password: string, derivation: Derivation, budget: HashBudget): Buffer {
  const { digest, salt, iterations, length } = derivation;
  // An iteration is two hashes, but OpenSSL's own, which cost less than one that is called from here.
  budget.spend(iterations * Math.ceil(length / digestBytes(digest)));
  return pbkdf2Sync(password, salt, iterations, length, digest);
}

/** What a key is for: the same password and salt give another for each (RFC 7292, appendix B.3). */
export const PURPOSE = Object.freeze({ encryption: 1, initialVector: 2, integrity: 3 });

/** The derivation that PKCS #12 has of its own (RFC 7292, appendix B.2). */
export function derivePkcs12(
  password: Buffer,
  purpose: number,
  derivation: Derivation,
  budget: HashBudget,
): Buffer {
  const { digest, salt, iterations, length } = derivation;
  const block = digest === 'sha384' || digest === 'sha512' ? 128 : 64;
  const rounds = Math.ceil(length / digestBytes(digest));
  budget.spend(iterations * rounds);
  const diversifier = Buffer.alloc(block, purpose);
  const input = Buffer.concat([filled(salt, block), filled(password, block)]);
  const key: Buffer[] = [];
  for (let i = 0; i < rounds; i++) {
    let digested = hash(digest, Buffer.concat([diversifier, input]), 'buffer');
    for (let iteration = 1; iteration < iterations; iteration++) digested = hash(digest, digested, 'buffer');
    key.push(digested);
    const addend = Buffer.alloc(block, digested);
    for (let at = 0; at < input.length; at += block) addPlusOne(input.subarray(at, at + block), addend);
  }
  return Buffer.concat(key).subarray(0, length);
}

export function digestBytes(digest: string): number {
  return DIGEST_BYTES.get(digest)!;
}

const DIGEST_BYTES: ReadonlyMap<string, number> = new Map([
  ['sha1', 20],
  ['sha224', 28],
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
]);

/** `octets` over and over, up to the next multiple of `block`; nothing stays nothing. */
function filled(octets: Buffer, block: number): Buffer {
  if (octets.length === 0) return octets;
  return Buffer.alloc(block * Math.ceil(octets.length / block), octets);
}

/** `sum` becomes `sum + addend + 1`, as numbers of a block's size. */
function addPlusOne(sum: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let at = sum.length - 1; at >= 0; at--) {
    carry += sum[at]! + addend[at]!;
    sum[at] = carry & 0xff;
    carry >>= 8;
  }
}
