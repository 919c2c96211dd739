import type { X509Certificate } from 'node:crypto';
import { DER_GENERALIZED_TIME, DER_INTEGER, DER_SEQUENCE, DER_UTC_TIME, DerReader } from './der-reader.ts';

/** What is told at the beginning of a list of revoked certificates (RFC 5280, section 5.1). */
export interface CertificateCrl {
  /** DER of the issuer's name. */
  readonly issuer: Buffer;
  /** When the next list is due, milliseconds since the epoch; undefined: it does not say. OpenSSL believes no list past it. */
  readonly nextUpdate: number | undefined;
}

/** Undefined for what is no such list. Signatures are for OpenSSL to verify, when it uses the list. */
export function readCrl(pem: string): CertificateCrl | undefined {
  const base64 = pem.replace(/-----[^-]+-----/g, '');
  const list = new DerReader(Buffer.from(base64, 'base64')).next();
  const body = list.content.next();
  if (list.tag !== DER_SEQUENCE || body.tag !== DER_SEQUENCE) return undefined;
  const fields = body.content;
  if (fields.peek() === DER_INTEGER) fields.next(); // version
  const algorithm = fields.next();
  const issuer = fields.next();
  const thisUpdate = fields.next();
  if (algorithm.tag !== DER_SEQUENCE || issuer.tag !== DER_SEQUENCE || !isTime(thisUpdate.tag))
    return undefined;
  const nextUpdate = isTime(fields.peek()) ? readTime(fields.next().text) : undefined;
  return { issuer: issuer.raw, nextUpdate };
}

/** DER of a certificate's subject, which is how a list names its issuer. */
export function subjectBytes(certificate: X509Certificate): Buffer {
  const fields = new DerReader(certificate.raw).next().content.next().content;
  if (fields.peek() === VERSION) fields.next();
  for (let i = 0; i < SUBJECT_POSITION; i++) fields.next();
  return fields.next().raw;
}

/** [0], absent in version 1. */
const VERSION = 0xa0;
/** Behind serial number, algorithm, issuer and validity. */
const SUBJECT_POSITION = 4;

function isTime(tag: number): boolean {
  return tag === DER_UTC_TIME || tag === DER_GENERALIZED_TIME;
}

/** `YYMMDDHHMMSSZ`, with years from 1950 on, or `YYYYMMDDHHMMSSZ`. */
function readTime(text: string): number | undefined {
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, ...number[]];
  const full = match[1]!.length === 4 ? year : year + (year < 50 ? 2000 : 1900);
  return Date.UTC(full, month! - 1, day, hour, minute, second);
}
