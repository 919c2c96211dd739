import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { AcmeSettings } from '../core/settings.ts';
import { makeDirectories, readIfPresent, writeAtomically } from '../tls/atomic-file.ts';
import type { IssuedPair } from '../tls/local-authority.ts';
import { splitPem } from '../tls/pem.ts';
import { AccountKey } from './account-key.ts';
import { AcmeFailure } from './acme-failure.ts';

/**
 * What must outlive the process, in the directory `acme.storage` (mode 0700; files 0600):
 *
 *   account-HASH.key     the account's key, for one CA and one e-mail address
 *   HOST-HASH.pem        key and chain together, because one file is replaced in one step; for one CA, and the first host
 */

/** Where the pair of an entry is kept. */
export function pairFile({ storage, directory, hosts }: AcmeSettings): string {
  const [host = ''] = hosts;
  return join(storage, `${host.slice(0, MAX_HOST_CHARACTERS)}-${shortHash(`${directory} ${host}`)}.pem`);
}

/** The pair that was obtained last; undefined: none, or one that cannot be read any more. */
export function readPair(settings: AcmeSettings): IssuedPair | undefined {
  const text = readIfPresent(pairFile(settings));
  if (text === undefined) return undefined;
  const [key] = splitPem(text, 'PRIVATE KEY');
  const cert = splitPem(text, 'CERTIFICATE').join('');
  return key === undefined || cert === '' ? undefined : { cert, key };
}

/** Throws an AcmeFailure when it cannot be kept. */
export function writePair(settings: AcmeSettings, { cert, key }: IssuedPair): void {
  const chain = splitPem(cert, 'CERTIFICATE').join('');
  guarded(settings.storage, () => writeAtomically(pairFile(settings), key + chain, 0o600));
}

/** The account's key, made when there is none. Throws an AcmeFailure when it cannot be used, or not be kept. */
export function openAccountKey({ storage, directory, email }: AcmeSettings): AccountKey {
  const file = join(storage, `account-${shortHash(`${directory} ${email ?? ''}`)}.key`);
  return guarded(storage, () => {
    const text = readIfPresent(file);
    if (text !== undefined) return readAccountKey(text, file);
    const key = AccountKey.create();
    writeAtomically(file, key.toPem(), 0o600);
    return key;
  });
}

function readAccountKey(text: string, file: string): AccountKey {
  try {
    return AccountKey.fromPem(text);
  } catch {
    throw new AcmeFailure(
      `${file} holds no account key`,
      'restore it, or move it away: then a new account is made',
    );
  }
}

function guarded<T>(storage: string, write: () => T): T {
  try {
    makeDirectories(storage, 0o700);
    if ((statSync(storage).mode & OTHERS_MAY_WRITE) !== 0) {
      // Who may write here could put a key of his own in the place of ours.
      throw new AcmeFailure(`everybody may write to ${storage}`, `chmod 700 ${storage}`);
    }
    return write();
  } catch (error) {
    if (error instanceof AcmeFailure) throw error;
    const reason = (error as Error).message;
    throw new AcmeFailure(
      `acme.storage cannot be used: ${reason}`,
      'give this process a directory that it may write to',
    );
  }
}

/** File systems take 255 in all. */
const MAX_HOST_CHARACTERS = 100;

const OTHERS_MAY_WRITE = 0o002;

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
