import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { IssuedPair } from '../../src/tls/local-authority.ts';
import { splitPem } from '../../src/tls/pem.ts';
import { openssl } from './openssl.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** PKCS #12 of a pair as `openssl pkcs12 -export` writes it with these arguments. */
export function pkcs12File(
  test: TestContext,
  { cert, key }: IssuedPair,
  { password = '', args = [] }: { readonly password?: string; readonly args?: readonly string[] } = {},
): Buffer {
  const directory = temporaryDirectory(test);
  const file = (name: string): string => join(directory, name);
  const [leaf, ...chain] = splitPem(cert, 'CERTIFICATE');
  writeFileSync(file('leaf.pem'), leaf!);
  writeFileSync(file('chain.pem'), chain.join(''));
  writeFileSync(file('key.pem'), key);
  writeFileSync(file('password'), `${password}\n`);
  openssl([
    ...['pkcs12', '-export', '-inkey', file('key.pem'), '-in', file('leaf.pem')],
    ...(chain.length === 0 ? [] : ['-certfile', file('chain.pem')]),
    ...['-passout', `file:${file('password')}`, '-out', file('out.p12'), ...args],
  ]);
  return readFileSync(file('out.p12'));
}
