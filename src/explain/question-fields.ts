import { isValidAuthority } from '../../protocols/http/authority.ts';
import { parseContentLength } from '../../protocols/http/content-length.ts';
import { isToken } from '../core/request-text.ts';

export interface QuestionFields {
  /** What stands for that of the URL. */
  readonly host: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * The fields of a question, each `name: value`, or a sentence that says what is wrong. Those that only frame a request, and that nobody
 * behind its reader is shown, are left out here too; what it refuses is answered before anything is decided.
 */
export function readQuestionFields(fields: readonly string[]): QuestionFields | string {
  const headers: (readonly [string, string])[] = [];
  let host: string | undefined;
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(0, colon)).toLowerCase();
    const value = field.slice(colon + 1).trim();
    if (!isToken(name) || CONTROL.test(value))
      return `not a header ('name: value'): ${JSON.stringify(field).slice(1, -1)}`;
    switch (name) {
      case 'host':
        if (host !== undefined) return 'a second Host is answered with 400 before anything is decided';
        if (!isValidAuthority(value)) return `not a host with an optional port: ${value}`;
        host = value;
        continue;
      case 'content-length':
        if (parseContentLength(value) < 0)
          return 'such a Content-Length is answered with 400 before anything is decided';
        continue;
      case 'transfer-encoding':
        if (value.toLowerCase() !== 'chunked')
          return 'a Transfer-Encoding other than chunked is answered with 501 before anything is decided';
        continue;
      case 'expect':
        if (value.toLowerCase() !== '100-continue')
          return 'an expectation other than 100-continue is answered with 417 before anything is decided';
        continue;
    }
    headers.push([name, value]);
  }
  return { host, headers };
}

/** What no request can bring in a value: it would be refused. */
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
