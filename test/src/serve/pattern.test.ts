import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePattern } from '../../../src/serve/pattern.ts';

/** Segments in a short form: text, `{name}`, `{name...}`, `{$}`, `{...}` for a trailing slash. */
function show(text: string): string {
  const { method, host, segments } = parsePattern(text);
  const shown = segments.map(({ kind, text: name }) => {
    if (kind === 'literal') return name;
    return kind === 'end' ? '{$}' : `{${name}${kind === 'rest' ? '...' : ''}}`;
  });
  return [method, host, ...shown].join(' | ');
}

const GOOD: readonly (readonly [pattern: string, parsed: string])[] = [
  ['/', ' |  | {...}'],
  ['/index.html', ' |  | index.html'],
  ['GET /static/', 'GET |  | static | {...}'],
  ['GET \t /a', 'GET |  | a'],
  ['example.com/', ' | example.com | {...}'],
  ['POST Example.COM/items', 'POST | example.com | items'],
  ['/b/{bucket}/o/{objectname...}', ' |  | b | {bucket} | o | {objectname...}'],
  ['/items/{$}', ' |  | items | {$}'],
  ['/{$}', ' |  | {$}'],
  ['/%61%2Fb/c%zz', ' |  | a/b | c%zz'],
  ['CONNECT //a', 'CONNECT |  | {...} | a'],
  ['/{größe}', ' |  | {größe}'],
  ['PURGE /x', 'PURGE |  | x'],
];

describe('a pattern', () => {
  for (const [pattern, parsed] of GOOD) {
    test(`${JSON.stringify(pattern)} has its parts`, () => {
      assert.equal(show(pattern), parsed);
    });
  }
});

const BAD: readonly (readonly [pattern: string, at: number, what: RegExp])[] = [
  ['', 1, /empty/],
  ['GET', 1, /no \//],
  ['G@T /', 1, /not a method/],
  ['GET example.com', 5, /no \//],
  ['example.com:80/', 1, /no port/],
  ['{host}/', 1, /no wildcards/],
  ['GET {a}/b', 5, /no wildcards/],
  ['/a//b', 1, /never asked for/],
  ['/a/../b', 1, /never asked for/],
  ['/a/.', 1, /never asked for/],
  ['/x{a}', 2, /begins with \{/],
  ['/{a}x', 2, /ends with \}/],
  ['/{a', 2, /ends with \}/],
  ['/a}', 2, /begins with \{/],
  ['/{}', 2, /has a name/],
  ['/{...}', 2, /has a name/],
  ['/{1a}', 2, /not a name/],
  ['/{a-b}', 2, /not a name/],
  ['/{$}/a', 2, /at the end/],
  ['/{rest...}/a', 2, /at the end/],
  ['/{a}/{a}', 6, /comes twice/],
  ['/{a}/{a...}', 6, /comes twice/],
];

describe('a pattern is refused', () => {
  for (const [pattern, at, what] of BAD) {
    test(JSON.stringify(pattern), () => {
      assert.throws(
        () => parsePattern(pattern),
        (error) => {
          assert.ok(error instanceof Error);
          assert.match(error.message, what);
          assert.match(error.message, new RegExp(`character ${at}:`));
          return true;
        },
      );
    });
  }
});
