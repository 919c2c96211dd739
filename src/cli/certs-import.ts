import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { sentenceOf } from '../core/sentence-of.ts';
import { writeAtomically } from '../tls/atomic-file.ts';
import { checkCertificates } from '../tls/certificate-check.ts';
import { Pkcs12Fault } from '../tls/pkcs12/fault.ts';
import { type KeyWithChain, keyWithChain } from '../tls/pkcs12/key-with-chain.ts';
import { readPkcs12 } from '../tls/pkcs12/read-pkcs12.ts';
import type { TextOutput } from './explain.ts';
import { type PairFiles, pairFiles } from './pair-files.ts';
import { readInput } from './read-input.ts';

export interface ImportRequest {
  readonly file: string;
  /** Undefined: what `PORTICO_PASSWORD` holds, or none, or else what the person at the terminal says. */
  readonly password: string | undefined;
  /** Its first line is the password. */
  readonly passwordFile: string | undefined;
  readonly directory: string;
  /** Of the files, without suffix; undefined: after the file that is imported. */
  readonly name: string | undefined;
}

export interface ImportPorts {
  /** What the environment says. */
  readonly password: string | undefined;
  /** Asks a person; undefined where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** `certs import`: a PKCS #12 file becomes a chain and a key in PEM, which only their owner may read. Replaces nothing. */
export async function importCertificate(
  request: ImportRequest,
  out: TextOutput,
  err: TextOutput,
  ports: ImportPorts,
): Promise<number> {
  const { file } = request;
  if (request.password !== undefined && request.passwordFile !== undefined)
    return fail(err, 'give --password or --password-file, not both', 2);
  const name = request.name ?? basename(file, extname(file)).replaceAll(/[^A-Za-z0-9._-]/g, '_');
  const files = pairFiles(request.directory, name);
  if (typeof files === 'string') return fail(err, files, 2);
  try {
    for (const there of [files.cert, files.key]) {
      if (existsSync(there))
        return fail(err, `${there} is there already and stays as it is; choose other files with --name`, 1);
    }
    const bytes = readInput(file);
    const mistaken = knownOtherwise(bytes);
    if (mistaken !== undefined) return fail(err, `${file}: ${mistaken}`, 1);
    const pair = await openWithPassword(bytes, request, ports);
    writeAtomically(files.key, pair.key, 0o600);
    writeAtomically(files.cert, pair.cert, 0o644);
    out.write(report(pair, files));
    err.write(complaints(pair, files, ports.now));
    return 0;
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof Pkcs12Fault)) return fail(err, sentenceOf(error), 1);
    const hint = error.kind === 'password' ? passwordHint(request, ports) : error.hint;
    return fail(err, `${file}: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`, 1);
  }
}

/** With the password that was given; else with none, as many files have none, and then with one that is asked for. */
async function openWithPassword(
  bytes: Buffer,
  request: ImportRequest,
  ports: ImportPorts,
): Promise<KeyWithChain> {
  const given = givenPassword(request, ports);
  try {
    return keyWithChain(readPkcs12(bytes, given ?? ''));
  } catch (error) {
    const isAsking = error instanceof Pkcs12Fault && error.kind === 'password' && given === undefined;
    if (!isAsking || ports.ask === undefined) throw error;
  }
  return keyWithChain(readPkcs12(bytes, await ports.ask(`password of ${request.file}: `)));
}

function givenPassword({ password, passwordFile }: ImportRequest, ports: ImportPorts): string | undefined {
  if (passwordFile !== undefined) return readInput(passwordFile).toString().split(/\r?\n/, 1)[0]!;
  return password ?? ports.password;
}

function passwordHint(request: ImportRequest, ports: ImportPorts): string {
  return givenPassword(request, ports) === undefined && ports.ask === undefined
    ? 'it has a password: give it with --password-file FILE, or in the environment as PORTICO_PASSWORD'
    : 'nothing was written; try again';
}

/** What the file is, when it is certainly something else. */
function knownOtherwise(bytes: Buffer): string | undefined {
  if (bytes.includes('-----BEGIN '))
    return 'this is PEM already; name it in the configuration under certificates';
  const magic = bytes.subarray(0, 4).toString('hex');
  if (magic === 'feedfeed' || magic === 'cececece')
    return 'this is a Java keystore: keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12 makes PKCS #12 of it';
  return undefined;
}

function report({ leftOut }: KeyWithChain, { cert, key }: PairFiles): string {
  const lines = [`imported:`, `  cert: ${cert}`, `  key: ${key}`];
  if (leftOut.length > 0)
    lines.push(`left out, being roots or strangers to the chain: ${leftOut.join('; ')}`);
  return `${lines.join('\n')}\n`;
}

/** What `portico check` will say about the pair. */
function complaints({ cert, key }: KeyWithChain, files: PairFiles, now: number): string {
  const settings = { hosts: [], cert, key, certFile: files.cert, keyFile: files.key, isDefault: true };
  return checkCertificates([settings], now)
    .problems.map(({ message }) => `but ${message}\n`)
    .join('');
}

function fail(err: TextOutput, sentence: string, code: number): number {
  err.write(`${sentence}\n`);
  return code;
}
