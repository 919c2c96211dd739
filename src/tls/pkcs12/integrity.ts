import { createHmac } from 'node:crypto';
import type { DerNode } from '../der.ts';
import { damaged, unsupported, wrongPassword } from './fault.ts';
import {
  derivePbkdf2,
  derivePkcs12,
  digestBytes,
  type HashBudget,
  type Password,
  PURPOSE,
  passwordForms,
} from './key-derivation.ts';
import { algorithm, count, elements, octets } from './node-reader.ts';
import { hmacDigest, pbkdf2Parameters } from './pbkdf2-parameters.ts';

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** RFC 9579, which is for places where only what FIPS 140 approves may be used. */
const PBMAC1 = '1.2.840.113549.1.5.14';

/**
 * Checks the MAC over `content` (RFC 7292, section 5.1), by which a wrong password is known before anything is decrypted. Gives the
 * form of the password that fits; throws a Pkcs12Fault when none does.
 */
export function verifyIntegrity(
  mac: DerNode,
  content: Buffer,
  password: string,
  budget: HashBudget,
): Password {
  const [info, salt, iterations] = elements(mac, 2);
  const [method, expected] = elements(info!, 2);
  const { id, parameters } = algorithm(method!);
  const scheme =
    id === PBMAC1
      ? pbmac1(parameters, budget)
      : ownMac(id, octets(salt!), iterations === undefined ? 1 : count(iterations), budget);
  const wanted = octets(expected!);
  if (wanted.length !== digestBytes(scheme.digest)) throw damaged('its MAC has the wrong length');
  for (const form of passwordForms(password)) {
    const computed = createHmac(scheme.digest, scheme.keyOf(form)).update(content).digest();
    if (computed.equals(wanted)) return form;
  }
  throw wrongPassword();
}

interface MacScheme {
  /** Of the HMAC, as node:crypto names it. */
  readonly digest: string;
  keyOf(password: Password): Buffer;
}

/** By the derivation of PKCS #12 itself, with the digest of this identifier. */
function ownMac(id: string, salt: Buffer, iterations: number, budget: HashBudget): MacScheme {
  const digest = DIGESTS.get(id);
  if (digest === undefined) throw unsupported(`an integrity check (${id})`);
  const derivation = { digest, salt, iterations, length: digestBytes(digest) };
  return { digest, keyOf: ({ utf16 }) => derivePkcs12(utf16, PURPOSE.integrity, derivation, budget) };
}

/** Salt and iterations are in the parameters; those of the MAC itself say nothing. */
function pbmac1(parameters: DerNode | undefined, budget: HashBudget): MacScheme {
  if (parameters === undefined) throw damaged('its MAC has no parameters');
  const [derivation, hmac] = elements(parameters, 2);
  const read = pbkdf2Parameters(derivation!);
  return { digest: hmacDigest(hmac!), keyOf: ({ text }) => derivePbkdf2(text, read, budget) };
}
