import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readFault } from '../config/include.ts';
import type { CertificateSettings } from '../core/settings.ts';
import type { StapleStatus } from '../core/staple.ts';
import type { CertificateStatus } from '../telemetry/admin-status.ts';
import { daysLeft } from '../tls/certificate-facts.ts';
import {
  type CertificateState,
  type CertificateSummary,
  certificateState,
  summarizeCertificate,
} from '../tls/certificate-summary.ts';
import type { TextOutput } from './explain.ts';

/** What a running server serves at this moment. */
export interface ServedCertificates {
  /** Which server that is, for people. */
  readonly server: string;
  readonly certificates: readonly CertificateStatus[];
}

/** One line of the list; keys and values of `--json` as well. */
interface Row extends CertificateSummary {
  readonly file: string;
  readonly daysLeft: number;
  readonly state: CertificateState | 'not-obtained';
  /** Whether a running server said so, or the files did. */
  readonly source: 'server' | 'files';
  /** Only a server knows. */
  readonly ocsp?: StapleStatus;
}

/** Where the list comes from: a running server, a directory, or the files that a configuration names. */
export type ListSource =
  | ServedCertificates
  | { readonly directory: string }
  /** `because`: why no running server was asked or answered. */
  | { readonly certificates: readonly ListedCertificate[]; readonly because: string };

/** `cert` is '' for one that ACME has not obtained yet. */
export type ListedCertificate = Pick<CertificateSettings, 'cert' | 'certFile'>;

/** `certs list`. `now` is in milliseconds since the epoch. */
export function listCertificates(
  source: ListSource,
  options: { readonly json: boolean; readonly now: number },
  out: TextOutput,
  err: TextOutput,
): number {
  let rows: readonly Row[];
  try {
    rows = rowsOf(source, options.now);
  } catch (error) {
    err.write(`${(error as Error).message}\n`);
    return 2;
  }
  out.write(options.json ? `${JSON.stringify(rows, undefined, 2)}\n` : title(source) + formatTable(rows));
  return 0;
}

function rowsOf(source: ListSource, now: number): Row[] {
  if ('directory' in source) return readDirectory(source.directory).map((file) => describeFile(file, now));
  if ('server' in source) return source.certificates.map(servedRow);
  return source.certificates.map(({ certFile, cert }) => describeFile({ file: certFile, text: cert }, now));
}

function title(source: ListSource): string {
  if ('directory' in source) return '';
  return 'server' in source
    ? `served now by ${source.server}:\n`
    : `what the files hold, because ${source.because}:\n`;
}

interface PemFile {
  readonly file: string;
  readonly text: string;
}

/** The PEM files that hold a certificate; keys and strangers are passed over. */
function readDirectory(directory: string): PemFile[] {
  return namesIn(directory)
    .filter((name) => /\.(?:pem|crt|cer)$/.test(name))
    .sort()
    .map((name) => ({ file: join(directory, name), text: textIn(join(directory, name)) }))
    .filter(({ text }) => text.includes(BEGIN));
}

/** A pipe or a directory is a stranger, too. What cannot be read is listed as a certificate that cannot: it may have been one. */
function textIn(file: string): string {
  try {
    return statSync(file).isFile() ? readFileSync(file, 'latin1') : '';
  } catch {
    return BEGIN;
  }
}

const BEGIN = '-----BEGIN CERTIFICATE-----';

/** Throws an Error with a sentence for people. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const fault = isMissing ? 'no such directory' : readFault(error);
    throw new Error(`${directory}: cannot be read: ${fault}\n  hint: --dir is a directory with PEM files`);
  }
}

function describeFile({ file, text }: PemFile, now: number): Row {
  const summary = summarizeCertificate(text);
  const state = text === '' ? 'not-obtained' : certificateState(summary, now);
  const left = summary.notAfter === '' ? 0 : daysLeft({ validToDate: new Date(summary.notAfter) }, now);
  return { file, ...summary, daysLeft: left, state, source: 'files' };
}

function servedRow({ hosts, names, ...status }: CertificateStatus): Row {
  return {
    ...status,
    names: names.length > 0 ? names : hosts,
    state: status.state as CertificateState,
    source: 'server',
  };
}

const MARKS: Readonly<Record<Row['state'], string>> = {
  valid: '',
  expiring: '! renew soon',
  expired: '! EXPIRED',
  'not-yet-valid': '! NOT YET VALID',
  'not-obtained': '! NOT OBTAINED YET',
  unreadable: '! UNREADABLE',
};

function formatTable(rows: readonly Row[]): string {
  if (rows.length === 0) return 'no certificates\n';
  const cells = [
    ['FILE', 'NAMES', 'KEY', 'ISSUER', 'SHA-256', 'OCSP', 'EXPIRES', 'DAYS', ''],
    ...rows.map((row) => [
      row.file,
      shortList(row.names),
      row.keyType,
      row.issuer,
      row.fingerprint.slice(0, SHOWN_FINGERPRINT),
      row.ocsp?.state ?? '',
      row.notAfter.slice(0, 10),
      row.notAfter === '' ? '' : String(row.daysLeft),
      MARKS[row.state],
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map((line) => `${line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

/** The first six bytes: enough to tell an old certificate from a new one. */
const SHOWN_FINGERPRINT = 17;

function shortList(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
