import { createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { sentenceOf } from '../core/sentence-of.ts';
import { writeAtomically } from '../tls/atomic-file.ts';
import { describeKey } from '../tls/certificate-facts.ts';
import { generateKey, type KeyType, keyToPem } from '../tls/private-key.ts';
import { makeSigningRequest } from '../tls/signing-request.ts';
import type { TextOutput } from './explain.ts';
import { readHosts } from './host-arguments.ts';
import { hostFileName, pairFiles } from './pair-files.ts';
import { readInput } from './read-input.ts';

export interface SigningRequestRequest {
  readonly hosts: readonly string[];
  readonly directory: string;
  /** Of the files, without suffix; undefined: after the first host. */
  readonly name: string | undefined;
  /** The file of a key that there is already; undefined: a new one is made. */
  readonly keyFile: string | undefined;
  /** Of a new key. */
  readonly keyType: KeyType | undefined;
}

/** `certs csr`: a signing request for an authority, and a new key beside it unless there is one. A key is never replaced. */
export function createSigningRequest(
  { hosts: texts, directory, name, keyFile, keyType }: SigningRequestRequest,
  out: TextOutput,
  err: TextOutput,
): number {
  const hosts = readHosts('csr', texts);
  if (typeof hosts === 'string') return fail(err, hosts, 2);
  const files = pairFiles(directory, name ?? hostFileName(hosts[0]!.name));
  if (typeof files === 'string') return fail(err, files, 2);
  if (keyFile !== undefined && keyType !== undefined)
    return fail(err, '--key names a key that there is; --key-type is for a new one', 2);
  try {
    if (keyFile === undefined && existsSync(files.key)) {
      const advice = `use it with --key ${files.key}, or choose other files with --name`;
      return fail(err, `${files.key} is there already and stays as it is; ${advice}`, 1);
    }
    const key = keyFile === undefined ? generateKey(keyType ?? 'ec') : readKey(keyFile);
    const request = makeSigningRequest(hosts, key);
    if (keyFile === undefined) writeAtomically(files.key, keyToPem(key), 0o600);
    writeAtomically(files.request, request, 0o644);
    out.write(
      [
        `a request for ${hosts.map((host) => host.name).join(', ')}, by a key of ${describeKey(key)}:`,
        `  csr: ${files.request}`,
        `  key: ${keyFile ?? files.key}`,
        '',
        `Send the request to your authority, never the key. What it issues goes into ${files.cert}: the certificate`,
        'first, then its chain.',
        '',
      ].join('\n'),
    );
    return 0;
  } catch (error) {
    return fail(err, sentenceOf(error), 1);
  }
}

function readKey(file: string): KeyObject {
  const pem = readInput(file);
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause could quote the key.
    throw new Error(
      `${file} holds no private key in PEM, or an encrypted one (openssl pkey -in KEY -out NEW)`,
    );
  }
}

function fail(err: TextOutput, sentence: string, code: number): number {
  err.write(`${sentence}\n`);
  return code;
}
