/**
 * A fast reader for the plain part of YAML that configurations are written in: block mappings and lists, flow
 * collections, one-line scalars, comments. Whatever else it meets (anchors, tags, block scalars, tabs, duplicate keys,
 * numbers other than whole ones, every error) makes it give up, and the yaml library decides.
 *
 * It exists for one figure: 2.4 MB (10,000 tenants and clusters) take the library 1.5 to 4 s and this reader 0.1 s. A
 * property test holds it to the library's answers; it must never give another value, but may give up at will.
 */
export function readPlainYaml(text: string): PlainValue | undefined {
  return UNUSUAL_CHARACTER.test(text) ? undefined : new PlainReader(text).read();
}

export interface PlainValue {
  readonly value: unknown;
}

/** Tabs, carriage returns, controls, line separators, byte order marks, surrogates. */
const UNUSUAL_CHARACTER = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufdff]/;

/** Deeper files go to the library, which has its own ways to fail. */
const MAX_DEPTH = 64;

/** Sticky patterns: each is tried at one position only. Keys are far below YAML's bound of 1024 characters. */
const KEY = /([A-Za-z_][A-Za-z0-9_.-]{0,199})|"([^"\\\n]{1,200})"|'([^'\n]{1,200})'/y;
const DOUBLE_QUOTED = /"(?:[^"\\\n]|\\["\\/bfnrt])*"/y;
const SINGLE_QUOTED = /'[^'\n]*'(?!')/y;
const FLOW_WORD = /(?:[A-Za-z0-9_/.+]|-(?=\d))(?:[\w/.*+%@=&?~$()^;<>|!-]|:(?=[\w/.])| +(?=[\w/.]))*/y;

/** What YAML's core schema reads as a number; only the simplest is converted here. */
const NUMBER_LIKE =
  /^[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|\.(?:inf|Inf|INF|nan|NaN|NAN)|(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)$/;
const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,14})$/;
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

const NOT_PLAIN = Symbol('not plain');

class PlainReader {
  readonly #text: string;
  #position = 0;
  /** Column of the line's content at #position; -1 at the end of the text. */
  #indent = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PlainValue | undefined {
    this.#seekLine();
    if (this.#indent < 0) return { value: null };
    const value = this.#isFlowStart() ? this.#readRootFlow() : this.#readBlock();
    return value === NOT_PLAIN || this.#indent >= 0 ? undefined : { value };
  }

