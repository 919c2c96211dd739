import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmur3 } from '../../../src/core/murmur3.ts';

// Published values of MurmurHash3_x86_32.
const VECTORS: readonly (readonly [text: string, seed: number, hash: number])[] = [
  ['', 0, 0],
  ['', 1, 0x514e28b7],
  ['', 0xffffffff, 0x81f16f39],
  ['\xff\xff\xff\xff', 0, 0x76293b50],
  ['!Ce\x87', 0, 0xf55b516b],
  ['!Ce\x87', 0x5082edee, 0x2362f9de],
  ['!Ce', 0, 0x7e4a8634],
  ['!C', 0, 0xa0f7b07a],
  ['!', 0, 0x72661cf4],
  ['\0\0\0\0', 0, 0x2362f9de],
  ['aaaa', 0x9747b28c, 0x5a97808a],
  ['abc', 0, 0xb3dd93fa],
  ['Hello, world!', 0x9747b28c, 0x24884cba],
  ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
];

for (const [text, seed, hash] of VECTORS) {
  test(`murmur3 of ${JSON.stringify(text)} with seed ${seed}`, () => {
    assert.equal(murmur3(text, seed).toString(16), hash.toString(16));
  });
}
