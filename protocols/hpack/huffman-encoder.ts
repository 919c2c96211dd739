import type { Buffer } from 'node:buffer';
import { CODE_LENGTHS, CODES } from './huffman-code.ts';

/** Octets that `text` (latin-1) takes when Huffman-coded. */
export function huffmanBytes(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Writes `text` Huffman-coded at `at`, and returns where it ends. There must be room for `huffmanBytes`. */
export function encodeHuffman(target: Buffer, at: number, text: string): number {
  // The low `count` bits of `pending` are still to be written; what is above them has been, and falls off to the left.
  let pending = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 0xff;
    const code = CODES[octet]!;
    let length = CODE_LENGTHS[octet]!;
    if (length > SINGLE_STEP_BITS) {
      // Its first 16 bits are two octets; the number of bits left over stays the same.
      length -= 16;
      pending = (pending << 16) | (code >>> length);
      target[at++] = pending >>> (count + 8);
      target[at++] = pending >>> count;
    }
    pending = (pending << length) | code;
    count += length;
    while (count >= 8) {
      count -= 8;
      target[at++] = pending >>> count;
    }
  }
  if (count > 0) target[at++] = (pending << (8 - count)) | (0xff >>> count);
  return at;
}

/** With up to 7 bits left over, what still fits into the 32 bits of `pending`; only rare octets have longer codes. */
const SINGLE_STEP_BITS = 24;
