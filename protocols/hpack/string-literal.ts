import type { Buffer } from 'node:buffer';
import { encodeHuffman, huffmanBytes } from './huffman-encoder.ts';
import { encodeInteger } from './integer.ts';

/** Octets that `encodeString` writes at most, besides those of the string. */
export const MAX_LENGTH_BYTES = 5;

/**
 * Writes a string literal (RFC 7541, section 5.2) and returns where it ends. Char codes are octets, as everywhere. `isCompressed`
 * asks for the Huffman code where it is shorter; without, a long string is one copy.
 */
export function encodeString(target: Buffer, at: number, text: string, isCompressed: boolean): number {
  const length = text.length;
  if (isCompressed) {
    const coded = huffmanBytes(text);
    if (coded < length)
      return encodeHuffman(target, encodeInteger(target, at, HUFFMAN_FLAG, LENGTH_MASK, coded), text);
  }
  at = encodeInteger(target, at, 0, LENGTH_MASK, length);
  if (length > SHORT_CHARS) return at + (target as Latin1Buffer).latin1Write(text, at, length);
  for (let i = 0; i < length; i++) target[at + i] = text.charCodeAt(i);
  return at + length;
}

/** What write(…, 'latin1') ends in, without looking the encoding up; not in the typings. */
type Latin1Buffer = Buffer & { latin1Write(text: string, at: number, length: number): number };

const HUFFMAN_FLAG = 0x80;
const LENGTH_MASK = 0x7f;

/** Up to this length a loop is done before a call into native code has begun. */
const SHORT_CHARS = 24;
