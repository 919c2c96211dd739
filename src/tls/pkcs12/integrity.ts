import { createHmac } from 'node:crypto';
import type { DerNode } from '../der.ts';
import { damaged, unsupported, wrongPassword } from './fault.ts';
import {
  derivePkcs12,
  digestBytes,
  type HashBudget,
  type Password,
  PURPOSE,
  passwordForms,
} from './key-derivation.ts';
import { algorithm, count, elements, octets } from './node-reader.ts';

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

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
  const { id } = algorithm(method!);
  const digest = DIGESTS.get(id);
  if (digest === undefined) throw unsupported(`an integrity check (${id})`);
  const length = digestBytes(digest);
  const wanted = octets(expected!);
  if (wanted.length !== length) throw damaged('its MAC has the wrong length');
  const derivation = {
    digest,
    salt: octets(salt!),
    iterations: iterations === undefined ? 1 : count(iterations),
    length,
  };
  for (const form of passwordForms(password)) {
    const key = derivePkcs12(form.utf16, PURPOSE.integrity, derivation, budget);
    if (createHmac(digest, key).update(content).digest().equals(wanted)) return form;
  }
  throw wrongPassword();
}
