import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CODE_LENGTHS, CODES, EOS } from '../../../protocols/hpack/huffman-code.ts';

it('is complete: every sequence of bits is the beginning of a text', () => {
  const share = Array.from(CODE_LENGTHS).reduce((sum, length) => sum + 2 ** -length, 0);

  assert.equal(share, 1);
});

it('is canonical, so that the lengths of RFC 7541 leave no choice', () => {
  const symbols = Array.from({ length: EOS + 1 }, (_, symbol) => symbol);
  symbols.sort((a, b) => CODE_LENGTHS[a]! - CODE_LENGTHS[b]! || a - b);

  let code = 0;
  for (const [at, symbol] of symbols.entries()) {
    if (at > 0) code = (code + 1) * 2 ** (CODE_LENGTHS[symbol]! - CODE_LENGTHS[symbols[at - 1]!]!);
    assert.equal(CODES[symbol], code, `symbol ${symbol}`);
  }
});

it('has as many codes of each length as RFC 7541, appendix B', () => {
  const counts = new Map<number, number>();
  for (const length of CODE_LENGTHS) counts.set(length, (counts.get(length) ?? 0) + 1);

  assert.deepEqual(
    [...counts].toSorted(([a], [b]) => a - b),
    [
      [5, 10],
      [6, 26],
      [7, 32],
      [8, 6],
      [10, 5],
      [11, 3],
      [12, 2],
      [13, 6],
      [14, 2],
      [15, 3],
      [19, 3],
      [20, 8],
      [21, 13],
      [22, 26],
      [23, 29],
      [24, 12],
      [25, 4],
      [26, 15],
      [27, 19],
      [28, 29],
      [30, 4],
    ],
  );
});
