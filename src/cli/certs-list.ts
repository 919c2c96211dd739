import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateSettings } from '../core/settings.ts';
import {
  certificateNames,
  daysLeft,
  describeKey,
  RENEWAL_DAYS,
  shortName,
} from '../tls/certificate-facts.ts';
import { splitPem } from '../tls/pem.ts';
import type { TextOutput } from './explain.ts';

/** One line of the list; keys and values of `--json` as well. */
interface Row {
  readonly file: string;
  readonly names: readonly string[];
  readonly keyType: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly notAfter: string;
  readonly daysLeft: number;
  readonly state: 'valid' | 'expiring' | 'expired' | 'not-yet-valid' | 'unreadable';
}

/** `certs list`: what is in a directory, or what a configuration names. `now` is in milliseconds since the epoch. */
export function listCertificates(
  source: string | readonly CertificateSettings[],
  options: { readonly json: boolean; readonly now: number },
  out: TextOutput,
  err: TextOutput,
): number {
  let files: readonly PemFile[];
  try {
    files = typeof source === 'string' ? readDirectory(source) : source.map(settingsFile);
  } catch (error) {
    err.write(`${(error as Error).message}\n`);
    return 2;
  }
  const rows = files.map((file) => describeFile(file, options.now));
  out.write(options.json ? `${JSON.stringify(rows, undefined, 2)}\n` : formatTable(rows));
  return 0;
}

interface PemFile {
  readonly file: string;
  readonly text: string;
}

/** The PEM files that hold a certificate; keys and strangers are passed over. */
function readDirectory(directory: string): PemFile[] {
  return readdirSync(directory)
    .filter((name) => /\.(?:pem|crt|cer)$/.test(name))
    .sort()
    .map((name) => ({ file: join(directory, name), text: readFileSync(join(directory, name), 'latin1') }))
    .filter(({ text }) => text.includes('-----BEGIN CERTIFICATE-----'));
}

function settingsFile(settings: CertificateSettings): PemFile {
  return { file: settings.certFile, text: settings.cert };
}

function describeFile({ file, text }: PemFile, now: number): Row {
  try {
    const leaf = new X509Certificate(splitPem(text, 'CERTIFICATE')[0] ?? '');
    return {
      file,
      names: leaf.ca ? [`${shortName(leaf.subject)} (authority)`] : certificateNames(leaf),
      keyType: describeKey(leaf.publicKey),
      issuer: leaf.subject === leaf.issuer ? 'itself' : shortName(leaf.issuer),
      notAfter: leaf.validToDate.toISOString(),
      daysLeft: daysLeft(leaf, now),
      state: stateOf(leaf, now),
    };
  } catch {
    return { file, names: [], keyType: '', issuer: '', notAfter: '', daysLeft: 0, state: 'unreadable' };
  }
}

function stateOf(certificate: X509Certificate, now: number): Row['state'] {
  if (certificate.validToDate.getTime() < now) return 'expired';
  if (certificate.validFromDate.getTime() > now) return 'not-yet-valid';
  return daysLeft(certificate, now) < RENEWAL_DAYS ? 'expiring' : 'valid';
}

const MARKS: Readonly<Record<Row['state'], string>> = {
  valid: '',
  expiring: '! renew soon',
  expired: '! EXPIRED',
  'not-yet-valid': '! NOT YET VALID',
  unreadable: '! UNREADABLE',
};

function formatTable(rows: readonly Row[]): string {
  if (rows.length === 0) return 'no certificates\n';
  const cells = [
    ['FILE', 'NAMES', 'KEY', 'ISSUER', 'EXPIRES', 'DAYS', ''],
    ...rows.map((row) => [
      row.file,
      shortList(row.names),
      row.keyType,
      row.issuer,
      row.notAfter.slice(0, 10),
      row.state === 'unreadable' ? '' : String(row.daysLeft),
      MARKS[row.state],
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map((line) => `${line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

function shortList(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
