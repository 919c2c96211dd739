import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** The kinds of keys that are made here. */
export type KeyType = 'ec' | 'rsa';

/** EC P-256, or RSA of 2048 bits, which takes a tenth of a second. */
export function generateKey(type: KeyType): KeyObject {
  return type === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

/** PKCS #8, not encrypted. */
export function keyToPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
