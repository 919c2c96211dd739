import { isToken } from '../http/characters.ts';
import { parseContentLength } from '../http/content-length.ts';
import { trimBlanks } from '../http/header-list.ts';
import type { HttpVersion } from '../http/message.ts';
import type { Http1Rule } from './errors.ts';

/**
 * Content-Length and Transfer-Encoding of one section, judged together (RFC 9112, sections 6.1 to 6.3). Whatever two
 * implementations might read differently is refused: that is all that request smuggling lives on.
 */
export class FramingFields {
  /** The declared length; -1 when there is none. */
  length = -1;
  chunked = false;
  #transferEncodings = 0;
  #unknownCoding = false;

  add(name: 'content-length' | 'transfer-encoding', value: string): Http1Rule | undefined {
    return name === 'content-length' ? this.#addLength(value) : this.#addCoding(value);
  }

  /** What is wrong with the section as a whole. */
  check(version: HttpVersion): Http1Rule | undefined {
    if (this.#transferEncodings === 0) return undefined;
    if (this.length >= 0) return 'both-framings';
    if (version === '1.0') return 'transfer-encoding-in-http-1.0';
    return this.#unknownCoding ? 'transfer-coding-unknown' : undefined;
  }

  #addLength(value: string): Http1Rule | undefined {
    if (this.length >= 0) return 'repeated-content-length';
    this.length = parseContentLength(value);
    if (this.length >= 0) return undefined;
    return value.includes(',') ? 'repeated-content-length' : 'bad-content-length';
  }

  #addCoding(value: string): Http1Rule | undefined {
    this.#transferEncodings += 1;
    if (this.#transferEncodings > 1) return 'bad-transfer-encoding';
    if (value.toLowerCase() === 'chunked') {
      this.chunked = true;
      return undefined;
    }
    const codings = value.split(',').map((coding) => trimBlanks(coding).toLowerCase());
    if (!codings.every((coding) => isToken(coding, 0, coding.length))) return 'bad-transfer-encoding';
    // chunked must be there once and be last; with other codings before it we would have to undo those.
    const chunkedAt = codings.indexOf('chunked');
    if (chunkedAt >= 0 && chunkedAt < codings.length - 1) return 'bad-transfer-encoding';
    // Said when nothing worse is found: what is ambiguous as well is answered as ambiguous.
    this.#unknownCoding = true;
    return undefined;
  }
}
