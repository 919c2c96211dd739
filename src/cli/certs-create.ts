import { sentenceOf } from '../core/sentence-of.ts';
import { readIfPresent, writeAtomically } from '../tls/atomic-file.ts';
import {
  isLocallyIssued,
  LEAF_DAYS,
  type LeafWishes,
  type LocalAuthority,
  openLocalAuthority,
} from '../tls/local-authority.ts';
import { MAX_COMMON_NAME } from '../tls/x509-fields.ts';
import type { TextOutput } from './explain.ts';
import { readHosts } from './host-arguments.ts';
import { hostFileName, type PairFiles, pairFiles } from './pair-files.ts';

export interface CreateRequest extends LeafWishes {
  readonly hosts: readonly string[];
  /** The name of a client, which has no hosts. */
  readonly client: string | undefined;
  readonly directory: string;
  /** Of the files, without suffix; undefined: after the first host, or the client. */
  readonly name: string | undefined;
}

/**
 * `certs create`: one certificate for all hosts, or one for a client, from the local authority of the directory, which is made when
 * there is none. Replaces only what a local authority has issued. `now` is in milliseconds since the epoch.
 */
export function createCertificate(
  request: CreateRequest,
  out: TextOutput,
  err: TextOutput,
  now: number,
): number {
  const subject = readSubject(request);
  if (typeof subject === 'string') return fail(err, subject, 2);
  const { days = LEAF_DAYS } = request;
  if (!(Number.isInteger(days) && days >= 1 && days <= LEAF_DAYS))
    return fail(
      err,
      `--days wants a number from 1 to ${LEAF_DAYS}: clients refuse what is good for longer`,
      2,
    );
  const files = pairFiles(request.directory, request.name ?? subject.fileName);
  if (typeof files === 'string') return fail(err, files, 2);
  try {
    const stranger = findStranger(files);
    if (stranger !== undefined) {
      return fail(
        err,
        `${stranger} is not from a local CA and stays as it is; choose other files with --name`,
        1,
      );
    }
    const authority = openLocalAuthority(request.directory, now);
    const pair = authority.issue(subject.holder, now, { days, keyType: request.keyType });
    writeAtomically(files.cert, pair.cert, 0o644);
    writeAtomically(files.key, pair.key, 0o600);
    out.write(report(authority, subject.text, days, files));
    return 0;
  } catch (error) {
    return fail(err, sentenceOf(error), 1);
  }
}

interface Subject {
  readonly holder: Parameters<LocalAuthority['issue']>[0];
  /** For people. */
  readonly text: string;
  readonly fileName: string;
}

/** Whom the certificate is for, or a sentence about what is wrong with that. */
function readSubject({ hosts, client }: CreateRequest): Subject | string {
  if (client === undefined) {
    const read = readHosts('create', hosts);
    if (typeof read === 'string') return read;
    const names = read.map((host) => host.name);
    return { holder: read, text: names.join(', '), fileName: hostFileName(names[0]!) };
  }
  if (hosts.length > 0) return 'a certificate is for hosts, or for a client with --client, not for both';
  if (!CLIENT_NAME.test(client) || [...client].length > MAX_COMMON_NAME)
    return `--client wants a name of 1 to ${MAX_COMMON_NAME} printable characters`;
  return { holder: client, text: `client ${client}`, fileName: client.replaceAll(/[^A-Za-z0-9._-]/g, '_') };
}

const CLIENT_NAME = /^\P{C}+$/u;

/** The file that must not be replaced. A key without certificate is not known to be ours either. */
function findStranger({ cert, key }: PairFiles): string | undefined {
  const text = readIfPresent(cert);
  if (text !== undefined) return isLocallyIssued(text) ? undefined : cert;
  return readIfPresent(key) === undefined ? undefined : key;
}

function report(authority: LocalAuthority, subject: string, days: number, { cert, key }: PairFiles): string {
  const lines = [
    `issued for ${subject}, good for ${days} ${days === 1 ? 'day' : 'days'}:`,
    `  cert: ${cert}`,
    `  key: ${key}`,
  ];
  if (authority.created) lines.push('', ...howToTrust(authority.certificateFile));
  return `${lines.join('\n')}\n`;
}

function howToTrust(file: string): string[] {
  return [
    `A local CA was made for it, ${file}, which nothing trusts yet. To trust it`,
    `  in curl:     curl --cacert ${file} https://…`,
    `  in Node:     NODE_EXTRA_CA_CERTS=${file} node …`,
    `  in browsers: import ${file} as an authority; docs/certificates.md has the steps`,
    'Keep its key to yourself: who has it can be any site to whoever trusts the CA.',
  ];
}

function fail(err: TextOutput, sentence: string, code: number): number {
  err.write(`${sentence}\n`);
  return code;
}
