import { isFieldValue, isToken } from '../http/characters.ts';
import type { Http2Rule } from './errors.ts';

/** Fields of HTTP/1 connections, which a message here may not have (RFC 9113, section 8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** The rule that a regular field breaks (RFC 9113, section 8.2). */
export function checkField(name: string, value: string): Http2Rule | undefined {
  if (!isLowerToken(name)) return 'bad-field-name';
  if (!isFieldValue(value, 0, value.length) || hasOuterBlanks(value)) return 'bad-field-value';
  if (CONNECTION_FIELDS.has(name) || (name === 'te' && value !== 'trailers')) return 'connection-field';
  return undefined;
}

/** Whether a name is that of a pseudo-header field (RFC 9113, section 8.3). */
export function isPseudo(name: string): boolean {
  return name.charCodeAt(0) === COLON;
}

const COLON = 0x3a;

function isLowerToken(name: string): boolean {
  if (!isToken(name, 0, name.length)) return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) return false;
  }
  return true;
}

function hasOuterBlanks(value: string): boolean {
  return value !== '' && (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1)));
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
