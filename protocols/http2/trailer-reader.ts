import { isForbiddenInTrailers } from '../http/forbidden-trailers.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { Http2Rule } from './errors.ts';
import { checkField, isPseudo } from './field-rules.ts';

/** The rule that a trailer section breaks (RFC 9113, section 8.1); undefined: none. */
export function checkTrailers(fields: HeaderList): Http2Rule | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (isPseudo(name)) return 'unknown-pseudo';
    const rule = checkField(name, fields[i + 1]!);
    if (rule !== undefined) return rule;
    if (isForbiddenInTrailers(name)) return 'forbidden-trailer';
  }
  return undefined;
}
