/** Decrypts what stands in a PKCS #12 file under a password, in the ways that OpenSSL, Java and Windows write. */
import { createDecipheriv } from 'node:crypto';
import forge from 'node-forge';
import type { DerNode } from '../der.ts';
import { damaged, unsupported, wrongPassword } from './fault.ts';
import { derivePbkdf2, derivePkcs12, type HashBudget, type Password, PURPOSE } from './key-derivation.ts';
import { algorithm, count, elements, octets } from './node-reader.ts';
import { pbkdf2Parameters } from './pbkdf2-parameters.ts';

/** `scheme` is an AlgorithmIdentifier. Throws a Pkcs12Fault. */
export function decrypt(scheme: DerNode, ciphertext: Buffer, password: Password, budget: HashBudget): Buffer {
  const { id, parameters } = algorithm(scheme);
  if (parameters === undefined) throw damaged('an encryption has no parameters');
  if (id === PBES2) return decryptPbes2(parameters, ciphertext, password, budget);
  const cipher = PKCS12_CIPHERS.get(id);
  if (cipher === undefined) throw unsupported(NAMES.get(id) ?? `an encryption (${id})`);
  return decryptPkcs12(cipher, parameters, ciphertext, password, budget);
}

/** RFC 8018, appendix A.4. */
const PBES2 = '1.2.840.113549.1.5.13';

interface Cipher {
  /** As node:crypto names it; RC2, which OpenSSL 3 has put aside, as `rc2`. */
  readonly name: string;
  /** Octets. */
  readonly keyBytes: number;
  readonly vectorBytes: number;
}

const PBES2_CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keyBytes: 16, vectorBytes: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keyBytes: 24, vectorBytes: 16 }],
  ['2.16.840.1.101.3.4.1.42', { name: 'aes-256-cbc', keyBytes: 32, vectorBytes: 16 }],
  ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', keyBytes: 24, vectorBytes: 8 }],
]);

/** RFC 7292, appendix C. */
const PKCS12_CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['1.2.840.113549.1.12.1.3', { name: 'des-ede3-cbc', keyBytes: 24, vectorBytes: 8 }],
  ['1.2.840.113549.1.12.1.4', { name: 'des-ede-cbc', keyBytes: 16, vectorBytes: 8 }],
  ['1.2.840.113549.1.12.1.5', { name: 'rc2', keyBytes: 16, vectorBytes: 8 }],
  ['1.2.840.113549.1.12.1.6', { name: 'rc2', keyBytes: 5, vectorBytes: 8 }],
]);

/** Of those that are not read. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.12.1.1', 'RC4'],
  ['1.2.840.113549.1.12.1.2', 'RC4'],
  ['1.2.840.113549.1.5.3', 'single DES'],
  ['1.2.840.113549.1.5.10', 'single DES'],
]);

function decryptPbes2(
  parameters: DerNode,
  ciphertext: Buffer,
  password: Password,
  budget: HashBudget,
): Buffer {
  const [derivation, encryption] = elements(parameters, 2);
  const { id, parameters: vector } = algorithm(encryption!);
  const cipher = PBES2_CIPHERS.get(id);
  if (cipher === undefined) throw unsupported(`an encryption (${id})`);
  if (vector === undefined) throw damaged('an initial vector is missing');
  const key = derivePbkdf2(password.text, pbkdf2Parameters(derivation!, cipher.keyBytes), budget);
  return decipher(cipher, key, octets(vector), ciphertext);
}

function decryptPkcs12(
  cipher: Cipher,
  parameters: DerNode,
  ciphertext: Buffer,
  password: Password,
  budget: HashBudget,
): Buffer {
  const [salt, iterations] = elements(parameters, 2);
  const common = { digest: 'sha1', salt: octets(salt!), iterations: count(iterations!) };
  const derive = (purpose: number, length: number) =>
    derivePkcs12(password.utf16, purpose, { ...common, length }, budget);
  return decipher(
    cipher,
    derive(PURPOSE.encryption, cipher.keyBytes),
    derive(PURPOSE.initialVector, cipher.vectorBytes),
    ciphertext,
  );
}

function decipher(cipher: Cipher, key: Buffer, vector: Buffer, ciphertext: Buffer): Buffer {
  if (vector.length !== cipher.vectorBytes) throw damaged('an initial vector has the wrong length');
  const plaintext =
    cipher.name === 'rc2'
      ? decipherRc2(key, vector, ciphertext)
      : decipherBy(cipher.name, key, vector, ciphertext);
  if (plaintext === undefined) throw wrongPassword();
  return plaintext;
}

/** Undefined when the padding at the end is none. */
function decipherBy(name: string, key: Buffer, vector: Buffer, ciphertext: Buffer): Buffer | undefined {
  // Two-key triple DES is triple DES whose third key is the first.
  const isTwoKey = name === 'des-ede-cbc';
  const whole = isTwoKey ? Buffer.concat([key, key.subarray(0, 8)]) : key;
  try {
    const cipher = createDecipheriv(isTwoKey ? 'des-ede3-cbc' : name, whole, vector);
    return Buffer.concat([cipher.update(ciphertext), cipher.final()]);
  } catch {
    return undefined;
  }
}

function decipherRc2(key: Buffer, vector: Buffer, ciphertext: Buffer): Buffer | undefined {
  if (ciphertext.length === 0 || ciphertext.length % 8 !== 0) return undefined;
  const cipher = forge.rc2.createDecryptionCipher(key.toString('latin1'), key.length * 8);
  cipher.start(vector.toString('latin1'));
  cipher.update(forge.util.createBuffer(ciphertext.toString('latin1')));
  if (!cipher.finish()) return undefined;
  return Buffer.from(cipher.output.getBytes(), 'latin1');
}