  #readRootFlow(): unknown {
    const value = this.#readFlow(-1);
    return value !== NOT_PLAIN && this.#endLine() ? value : NOT_PLAIN;
  }

  /** The mapping or list that begins at the current line. */
  #readBlock(): unknown {
    if (this.#depth >= MAX_DEPTH) return NOT_PLAIN;
    this.#depth++;
    const value = this.#isDash() ? this.#readList(this.#indent) : this.#readMapping(this.#indent);
    this.#depth--;
    return value;
  }

  #readMapping(indent: number): unknown {
    const mapping: Record<string, unknown> = {};
    while (this.#indent === indent) {
      const key = this.#readKey();
      if (key === undefined || Object.hasOwn(mapping, key) || !this.#skipColon()) return NOT_PLAIN;
      const value = this.#readEntry(indent, true);
      if (value === NOT_PLAIN) return NOT_PLAIN;
      mapping[key] = value;
    }
    return this.#indent > indent ? NOT_PLAIN : mapping;
  }

  #readList(indent: number): unknown {
    const list: unknown[] = [];
    while (this.#indent === indent && this.#isDash()) {
      this.#position++;
      const value = this.#readEntry(indent, false);
      if (value === NOT_PLAIN) return NOT_PLAIN;
      list.push(value);
    }
    return this.#indent > indent ? NOT_PLAIN : list;
  }

  /** What follows `key:` or `-`: the rest of the line, or the block below it. Leaves the reader on the next line. */
  #readEntry(indent: number, isPair: boolean): unknown {
    const start = this.#position;
    this.#skipSpaces();
    if (this.#isLineEnd()) {
      if (!this.#endLine()) return NOT_PLAIN;
      if (this.#indent > indent) return this.#readBlock();
      // A list may stand in the same column as the key it belongs to.
      return isPair && this.#indent === indent && this.#isDash() ? this.#readList(indent) : null;
    }
    if (!isPair && this.#isPairStart()) {
      this.#indent = indent + 1 + this.#position - start;
      return this.#readBlock();
    }
    const value = this.#isFlowStart() ? this.#readFlow(indent) : this.#readScalar();
    // A deeper line below would continue the scalar.
    return value === NOT_PLAIN || !this.#endLine() || this.#indent > indent ? NOT_PLAIN : value;
  }

  #readScalar(): unknown {
    const first = this.#text[this.#position]!;
    if (first === '"' || first === "'") return this.#readQuoted();
    if (!/[A-Za-z0-9_/.+-]/.test(first)) return NOT_PLAIN;
    let end = this.#lineEnd();
    const line = this.#text.slice(this.#position, end);
    const comment = line.indexOf(' #');
    if (comment >= 0) end = this.#position + comment;
    while (this.#text[end - 1] === ' ') end--;
    const word = this.#text.slice(this.#position, end);
    if (word.includes(': ') || word.endsWith(':') || word.startsWith('- ') || word === '-') return NOT_PLAIN;
    this.#position = end;
    return resolveWord(word);
  }

  #readQuoted(): unknown {
    const isDouble = this.#text[this.#position] === '"';
    const quoted = this.#match(isDouble ? DOUBLE_QUOTED : SINGLE_QUOTED)?.[0];
    if (quoted === undefined) return NOT_PLAIN;
    return isDouble && quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  }

  /** `[…]`, `{…}`, possibly over several lines, all of them deeper than `indent`. */
  #readFlow(indent: number): unknown {
    if (this.#depth >= MAX_DEPTH) return NOT_PLAIN;
    this.#depth++;
    const isList = this.#text[this.#position++] === '[';
    const value = isList ? this.#readFlowList(indent) : this.#readFlowMapping(indent);
    this.#depth--;
    return value;
  }

  #readFlowList(indent: number): unknown {
    const list: unknown[] = [];
    if (!this.#skipFlowSpace(indent)) return NOT_PLAIN;
    if (this.#take(']')) return list;
    for (;;) {
      const value = this.#readFlowValue(indent);
      if (value === NOT_PLAIN || !this.#skipFlowSpace(indent)) return NOT_PLAIN;
      list.push(value);
      if (this.#take(']')) return list;
      if (!this.#take(',') || !this.#skipFlowSpace(indent)) return NOT_PLAIN;
    }
  }

  #readFlowMapping(indent: number): unknown {
    const mapping: Record<string, unknown> = {};
    if (!this.#skipFlowSpace(indent)) return NOT_PLAIN;
    if (this.#take('}')) return mapping;
    for (;;) {
      // As in JSON, nothing need follow the colon of a quoted key.
      const isQuoted = /["']/.test(this.#text[this.#position] ?? '');
      const key = this.#readKey();
      if (key === undefined || Object.hasOwn(mapping, key) || !this.#skipColon(isQuoted)) return NOT_PLAIN;
      const value = this.#skipFlowSpace(indent) ? this.#readFlowValue(indent) : NOT_PLAIN;
      if (value === NOT_PLAIN || !this.#skipFlowSpace(indent)) return NOT_PLAIN;
      mapping[key] = value;
      if (this.#take('}')) return mapping;
      if (!this.#take(',') || !this.#skipFlowSpace(indent)) return NOT_PLAIN;
    }
  }

  #readFlowValue(indent: number): unknown {
    if (this.#isFlowStart()) return this.#readFlow(indent);
    const first = this.#text[this.#position];
    if (first === '"' || first === "'") return this.#readQuoted();
    const word = this.#match(FLOW_WORD)?.[0];
    return word === undefined || word.startsWith('...') ? NOT_PLAIN : resolveWord(word);
  }

  /** Undefined for a key that would not be a string, and for the one name that a plain object cannot hold. */
  #readKey(): string | undefined {
    const [, plain, double, single] = this.#match(KEY) ?? [];
    if (plain !== undefined && WORDS.has(plain)) return undefined;
    const key = plain ?? double ?? single;
    return key === '__proto__' ? undefined : key;
  }

  #skipColon(isJson = false): boolean {
    if (this.#text[this.#position] !== ':') return false;
    const next = this.#text[this.#position + 1];
    if (!isJson && next !== ' ' && next !== '\n' && next !== undefined) return false;
    this.#position++;
    return true;
  }

  #isPairStart(): boolean {
    const start = this.#position;
    const isPair = this.#match(KEY) !== null && this.#skipColon();
    this.#position = start;
    return isPair;
  }

  #isFlowStart(): boolean {
    const first = this.#text[this.#position];
    return first === '[' || first === '{';
  }

  #isDash(): boolean {
    const next = this.#text[this.#position + 1];
    return this.#text[this.#position] === '-' && (next === ' ' || next === '\n' || next === undefined);
  }

  /** Nothing more on this line but a comment, which needs a space before it. */
  #isLineEnd(): boolean {
    const next = this.#text[this.#position];
    return next === undefined || next === '\n' || (next === '#' && this.#text[this.#position - 1] === ' ');
  }

  #endLine(): boolean {
    this.#skipSpaces();
    if (!this.#isLineEnd()) return false;
    this.#position = this.#lineEnd() + 1;
    this.#seekLine();
    return true;
  }

  /** From the start of a line to the content of the next line that has any. */
  #seekLine(): void {
    while (this.#position < this.#text.length) {
      const start = this.#position;
      this.#skipSpaces();
      const first = this.#text[this.#position];
      if (first !== undefined && first !== '\n' && first !== '#') {
        this.#indent = this.#position - start;
        return;
      }
      this.#position = this.#lineEnd() + 1;
    }
    this.#indent = -1;
  }

  /** Spaces, line ends and comments; false when a line inside the collection is not deeper than `indent`. */
  #skipFlowSpace(indent: number): boolean {
    this.#skipSpaces();
    if (!this.#isLineEnd()) return true;
    this.#position = this.#lineEnd() + 1;
    this.#seekLine();
    return this.#indent > indent;
  }

  #skipSpaces(): void {
    while (this.#text[this.#position] === ' ') this.#position++;
  }

  #lineEnd(): number {
    const end = this.#text.indexOf('\n', this.#position);
    return end < 0 ? this.#text.length : end;
  }

  #take(character: string): boolean {
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#position = pattern.lastIndex;
    return match;
  }
}

function resolveWord(word: string): unknown {
  const known = WORDS.get(word);
  if (known !== undefined) return known;
  if (!/^[-+.0-9]/.test(word)) return word;
  if (WHOLE_NUMBER.test(word)) return Number(word);
  return NUMBER_LIKE.test(word) ? NOT_PLAIN : word;
}
