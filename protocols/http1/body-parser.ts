import type { Buffer } from 'node:buffer';
import { hexDigit, isFieldValue, isToken } from '../http/characters.ts';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import { type Http1Fault, type Http1Rule, http1Fault } from './errors.ts';
import {
  type Http1Limits,
  MAX_CHUNK_EXTENSION_BYTES,
  MAX_CHUNK_LINE_BYTES,
  MAX_CHUNK_SIZE_DIGITS,
} from './limits.ts';
import { FAULTY, NEED_MORE } from './section-parser.ts';
import { TrailerParser } from './trailer-parser.ts';

/** Where a body's bytes go. */
export interface BodySink {
  /** bytes[start, end) belong to the body; valid during the call (see BytesOwner). */
  bodyData(bytes: Buffer, start: number, end: number): void;
}

/**
 * Finds the end of one body after the other (RFC 9112, sections 6 and 7) and shows its bytes to a sink.
 *
 *   sized ── n bytes ──────────────────────────────────────────────────────────► done
 *   size ── digits ──► extension ──► data ── n bytes ──► data-end ──► size      (chunked)
 *     └── "0" ─────────────────────► trailers ────────────────────────────────► done
 *   until-close: everything, until the peer ends its direction
 */
export class BodyParser {
  fault: Http1Fault | undefined = undefined;
  /** Complete when `receive` has returned the end of a body. */
  trailers: HeaderList = NO_HEADERS;

  readonly #sink: BodySink;
  readonly #trailerParser: TrailerParser;
  #state: 'sized' | 'until-close' | 'size' | 'extension' | 'data' | 'data-end' | 'trailers' = 'sized';
  /** Of the sized body, or of the current chunk. */
  #remaining = 0;
  #digits = 0;
  #line = '';
  #extensionBytes = 0;
  /** CR of a CRLF was seen. */
  #afterCr = false;

  constructor(sink: BodySink, limits: Http1Limits) {
    this.#sink = sink;
    this.#trailerParser = new TrailerParser(limits);
  }

  /** A body of exactly `length` bytes begins (not 0). */
  startSized(length: number): void {
    this.#state = 'sized';
    this.#remaining = length;
    this.trailers = NO_HEADERS;
  }

  startChunked(): void {
    this.trailers = NO_HEADERS;
    this.#extensionBytes = 0;
    this.#trailerParser.next();
    this.#startChunk();
  }

  startUntilClose(): void {
    this.#state = 'until-close';
    this.trailers = NO_HEADERS;
  }

  /** Whether the end of the peer's direction is the end of this body. */
  get endsWithConnection(): boolean {
    return this.#state === 'until-close';
  }

  /** Takes bytes[start, end). Gives the index behind the body's end, NEED_MORE or FAULTY. */
  receive(bytes: Buffer, start: number, end: number): number {
    let position = start;
    while (position < end) {
      switch (this.#state) {
        case 'until-close':
          this.#sink.bodyData(bytes, position, end);
          return NEED_MORE;
        case 'sized':
        case 'data': {
          const to = end - position > this.#remaining ? position + this.#remaining : end;
          this.#remaining -= to - position;
          this.#sink.bodyData(bytes, position, to);
          position = to;
          if (this.#remaining > 0) return NEED_MORE;
          if (this.#state === 'sized') return position;
          this.#state = 'data-end';
          this.#afterCr = false;
          break;
        }
        case 'trailers': {
          const after = this.#trailerParser.receive(bytes, position, end);
          if (after === FAULTY) this.fault = this.#trailerParser.fault;
          else if (after !== NEED_MORE) this.trailers = this.#trailerParser.trailers;
          return after;
        }
        default: {
          const rule = this.#framingByte(bytes[position]!);
          if (rule !== undefined) {
            this.fault = http1Fault(rule);
            return FAULTY;
          }
          position += 1;
        }
      }
    }
    return NEED_MORE;
  }

  #startChunk(): void {
    this.#state = 'size';
    this.#remaining = 0;
    this.#digits = 0;
    this.#line = '';
    this.#afterCr = false;
  }

  /** One octet of chunk framing: size, extension, or the CRLF behind the data. */
  #framingByte(octet: number): Http1Rule | undefined {
    if (this.#afterCr) {
      if (octet !== LF) return this.#state === 'data-end' ? 'bad-chunk-end' : 'bare-cr';
      if (this.#state === 'data-end') this.#startChunk();
      else return this.#endOfSizeLine();
      return undefined;
    }
    if (octet === CR) {
      if (this.#state === 'size' && this.#digits === 0) return 'bad-chunk-size';
      this.#afterCr = true;
      return undefined;
    }
    if (this.#state === 'data-end') return octet === LF ? 'bare-lf' : 'bad-chunk-end';
    if (octet === LF) return this.#digits === 0 ? 'bad-chunk-size' : 'bare-lf';
    if (this.#state === 'extension') return this.#extensionByte(octet);
    const digit = hexDigit(octet);
    if (digit >= 0) {
      this.#digits += 1;
      if (this.#digits > MAX_CHUNK_SIZE_DIGITS) return 'bad-chunk-size';
      this.#remaining = this.#remaining * 16 + digit;
      return undefined;
    }
    if (this.#digits === 0 || (octet !== SEMICOLON && octet !== SP && octet !== HTAB))
      return 'bad-chunk-size';
    this.#state = 'extension';
    return this.#extensionByte(octet);
  }

  #extensionByte(octet: number): Http1Rule | undefined {
    this.#extensionBytes += 1;
    const lineBytes = this.#digits + this.#line.length + 1;
    if (lineBytes > MAX_CHUNK_LINE_BYTES || this.#extensionBytes > MAX_CHUNK_EXTENSION_BYTES) {
      return 'chunk-extension-too-long';
    }
    this.#line += String.fromCharCode(octet);
    return undefined;
  }

  #endOfSizeLine(): Http1Rule | undefined {
    if (this.#line !== '' && !isChunkExtension(this.#line)) return 'bad-chunk-extension';
    this.#afterCr = false;
    this.#state = this.#remaining > 0 ? 'data' : 'trailers';
    return undefined;
  }
}

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const QUOTE = 0x22;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) (RFC 9112, section 7.1.1). */
function isChunkExtension(text: string): boolean {
  let i = 0;
  while (i < text.length) {
    i = skipBlanks(text, i);
    if (text.charCodeAt(i) !== SEMICOLON) return false;
    i = skipBlanks(text, i + 1);
    const nameEnd = tokenEnd(text, i);
    if (nameEnd === i) return false;
    i = nameEnd;
    const equals = skipBlanks(text, i);
    if (text.charCodeAt(equals) !== EQUALS) continue;
    i = skipBlanks(text, equals + 1);
    const valueEnd = text.charCodeAt(i) === QUOTE ? quotedEnd(text, i) : tokenEnd(text, i);
    if (valueEnd <= i) return false;
    i = valueEnd;
  }
  return true;
}

function skipBlanks(text: string, from: number): number {
  let i = from;
  while (text.charCodeAt(i) === SP || text.charCodeAt(i) === HTAB) i++;
  return i;
}

function tokenEnd(text: string, from: number): number {
  let i = from;
  while (i < text.length && isToken(text, i, i + 1)) i++;
  return i;
}

/** Index behind a quoted-string that begins at `from`, or -1. */
function quotedEnd(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i + 1;
    if (!isFieldValue(text, i, i + 1)) return -1;
    if (code === BACKSLASH && !isFieldValue(text, ++i, i + 1)) return -1;
  }
  return -1;
}
