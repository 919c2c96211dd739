/**
 * A pattern of Go's ServeMux (net/http, since 1.22): `[METHOD ][HOST]/[PATH]`. Segments of the path are literal, `{name}` for exactly one,
 * `{name...}` for all that is left, or `{$}` for the end. A trailing slash stands for everything below.
 */
export interface Pattern {
  /** As written. */
  readonly text: string;
  /** '' for any. GET takes HEAD too. */
  readonly method: string;
  /** Lower-case; '' for any. */
  readonly host: string;
  readonly segments: readonly Segment[];
}

/** One part of a path between slashes. */
export interface Segment {
  /**
   * `literal`: `text`, with percent-encoding undone. `end`: nothing after the slash, written `{$}`. `wildcard`: one segment that is not
   * empty. `rest`: whatever is left, nothing included.
   */
  readonly kind: 'literal' | 'end' | 'wildcard' | 'rest';
  /** Of a literal its text, of the others their name, '' for a trailing slash. */
  readonly text: string;
}

/** Throws an Error that says what is wrong, and where. */
export function parsePattern(text: string): Pattern {
  if (text === '') throw new PatternError(text, 0, 'the pattern is empty');
  const [, methodPart = '', rest = ''] = /^(?:([^ \t]*)[ \t]+)?(.*)$/s.exec(text) ?? [];
  const at = text.length - rest.length;
  if (methodPart !== '' && !METHOD.test(methodPart))
    throw new PatternError(text, 0, `${JSON.stringify(methodPart)} is not a method`);
  const slash = rest.indexOf('/');
  if (slash < 0) throw new PatternError(text, at, 'there is no / that would begin a path');
  const host = rest.slice(0, slash);
  const brace = host.indexOf('{');
  if (brace >= 0)
    throw new PatternError(text, at + brace, 'a host has no wildcards (is the first / missing?)');
  if (/[\s:]/.test(host)) throw new PatternError(text, at, 'a host has no port and no blanks');
  const path = rest.slice(slash);
  // What a client asks for is made clean before it is looked up, so such a pattern would never be found.
  if (methodPart !== 'CONNECT' && /\/\/|\/\.{1,2}(?:\/|$)/.test(path))
    throw new PatternError(text, at + slash, 'a path with //, . or .. is never asked for');
  return {
    text,
    method: methodPart,
    host: host.toLowerCase(),
    segments: parseSegments(text, at + slash, path),
  };
}

/** A pattern that is none. */
export class PatternError extends Error {
  override readonly name = 'PatternError';

  /** `at`: the character, from 0, where it goes wrong. */
  constructor(pattern: string, at: number, what: string) {
    super(`pattern ${JSON.stringify(pattern)}, character ${at + 1}: ${what}`);
  }
}

function parseSegments(text: string, start: number, path: string): Segment[] {
  const segments: Segment[] = [];
  const names = new Set<string>();
  let at = 1;
  while (at <= path.length) {
    const next = path.indexOf('/', at);
    const end = next < 0 ? path.length : next;
    const isLast = next < 0;
    const segment = readSegment(path.slice(at, end), isLast, (what) => {
      throw new PatternError(text, start + at, what);
    });
    if (segment.text !== '' && segment.kind !== 'literal') {
      if (names.has(segment.text))
        throw new PatternError(text, start + at, `the name ${segment.text} comes twice`);
      names.add(segment.text);
    }
    segments.push(segment);
    at = end + 1;
  }
  return segments;
}

function readSegment(written: string, isLast: boolean, fail: (what: string) => never): Segment {
  if (written === '') return { kind: 'rest', text: '' };
  if (!/[{}]/.test(written)) return { kind: 'literal', text: decodeSegment(written) };
  if (!written.startsWith('{')) fail('a wildcard is a whole segment: it begins with {');
  if (written.indexOf('}') !== written.length - 1) fail('a wildcard is a whole segment: it ends with }');
  const inside = written.slice(1, -1);
  if (inside === '$') {
    if (!isLast) fail('{$} stands at the end');
    return { kind: 'end', text: '' };
  }
  const isRest = inside.endsWith('...');
  if (isRest && !isLast) fail('{…...} stands at the end');
  const name = isRest ? inside.slice(0, -3) : inside;
  if (name === '') fail('a wildcard has a name');
  if (!NAME.test(name)) fail(`${JSON.stringify(name)} is not a name`);
  return { kind: isRest ? 'rest' : 'wildcard', text: name };
}

/** Without percent-encoding, as far as it is one. */
export function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** RFC 9110, section 5.6.2. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NAME = /^[\p{L}_][\p{L}\p{Nd}_]*$/u;
