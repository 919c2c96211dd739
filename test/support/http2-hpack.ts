import { Buffer } from 'node:buffer';
import { encodeHuffman } from './http2-huffman.ts';

/**
 * Field blocks for tests, made of single representations (RFC 7541, section 6) so that a test can put together what no
 * encoder would. Text is latin-1: one char per octet.
 */

/** How a literal is written: what the table does with it, how its name is given, and the coding of its strings. */
export interface LiteralOptions {
  readonly kind?: 'plain' | 'incremental' | 'never';
  /** Names the field by this index; the name that is given is not written. */
  readonly nameIndex?: number;
  readonly huffman?: boolean;
}

export function literal(name: string, value: string, options: LiteralOptions = {}): Buffer {
  const { kind = 'plain', nameIndex = 0, huffman = false } = options;
  const [pattern, prefixBits] = LITERAL_PATTERNS[kind];
  return Buffer.concat([
    integer(nameIndex, prefixBits, pattern),
    nameIndex === 0 ? string(name, huffman) : Buffer.alloc(0),
    string(value, huffman),
  ]);
}

export function indexed(index: number): Buffer {
  return integer(index, 7, 0x80);
}

export function sizeUpdate(size: number): Buffer {
  return integer(size, 5, 0x20);
}

/** Fields as literals that leave the table alone. */
export function plainBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => literal(name, value)));
}

/** An integer behind a pattern that leaves it `prefixBits` of the first octet (section 5.1). */
function integer(value: number, prefixBits: number, pattern = 0): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.of(pattern | value);
  const octets = [pattern | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  return Buffer.from([...octets, rest]);
}

/** A string literal (section 5.2). */
function string(text: string, huffman = false): Buffer {
  const content = huffman ? encodeHuffman(text) : Buffer.from(text, 'latin1');
  return Buffer.concat([integer(content.length, 7, huffman ? 0x80 : 0), content]);
}

const LITERAL_PATTERNS = { plain: [0x00, 4], incremental: [0x40, 6], never: [0x10, 4] } as const;
