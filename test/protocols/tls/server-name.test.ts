import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifyName } from '../../../protocols/tls/server-name.ts';

const longLabel = 'a'.repeat(63);

const CASES: readonly (readonly [name: string, kind: string])[] = [
  ['shop.example.org', 'dns'],
  ['localhost', 'dns'],
  ['xn--bcher-kva.example', 'dns'],
  ['_dmarc.example.org', 'dns'],
  ['a-b--c.example', 'dns'],
  ['0.example', 'dns'],
  ['1e3', 'dns'],
  [`${longLabel}.example`, 'dns'],
  [`${longLabel}.${longLabel}.${longLabel}.${'a'.repeat(61)}`, 'dns'],
  ['__proto__', 'dns'],
  ['192.0.2.1', 'ip-literal'],
  ['255.255.255.255', 'ip-literal'],
  ['::1', 'ip-literal'],
  ['2001:db8::192.0.2.1', 'ip-literal'],
  ['', 'invalid'],
  ['.', 'invalid'],
  ['.example', 'invalid'],
  ['a..example', 'invalid'],
  ['example.', 'invalid'],
  ['-a.example', 'invalid'],
  ['a-.example', 'invalid'],
  [`${longLabel}a.example`, 'invalid'],
  [`${longLabel}.${longLabel}.${longLabel}.${'a'.repeat(62)}`, 'invalid'],
  ['UPPER.example', 'invalid'],
  ['*.example', 'invalid'],
  ['a b.example', 'invalid'],
  ['a\0.example', 'invalid'],
  ['bücher.example', 'invalid'],
  ['256.0.0.1', 'invalid'],
  ['192.0.2.01', 'invalid'],
  ['192.0.2', 'invalid'],
  ['192.0.2.1.', 'invalid'],
  ['a.example:443', 'invalid'],
  ['[::1]', 'invalid'],
  [':::', 'invalid'],
];

describe('classifyName', () => {
  for (const [name, kind] of CASES) {
    it(`takes ${JSON.stringify(name.length > 40 ? `${name.slice(0, 10)}… (${name.length})` : name)} for ${kind}`, () => {
      assert.equal(classifyName(name), kind);
    });
  }
});
