import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assertHeaderList,
  combinedHeaderValue,
  hasListToken,
  headerValue,
  listTokens,
  trimBlanks,
} from '../../../protocols/http/header-list.ts';

const LIST = ['x', '1', 'y', '', '__proto__', 'p', 'x', '2'];

describe('a header list', () => {
  test('gives the first value of a field', () => {
    assert.equal(headerValue(LIST, 'x'), '1');
    assert.equal(headerValue(LIST, 'y'), '');
    assert.equal(headerValue(LIST, 'z'), undefined);
  });

  test('joins all values of a field in their order', () => {
    assert.equal(combinedHeaderValue(LIST, 'x'), '1, 2');
    assert.equal(combinedHeaderValue(LIST, 'y'), '');
    assert.equal(combinedHeaderValue(LIST, 'z'), undefined);
  });

  test('does not take a value for a name', () => {
    assert.equal(headerValue(['a', 'x', 'x', 'found'], 'x'), 'found');
  });

  test('holds names of object members like any other', () => {
    assert.equal(headerValue(LIST, '__proto__'), 'p');
    assert.equal(headerValue(LIST, 'constructor'), undefined);
    assert.equal(combinedHeaderValue(LIST, 'toString'), undefined);
  });

  test('finds a token in any of the fields of a name', () => {
    const headers = ['connection', 'Keep-Alive', 'connection', 'x, UPGRADE'];
    assert.equal(hasListToken(headers, 'connection', 'upgrade'), true);
    assert.equal(hasListToken(headers, 'connection', 'keep'), false);
    assert.equal(hasListToken(headers, 'te', 'upgrade'), false);
  });
});

describe('the tokens of a list value', () => {
  const cases: readonly (readonly [value: string, tokens: readonly string[]])[] = [
    ['', []],
    ['close', ['close']],
    ['Close, x-A ,\ty', ['close', 'x-a', 'y']],
    [', ,a,,b,', ['a', 'b']],
    ['trailers;q=0.5, gzip ; x', ['trailers', 'gzip']],
    ['\u00a0close', ['\u00a0close']],
  ];
  for (const [value, tokens] of cases) {
    test(`of ${JSON.stringify(value)} are ${JSON.stringify(tokens)}`, () => {
      assert.deepEqual(listTokens(value), tokens);
    });
  }
});

test('only SP and HTAB are trimmed', () => {
  assert.equal(trimBlanks(' \t a b\t '), 'a b');
  assert.equal(trimBlanks(' \t '), '');
  assert.equal(trimBlanks('\u00a0\u0085a\u000b'), '\u00a0\u0085a\u000b');
});

describe('a list that our own code made', () => {
  test('may hold what a parser could have given', () => {
    assertHeaderList(['x-a', '', 'y', '\t\x20~\x80\xff', "!#$%&'*+.^_`|~0-9", 'v']);
  });

  const refused: readonly (readonly [what: string, headers: readonly string[]])[] = [
    ['an upper-case name', ['X', 'y']],
    ['an empty name', ['', 'y']],
    ['a name with a colon', ['x:', 'y']],
    ['a name with a line end', ['x\r\n', 'y']],
    ['a value with CR', ['x', 'a\rb']],
    ['a value with LF', ['x', 'a\n']],
    ['a value with NUL', ['x', '\0']],
    ['a value with DEL', ['x', '\x7f']],
    ['a value beyond latin-1', ['x', '\u0100']],
    ['a name without a value', ['x', 'y', 'z']],
    ['a value that is a number', ['x', 5 as never]],
    ['a name that is a number', [5 as never, 'x']],
    ['a length, which is framing', ['content-length', '5']],
    ['a transfer coding, which is framing', ['transfer-encoding', 'chunked']],
    ['a second host, which is the authority', ['host', 'b.example']],
  ];
  for (const [what, headers] of refused) {
    test(`must not hold ${what}`, () => {
      assert.throws(() => assertHeaderList(headers), /field/);
    });
  }
});
