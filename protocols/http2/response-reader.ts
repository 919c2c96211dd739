import { parseDecimal } from '../http/characters.ts';
import { parseContentLength } from '../http/content-length.ts';
import type { HeaderList } from '../http/header-list.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../http/message.ts';
import type { Http2Rule } from './errors.ts';
import { checkField, isPseudo } from './field-rules.ts';

/** A response head with what only its connection needs to know. */
export interface ReadResponse {
  readonly head: ResponseHead;
  /** Content-Length; -1: none was sent. */
  readonly declaredLength: number;
}

/**
 * Makes a response head of a decoded header section, or names the rule it breaks (RFC 9113, sections 8.2 and 8.3.2). `neverIndexed`:
 * names that came as never-indexed.
 */
export function readResponse(
  fields: HeaderList,
  neverIndexed: readonly string[] | undefined,
): ReadResponse | Http2Rule {
  if (fields[0] !== ':status') return 'missing-pseudo';
  const status = parseDecimal(fields[1]!, 0, fields[1]!.length, 3);
  // 101 belongs to HTTP/1.1 (section 8.6).
  if (status < 100 || status > 599 || status === 101) return 'bad-status';
  const headers: string[] = [];
  let declaredLength = -1;
  for (let i = 2; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (isPseudo(name)) return name === ':status' ? 'repeated-pseudo' : 'unknown-pseudo';
    const rule = checkField(name, value);
    if (rule !== undefined) return rule;
    if (name !== 'content-length') {
      headers.push(name, value);
      continue;
    }
    if (declaredLength >= 0) return 'bad-content-length';
    declaredLength = parseContentLength(value);
    if (declaredLength < 0) return 'bad-content-length';
  }
  const length = status < 200 || status === 204 ? 0 : declaredLength >= 0 ? declaredLength : UNKNOWN_LENGTH;
  const secrets = neverIndexed === undefined ? undefined : new Set(neverIndexed);
  return { head: new ResponseHead(status, '', headers, length, secrets), declaredLength };
}
