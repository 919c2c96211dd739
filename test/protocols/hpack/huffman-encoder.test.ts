import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { it } from 'node:test';
import { decodeHuffman } from '../../../protocols/hpack/huffman-decoder.ts';
import { encodeHuffman, huffmanBytes } from '../../../protocols/hpack/huffman-encoder.ts';

it('writes every octet behind every number of bits left over, in as many octets as were foretold', () => {
  const coded = Buffer.alloc(64);
  const text = Buffer.alloc(64);

  for (let octet = 0; octet < 256; octet++) {
    // A letter of five bits moves what follows through all eight positions in an octet.
    for (let letters = 0; letters < 8; letters++) {
      const meant = `${'a'.repeat(letters)}${String.fromCharCode(octet)}z`;

      const end = encodeHuffman(coded, 3, meant);

      assert.equal(end - 3, huffmanBytes(meant));
      assert.equal(text.toString('latin1', 0, decodeHuffman(coded, 3, end, text)), meant);
    }
  }
});
