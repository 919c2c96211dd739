import type { Buffer } from 'node:buffer';
import { isFieldValue, isToken } from '../http/characters.ts';
import { latin1 } from '../http/latin1.ts';
import { type Http1Fault, type Http1Rule, http1Fault } from './errors.ts';
import type { Http1Limits } from './limits.ts';

/** `receive` took everything and wants more. */
export const NEED_MORE = -1;
/** `receive` met a fault: see `fault`. */
export const FAULTY = -2;

/**
 * Reads a start line and a field section line by line (RFC 9112, sections 2.2 and 5). What comes out depends on the
 * bytes only, never on how they were cut: a line is judged when it is complete, and the first faulty one decides.
 *
 * Subclasses give the start line its meaning and build the head from the fields.
 */
export abstract class SectionParser {
  fault: Http1Fault | undefined = undefined;

  protected fields: string[] = [];
  readonly #limits: Http1Limits;
  /** Text of the line that is not complete yet; after a fault, from the line that it was found in. */
  #partial = '';
  /** Bytes of complete lines so far. */
  #sectionBytes = 0;
  #awaitsStartLine: boolean;
  #blankLines = 0;

  constructor(limits: Http1Limits, hasStartLine: boolean) {
    this.#limits = limits;
    this.#awaitsStartLine = hasStartLine;
  }

  /**
   * Takes bytes[start, end). Gives the index behind the section's end, NEED_MORE or FAULTY. Bytes behind the end are not
   * looked at.
   */
  receive(bytes: Buffer, start: number, end: number): number {
    let from = start;
    while (from < end) {
      const to = end - from > WINDOW_BYTES ? from + WINDOW_BYTES : end;
      const taken = this.#takeText(latin1(bytes, from, to));
      if (taken === FAULTY) return FAULTY;
      if (taken !== NEED_MORE) return from + taken;
      from = to;
    }
    return NEED_MORE;
  }

  /** Whether any byte of the section has arrived (leading empty lines do not count). */
  get begun(): boolean {
    return this.#sectionBytes > 0 || this.#partial.length > 0;
  }

  /** Whether nothing at all has arrived since `restart`: what comes next is read as from the start of a section. */
  get untouched(): boolean {
    return !this.begun && this.#blankLines === 0;
  }

  /** What has come of the start line while it is under way or could not be read; '' without one. */
  protected get unreadStartLine(): string {
    return this.#awaitsStartLine ? this.#partial : '';
  }

  /** Forgets everything; ready for the next section. */
  protected restart(hasStartLine: boolean): void {
    this.fields = [];
    this.#partial = '';
    this.#sectionBytes = 0;
    this.#blankLines = 0;
    this.#awaitsStartLine = hasStartLine;
  }

  /** The `count`th empty line before the start line was met. */
  protected abstract leadingBlankLine(count: number): Http1Rule | undefined;
  protected abstract startLine(text: string, start: number, end: number): Http1Rule | undefined;
  /** The empty line was met; `fields` is complete. */
  protected abstract finish(): Http1Rule | undefined;

  /** Index in `window` behind the end of the section, NEED_MORE or FAULTY. */
  #takeText(window: string): number {
    const before = this.#partial.length;
    if (before > 0 && window.indexOf('\n') < 0) {
      // No line ends here: append without looking at what is already there, or a dribbling sender costs us squares.
      this.#partial += window;
      return this.#checkPartial();
    }
    const text = before === 0 ? window : this.#partial + window;
    let position = 0;
    for (;;) {
      const lf = text.indexOf('\n', position);
      if (lf < 0) {
        this.#partial = position === 0 ? text : text.slice(position);
        return this.#checkPartial();
      }
      const rule = this.#line(text, position, lf);
      if (rule === undefined) {
        position = lf + 1;
        continue;
      }
      if (rule !== SECTION_END) {
        this.#partial = text.slice(position);
        return this.#fail(rule);
      }
      this.#partial = '';
      const broken = this.finish();
      return broken === undefined ? lf + 1 - before : this.#fail(broken);
    }
  }

  /** Judges text[start, lf), which a LF ends. */
  #line(text: string, start: number, lf: number): Http1Rule | typeof SECTION_END | undefined {
    const over = this.#overLimit(lf - start, 1);
    if (over !== undefined) return over;
    if (lf === start || text.charCodeAt(lf - 1) !== CR) return 'bare-lf';
    const end = lf - 1;
    if (end === start) {
      if (!this.#awaitsStartLine) return SECTION_END;
      this.#blankLines += 1;
      return this.leadingBlankLine(this.#blankLines);
    }
    this.#sectionBytes += lf + 1 - start;
    if (this.#awaitsStartLine) {
      const rule = this.startLine(text, start, end);
      this.#awaitsStartLine = rule !== undefined;
      return rule;
    }
    return this.#field(text, start, end);
  }

  #field(text: string, start: number, end: number): Http1Rule | undefined {
    if (this.fields.length >= this.#limits.headers * 2) return 'too-many-fields';
    const first = text.charCodeAt(start);
    if (first === SP || first === HTAB) return 'obs-fold';
    const colon = text.indexOf(':', start);
    if (colon < 0 || colon >= end || !isToken(text, start, colon)) {
      return hasBareCr(text, start, end) ? 'bare-cr' : 'bad-field-name';
    }
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    if (!isFieldValue(text, from, to)) return hasBareCr(text, from, to) ? 'bare-cr' : 'bad-field-value';
    this.fields.push(text.slice(start, colon).toLowerCase(), text.slice(from, to));
    return undefined;
  }

  #checkPartial(): typeof NEED_MORE | typeof FAULTY {
    const over = this.#overLimit(this.#partial.length, 0);
    return over === undefined ? NEED_MORE : this.#fail(over);
  }

  /**
   * Which limit a line of `length` bytes breaks (CR counted, LF in `lf`), of which more may be to come; the one that breaks first,
   * however it was cut.
   */
  #overLimit(length: number, lf: 0 | 1): Http1Rule | undefined {
    const { lineBytes, headBytes } = this.#limits;
    const left = headBytes - this.#sectionBytes;
    const isLong = length > lineBytes + 1 && lineBytes + 1 <= left;
    if (!isLong && length + lf <= left) return undefined;
    if (!isLong) return 'head-too-large';
    return this.#awaitsStartLine ? 'target-too-long' : 'field-too-long';
  }

  #fail(rule: Http1Rule): typeof FAULTY {
    this.fault = http1Fault(rule);
    return FAULTY;
  }
}

/** Text is made of at most this many bytes at once, so that a head in front of a big body does not drag it along. */
const WINDOW_BYTES = 8192;

const SECTION_END = 'end';
const HTAB = 0x09;
const CR = 0x0d;
const SP = 0x20;

function isBlank(code: number): boolean {
  return code === SP || code === HTAB;
}

function hasBareCr(text: string, start: number, end: number): boolean {
  const cr = text.indexOf('\r', start);
  return cr >= 0 && cr < end;
}
