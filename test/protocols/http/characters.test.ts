import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hexDigit,
  isFieldValue,
  isPathAndQuery,
  isToken,
  parseDecimal,
} from '../../../protocols/http/characters.ts';

const OCTETS = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

function accepted(test: (text: string, start: number, end: number) => boolean, around = ''): string {
  return OCTETS.filter((octet) => test(`${around}${octet}`, 0, around.length + 1)).join('');
}

test('a token is made of what RFC 9110, section 5.6.2, says', () => {
  const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  assert.equal(accepted(isToken), [...tchar].sort().join(''));
});

test('a field value is made of HTAB, SP, VCHAR and obs-text', () => {
  const octets = OCTETS.filter((octet) => octet === '\t' || (octet >= ' ' && octet !== '\x7f'));
  assert.equal(accepted(isFieldValue), octets.join(''));
});

test('a path with query is visible ASCII without quotes, angle brackets, number sign and backslash', () => {
  const octets = OCTETS.filter((octet) => octet > ' ' && octet < '\x7f' && !'"<>#\\%'.includes(octet));
  assert.equal(accepted(isPathAndQuery, '/'), octets.join(''));
  assert.equal(accepted(isPathAndQuery, '/?'), [...octets, '%'].sort().join(''));
});

test('nothing is no token, but a field value', () => {
  assert.equal(isToken('abc', 1, 1), false);
  assert.equal(isFieldValue('abc', 1, 1), true);
});

test('only the part that is asked about counts', () => {
  assert.equal(isToken(' ab ', 1, 3), true);
  assert.equal(isToken(' ab ', 1, 4), false);
  assert.equal(isFieldValue('\0ab\0', 1, 3), true);
  assert.equal(isPathAndQuery('# /a #', 2, 4), true);
});

test('characters beyond latin-1 and beyond the end belong to no class', () => {
  for (const text of ['\u0100', '\u0161', '\ud800', '']) {
    assert.equal(isToken(text, 0, 1), false);
    assert.equal(isFieldValue(text, 0, 1), false);
    assert.equal(isPathAndQuery(text, 0, 1), false);
  }
});

test('a percent sign in a path needs two digits behind it within the part', () => {
  assert.equal(isPathAndQuery('/%4a', 0, 4), true);
  assert.equal(isPathAndQuery('/%4a', 0, 3), false);
  assert.equal(isPathAndQuery('/%4', 0, 3), false);
  assert.equal(isPathAndQuery('/%', 0, 2), false);
  assert.equal(isPathAndQuery('/%%41', 0, 5), false);
});

test('decimal numbers are digits, no more than allowed', () => {
  assert.equal(parseDecimal('x12y', 1, 3, 2), 12);
  assert.equal(parseDecimal('000', 0, 3, 3), 0);
  for (const text of ['', '-1', '+1', '1.', '1e1', '0x1', ' 1', '1 ', '\u0661', '123456'])
    assert.equal(parseDecimal(text, 0, text.length, 5), -1, text);
  assert.equal(parseDecimal('999999999999999', 0, 15, 15), 999_999_999_999_999);
});

test('hexadecimal digits are those of either case', () => {
  const digits = OCTETS.filter((_, code) => hexDigit(code) >= 0);
  assert.equal(digits.join(''), '0123456789ABCDEFabcdef');
  for (const digit of digits) assert.equal(hexDigit(digit.charCodeAt(0)), Number.parseInt(digit, 16));
});
