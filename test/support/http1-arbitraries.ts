import fc from 'fast-check';
import type { HeaderList } from '../../protocols/http/header-list.ts';

/** Random valid HTTP/1 messages for property tests. Text has one char per octet. */

const TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

const token: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(...TCHAR),
  minLength: 1,
  maxLength: 12,
});

const visible: fc.Arbitrary<string> = fc
  .integer({ min: 0x21, max: 0xff })
  .filter((code) => code !== 0x7f)
  .map((code) => String.fromCharCode(code));

/** A field value: no blanks at its ends, blanks and obs-text inside. */
const fieldValue: fc.Arbitrary<string> = fc
  .array(fc.string({ unit: visible, minLength: 1, maxLength: 8 }), { maxLength: 4 })
  .chain((words) => fc.constantFrom(' ', '\t', ' \t ').map((blank) => words.join(blank)));

/** A name that means nothing to HTTP/1. */
const fieldName: fc.Arbitrary<string> = fc.oneof(
  token.map((name) => `x-${name}`.toLowerCase()),
  fc.constantFrom('accept', 'cookie', '__proto__', 'constructor', 'tostring', 'cache-control'),
);

export const fieldList: fc.Arbitrary<HeaderList> = fc
  .array(fc.tuple(fieldName, fieldValue), { maxLength: 8 })
  .map((fields) => fields.flat());

const path: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('/', 'a', 'B9', '%2F', '%00', '..', ';=&', '?', '[]', '~'), { maxLength: 8 })
  .map((parts) => `/${parts.join('')}`);

const authority: fc.Arbitrary<string> = fc.constantFrom(
  'a.example',
  'A.example.:8080',
  '127.0.0.1',
  '[2001:db8::1]:443',
);

/** Octets of a body. */
export const content: fc.Arbitrary<string> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes)),
  fc.constantFrom('0\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'x'.repeat(9000)),
);

type Framing = 'none' | 'sized' | 'chunked';

export interface PlainRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: HeaderList;
  readonly framing: Framing;
  /** Pieces of the body, as they are handed to a writer; none is empty. */
  readonly pieces: readonly string[];
  readonly trailers: HeaderList;
}

export const request: fc.Arbitrary<PlainRequest> = fc.record({
  method: fc.oneof(
    token.filter((method) => method !== 'CONNECT' && method !== 'TRACE'),
    fc.constant('GET'),
  ),
  path,
  authority,
  headers: fieldList,
  framing: fc.constantFrom<Framing>('none', 'sized', 'chunked'),
  pieces: fc.array(
    content.filter((text) => text !== ''),
    { maxLength: 3 },
  ),
  trailers: fieldList,
});

/** Octets in pieces of random lengths. */
export function cutAnywhere(bytes: Buffer): fc.Arbitrary<readonly Buffer[]> {
  return fc.array(fc.nat(bytes.length), { maxLength: 8 }).map((places) => {
    const borders = [0, ...places.sort((a, b) => a - b), bytes.length];
    return borders.slice(1).map((border, i) => bytes.subarray(borders[i]!, border));
  });
}

/** The same text with a few octets removed, replaced, doubled or moved. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  const octet = fc.oneof(
    fc.constantFrom(...'\r\n \t:;,0123456789abcdefx"\0\x0b\x7f\xa0'),
    fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  );
  const change = fc.record({
    at: fc.nat(),
    cut: fc.constantFrom(0, 0, 1, 1, 2, 20),
    put: fc.array(octet, { maxLength: 2 }),
  });
  return fc.tuple(fc.constantFrom(...texts), fc.array(change, { maxLength: 4 })).map(([text, changes]) => {
    for (const { at, cut, put } of changes) {
      const place = at % (text.length + 1);
      text = text.slice(0, place) + put.join('') + text.slice(place + cut);
    }
    return text;
  });
}
