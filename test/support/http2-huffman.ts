import { Buffer } from 'node:buffer';

/**
 * The Huffman code of RFC 7541, Appendix B. It is canonical: codes of equal length count up in the order of their octets, so the
 * lengths say all of it.
 */
export function encodeHuffman(text: string): Buffer {
  let bits = '';
  for (let i = 0; i < text.length; i++) bits += CODES[text.charCodeAt(i)]!;
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return Buffer.from(bits.match(/.{8}/g)?.map((octet) => Number.parseInt(octet, 2)) ?? []);
}

/** Throws where the padding is not the beginning of EOS, or EOS itself occurs (section 5.2). */
export function decodeHuffman(bytes: Buffer): string {
  let text = '';
  let code = '';
  for (const octet of bytes) {
    for (const bit of octet.toString(2).padStart(8, '0')) {
      code += bit;
      const symbol = SYMBOLS.get(code);
      if (symbol === undefined) continue;
      if (symbol === EOS) throw new Error('EOS in a Huffman string');
      text += String.fromCharCode(symbol);
      code = '';
    }
  }
  if (code.length > 7 || code.includes('0')) throw new Error(`a Huffman string ends in ${code}`);
  return text;
}

const EOS = 256;

/** Code lengths in bits, of 16 octets a row. */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  // EOS
  30,
];

const SYMBOLS: ReadonlyMap<string, number> = canonicalCodes();
const CODES: readonly string[] = [...SYMBOLS].sort(([, a], [, b]) => a - b).map(([code]) => code);

function canonicalCodes(): Map<string, number> {
  const order = [...LENGTHS.keys()].sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b);
  const codes = new Map<string, number>();
  let next = 0;
  let length = LENGTHS[order[0]!]!;
  for (const symbol of order) {
    next *= 2 ** (LENGTHS[symbol]! - length);
    length = LENGTHS[symbol]!;
    codes.set(next.toString(2).padStart(length, '0'), symbol);
    next += 1;
  }
  return codes;
}
