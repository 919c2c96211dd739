import { ConditionFault, type TextPlace } from './condition-fault.ts';

export interface Token extends TextPlace {
  readonly kind: TokenKind;
  /** Of a text: what it means; of all others: as written. */
  readonly value: string;
}

export type TokenKind = 'name' | 'text' | 'number' | '(' | ')' | ',' | '!' | '&&' | '||' | 'end';

/**
 * Cuts the text of a condition into tokens. `escapes`: whether `\n` in double quotes is a line feed (`decode`), or stays two
 * characters as BFE, which only checks escapes, leaves them (`keep`).
 */
export class Scanner {
  readonly #text: string;
  readonly #escapes: 'decode' | 'keep';
  #at = 0;

  constructor(text: string, escapes: 'decode' | 'keep') {
    this.#text = text;
    this.#escapes = escapes;
  }

  next(): Token {
    this.#skipBlanks();
    const start = this.#at;
    const char = this.#text[start];
    switch (char) {
      case undefined:
        return this.#token('end', start);
      case '(':
      case ')':
      case ',':
      case '!':
        this.#at += 1;
        return this.#token(char, start);
      case '&':
      case '|':
        return this.#operator(`${char}${char}` as '&&' | '||', start);
      case '"':
        return this.#quoted(start);
      case '`':
        return this.#raw(start);
    }
    if (NAME_START.test(char)) return this.#run(NAME_PART, 'name', start);
    if (DIGIT.test(char)) return this.#run(NAME_PART, 'number', start);
    throw this.#unexpected(start);
  }

  #skipBlanks(): void {
    for (;;) {
      while (BLANK.test(this.#text[this.#at] ?? '')) this.#at += 1;
      if (!this.#text.startsWith('//', this.#at)) return;
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#text.length : end;
    }
  }

  #operator(operator: '&&' | '||', start: number): Token {
    if (!this.#text.startsWith(operator, start)) {
      const place = { offset: start, length: 1 };
      throw new ConditionFault(`a single ${operator[0]} means nothing here`, place, `write ${operator}`);
    }
    this.#at += 2;
    return this.#token(operator, start);
  }

  #run(part: RegExp, kind: TokenKind, start: number): Token {
    while (part.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#token(kind, start);
  }

  #raw(start: number): Token {
    const end = this.#text.indexOf('`', start + 1);
    if (end < 0) throw this.#unclosed(start, '`');
    this.#at = end + 1;
    // As in Go, so that a file with CRLF means the same.
    return this.#token('text', start, this.#text.slice(start + 1, end).replaceAll('\r', ''));
  }

  #quoted(start: number): Token {
    let value = '';
    this.#at = start + 1;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n') throw this.#unclosed(start, '"');
      if (char === '\\') {
        value += this.#escape();
        continue;
      }
      this.#at += 1;
      if (char === '"') return this.#token('text', start, value);
      value += char;
    }
  }

  /** Go's escapes, and `\.`, which BFE lets through for patterns: it means itself. */
  #escape(): string {
    const start = this.#at;
    ESCAPE.lastIndex = start;
    const written = ESCAPE.exec(this.#text)?.[0];
    if (written === undefined) {
      const place = { offset: start, length: Math.min(2, this.#text.length - start) };
      const shown = this.#text.slice(start, start + 2);
      throw new ConditionFault(
        `${shown} is not an escape`,
        place,
        'put patterns in back quotes, where a backslash is a backslash: `\\d+`',
      );
    }
    this.#at += written.length;
    const meaning = meaningOf(written);
    if (meaning === undefined) {
      const place = { offset: start, length: written.length };
      throw new ConditionFault(`${written} is not a character`, place, 'write the character itself');
    }
    return this.#escapes === 'keep' ? written : meaning;
  }

  #unclosed(start: number, quote: string): ConditionFault {
    const place = { offset: start, length: this.#text.length - start };
    return new ConditionFault(`the text has no closing ${quote}`, place);
  }

  #unexpected(start: number): ConditionFault {
    const char = String.fromCodePoint(this.#text.codePointAt(start)!);
    const isQuote = QUOTE.test(char);
    const hint = isQuote ? 'texts stand in double quotes or in back quotes' : undefined;
    const place = { offset: start, length: char.length };
    return new ConditionFault(`unexpected character ${JSON.stringify(char)}`, place, hint);
  }

  #token(kind: TokenKind, start: number, value = this.#text.slice(start, this.#at)): Token {
    return { kind, value, offset: start, length: this.#at - start };
  }
}

const BLANK = /^[ \t\r\n]/;
const NAME_START = /^[A-Za-z_]/;
/** BFE takes a hyphen for a letter. */
const NAME_PART = /^[A-Za-z0-9_-]/;
const DIGIT = /^[0-9]/;
const QUOTE = /^['‘’“”«»]/;

const ESCAPE = /\\(?:[abfnrtv.\\"]|[0-7]{3}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})/y;
const SINGLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '.': '\\.',
  '\\': '\\',
  '"': '"',
};

/** Undefined: no character. Octal and `\x` name octets in Go, which are characters up to 7F only. */
function meaningOf(written: string): string | undefined {
  const single = SINGLE[written[1]!];
  if (single !== undefined) return single;
  const isOctal = /\d/.test(written[1]!);
  const code = isOctal ? Number.parseInt(written.slice(1), 8) : Number.parseInt(written.slice(2), 16);
  const isOctet = isOctal || written[1] === 'x';
  if (code > (isOctet ? 0x7f : 0x10ffff) || (code >= 0xd800 && code < 0xe000)) return undefined;
  return String.fromCodePoint(code);
}
