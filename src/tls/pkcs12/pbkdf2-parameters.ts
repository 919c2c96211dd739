import type { DerNode } from '../der.ts';
import { damaged, unsupported } from './fault.ts';
import type { Derivation } from './key-derivation.ts';
import { algorithm, count, elements, isInteger, octets } from './node-reader.ts';

const PBKDF2 = '1.2.840.113549.1.5.12';

/** By the identifier of HMAC with a digest, that digest as node:crypto names it (RFC 8018, appendix B.1.2). */
const HMAC_DIGESTS: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** Reads an AlgorithmIdentifier of PBKDF2 (RFC 8018, appendix A.2). `length`: octets that are wanted; undefined: as many as it says. */
export function pbkdf2Parameters(node: DerNode, length?: number): Derivation {
  const { id, parameters } = algorithm(node);
  if (id !== PBKDF2) throw unsupported(`a derivation of keys (${id})`);
  if (parameters === undefined) throw damaged('a derivation of keys has no parameters');
  const [salt, iterations, ...optional] = elements(parameters, 2);
  const stated = optional.find(isInteger);
  const wanted = length ?? (stated === undefined ? 0 : count(stated));
  if (wanted < 1 || wanted > MAX_KEY_BYTES) throw damaged('a key has no length, or one beyond measure');
  const prf = optional.find((entry) => !isInteger(entry));
  // HMAC with SHA-1 is what it means to say nothing.
  const digest = prf === undefined ? 'sha1' : hmacDigest(prf);
  return { digest, salt: octets(salt!), iterations: count(iterations!), length: wanted };
}

/** The digest of an HMAC, which an AlgorithmIdentifier names. */
export function hmacDigest(node: DerNode): string {
  const { id } = algorithm(node);
  const digest = HMAC_DIGESTS.get(id);
  if (digest === undefined) throw unsupported(`an HMAC (${id})`);
  return digest;
}

/** More than any cipher or HMAC here can use. */
const MAX_KEY_BYTES = 128;
