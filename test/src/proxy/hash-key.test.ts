import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderList } from '../../../protocols/http/header-list.ts';
import { murmur3 } from '../../../src/core/murmur3.ts';
import type { HashOnSettings } from '../../../src/core/settings.ts';
import { hashKey } from '../../../src/proxy/hash-key.ts';

const PATH = '/cart?user=ann&empty=&x=1&user=bob';
const HEADERS: HeaderList = [
  ['x-user', 'ann'],
  ['x-user', 'bob'],
  ['cookie', 'a=1; sid = s1 ;session=no'],
  ['cookie', 'late=2; sid=s2'],
].flat();

function keyOf(hashOn: HashOnSettings): number {
  return hashKey(hashOn, { path: PATH, requestHeaders: HEADERS, session: { remoteAddress: '192.0.2.7' } });
}

const FOUND: readonly (readonly [HashOnSettings, string])[] = [
  [{ kind: 'address' }, '192.0.2.7'],
  [{ kind: 'uri' }, PATH],
  [{ kind: 'header', name: 'x-user' }, 'ann'],
  [{ kind: 'cookie', name: 'a' }, '1'],
  [{ kind: 'cookie', name: 'sid' }, 's1'],
  [{ kind: 'cookie', name: 'late' }, '2'],
  [{ kind: 'query', name: 'user' }, 'ann'],
  [{ kind: 'query', name: 'empty' }, ''],
  [{ kind: 'query', name: 'x' }, '1'],
];

for (const [hashOn, text] of FOUND) {
  test(`goes by ${JSON.stringify(hashOn)}`, () => {
    assert.equal(keyOf(hashOn), murmur3(text));
  });
}

for (const hashOn of [
  { kind: 'header', name: '__proto__' },
  { kind: 'cookie', name: 'id' },
  { kind: 'query', name: 'use' },
] as const) {
  test(`goes by chance where a request has no ${JSON.stringify(hashOn)}`, () => {
    const keys = new Set(Array.from({ length: 20 }, () => keyOf(hashOn)));

    assert.ok(keys.size > 15);
    for (const key of keys) assert.ok(Number.isInteger(key) && key >= 0 && key < 2 ** 32);
  });
}
