import type { Buffer } from 'node:buffer';
import { STATIC_TABLE_LINES } from './hpack-static-table.ts';
import { decodeHuffman } from './http2-huffman.ts';

export type Field = readonly [name: string, value: string];

/** Reads field blocks of one direction of a connection, one after the other (RFC 7541). Slow, plain, and throws on what it cannot read. */
export class HpackDecoder {
  /** Newest first. */
  readonly #dynamic: Field[] = [];
  /** The bound that the encoder has chosen; it may not choose more than `limit`. */
  #size = 4096;
  readonly #limit: number;

  /** `limit` is the HEADER_TABLE_SIZE that this side has announced. */
  constructor(limit = 4096) {
    this.#limit = limit;
    this.#size = Math.min(this.#size, limit);
  }

  decode(block: Buffer): Field[] {
    const fields: Field[] = [];
    const input = new BlockInput(block);
    while (!input.isAtEnd) {
      const first = input.peek();
      if (first & 0x80) fields.push(this.#entry(input.integer(7)));
      else if (first & 0x40) {
        const field = this.#literal(input, 6);
        fields.push(field);
        this.#dynamic.unshift(field);
        this.#evict();
      } else if (first & 0x20) this.#resize(input.integer(5), fields.length === 0);
      else fields.push(this.#literal(input, 4));
    }
    return fields;
  }

  #literal(input: BlockInput, prefixBits: number): Field {
    const index = input.integer(prefixBits);
    const name = index === 0 ? input.string() : this.#entry(index)[0];
    return [name, input.string()];
  }

  #entry(index: number): Field {
    const field = STATIC_TABLE[index - 1] ?? this.#dynamic[index - 1 - STATIC_TABLE.length];
    if (field === undefined) throw new Error(`no entry ${index} in the tables`);
    return field;
  }

  #resize(size: number, isFirst: boolean): void {
    if (!isFirst) throw new Error('a size update behind a field');
    if (size > this.#limit) throw new Error(`a table of ${size} octets, where ${this.#limit} are allowed`);
    this.#size = size;
    this.#evict();
  }

  #evict(): void {
    const taken = () =>
      this.#dynamic.reduce((sum, [name, value]) => sum + name.length + value.length + ENTRY_OVERHEAD, 0);
    while (this.#dynamic.length > 0 && taken() > this.#size) this.#dynamic.pop();
  }
}

/** RFC 7541, section 4.1. */
const ENTRY_OVERHEAD = 32;

class BlockInput {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#block.length;
  }

  peek(): number {
    const octet = this.#block[this.#at];
    if (octet === undefined) throw new Error('a field block ends too early');
    return octet;
  }

  integer(prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = this.#next() & most;
    if (value < most) return value;
    for (let scale = 1; ; scale *= 128) {
      const octet = this.#next();
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
    }
  }

  string(): string {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const end = this.#at + length;
    if (end > this.#block.length) throw new Error('a string is longer than its field block');
    const content = this.#block.subarray(this.#at, end);
    this.#at = end;
    return isHuffman ? decodeHuffman(content) : content.toString('latin1');
  }

  #next(): number {
    const octet = this.peek();
    this.#at += 1;
    return octet;
  }
}

const STATIC_TABLE: readonly Field[] = STATIC_TABLE_LINES.map((line) => {
  const [name, value = ''] = line.split(/ (.*)/);
  return [name!, value];
});
