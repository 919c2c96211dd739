import { isFieldValue, parseDecimal } from '../http/characters.ts';
import { listTokens } from '../http/header-list.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../http/message.ts';
import type { Http1Rule } from './errors.ts';
import { FramingFields } from './framing-fields.ts';
import type { Http1Limits } from './limits.ts';
import { SectionParser } from './section-parser.ts';

/** A response head with what only its connection needs to know. */
export interface ParsedResponse {
  readonly head: ResponseHead;
  readonly chunked: boolean;
  /** The backend leaves the connection open after this response (RFC 9112, section 9.3). */
  readonly keepAlive: boolean;
  /** By its version the backend knows HTTP/1.1. */
  readonly isHttp11: boolean;
  /** For 101: the protocol switched to, lower-case; else ''. */
  readonly upgrade: string;
}

/** Status line and header section of one response after the other, interim ones included (RFC 9112, sections 4 and 5). */
export class ResponseParser extends SectionParser {
  /** Set when `receive` has returned the end of a head. */
  response: ParsedResponse | undefined = undefined;

  #status = 0;
  #reason = '';
  #isHttp10 = false;

  constructor(limits: Http1Limits) {
    super(limits, true);
  }

  /** Makes ready for the next head. */
  next(): void {
    this.response = undefined;
    this.restart(true);
  }

  protected override leadingBlankLine(): Http1Rule | undefined {
    // The leniency of RFC 9112, section 2.2, is for requests; here it is what is left of a response longer than it said.
    return 'bad-status-line';
  }

  protected override startLine(text: string, start: number, end: number): Http1Rule | undefined {
    const version = text.slice(start, start + 9);
    this.#isHttp10 = version === 'HTTP/1.0 ';
    if (!this.#isHttp10 && version !== 'HTTP/1.1 ') {
      // A higher minor version is to be read as the highest that we know (RFC 9110, section 6.2).
      if (!/^HTTP\/\d\.\d $/.test(version)) return 'bad-status-line';
      if (version[5] !== '1') return 'version-not-supported';
    }
    const afterStatus = start + 12;
    const status = parseDecimal(text, start + 9, afterStatus, 3);
    // The space behind the status is due even when the reason phrase is empty (RFC 9112, section 4).
    if (status < 100 || status > 599 || text.charCodeAt(afterStatus) !== 0x20 || afterStatus >= end)
      return 'bad-status-line';
    if (!isFieldValue(text, afterStatus + 1, end)) return 'bad-status-line';
    this.#status = status;
    this.#reason = text.slice(afterStatus + 1, end);
    return undefined;
  }

  protected override finish(): Http1Rule | undefined {
    const { fields } = this;
    const status = this.#status;
    const framing = new FramingFields();
    const headers: string[] = [];
    let connection: string | undefined;
    let upgrade = '';
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      const value = fields[i + 1]!;
      if (name === 'content-length' || name === 'transfer-encoding') {
        const rule = framing.add(name, value);
        if (rule !== undefined) return rule;
        continue;
      }
      if (name === 'connection') connection = connection === undefined ? value : `${connection},${value}`;
      else if (name === 'upgrade') upgrade = value.toLowerCase();
      headers.push(name, value);
    }
    const broken = framing.check(this.#isHttp10 ? '1.0' : '1.1');
    if (broken !== undefined) return broken;
    // RFC 9112, section 6.1: no Transfer-Encoding in 1xx and 204.
    if (framing.chunked && (status < 200 || status === 204)) return 'unexpected-body';

    const options = connection === undefined ? [] : listTokens(connection);
    const length = framing.length >= 0 ? framing.length : UNKNOWN_LENGTH;
    this.response = {
      head: new ResponseHead(status, this.#reason, headers, status < 200 || status === 204 ? 0 : length),
      chunked: framing.chunked,
      isHttp11: !this.#isHttp10,
      keepAlive: this.#isHttp10
        ? options.includes('keep-alive') && !options.includes('close')
        : !options.includes('close'),
      upgrade: status === 101 && options.includes('upgrade') ? upgrade : '',
    };
    return undefined;
  }
}
