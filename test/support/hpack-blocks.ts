import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import hpack from 'hpack.js';
import { type HeaderListLimits, HpackDecoder } from '../../protocols/hpack/decoder.ts';
import { HpackEncoder } from '../../protocols/hpack/encoder.ts';
import { INDEXING, type Indexing } from '../../protocols/hpack/indexing.ts';
import type { HeaderList } from '../../protocols/http/header-list.ts';

/** Room for all that is not about limits. */
export const WIDE: HeaderListLimits = { listBytes: 1_000_000, fieldBytes: 1_000_000, fields: 10_000 };

export function decoder(maxTableBytes = 4096, limits: HeaderListLimits = WIDE): HpackDecoder {
  return new HpackDecoder(maxTableBytes, limits);
}

/** Octets from hexadecimal digits, with blanks where they help. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

/** Decodes a block that is in order and within the limits. */
export function decoded(reader: HpackDecoder, block: Buffer): HeaderList {
  assert.equal(reader.decode(block, 0, block.length), undefined);
  assert.equal(reader.excess, undefined);
  return reader.headers;
}

/** A whole list by the policy of the encoder. */
export function encoded(
  writer: HpackEncoder,
  headers: HeaderList,
  neverIndexed?: ReadonlySet<string>,
): Buffer {
  writer.begin();
  writer.list(headers, neverIndexed);
  return blockOf(writer);
}

/** A whole list, each field sent the same way. */
export function encodedAs(writer: HpackEncoder, headers: HeaderList, indexing: Indexing): Buffer {
  writer.begin();
  for (let i = 0; i < headers.length; i += 2) writer.field(headers[i]!, headers[i + 1]!, indexing);
  return blockOf(writer);
}

/** A new encoder's block that enters all it can. */
export function enteredBlock(headers: HeaderList): Buffer {
  return encodedAs(new HpackEncoder(4096), headers, INDEXING.index);
}

export function blockOf(writer: HpackEncoder): Buffer {
  return Buffer.from(writer.buffer.subarray(0, writer.length));
}

/** What hpack.js reads in a block; null where it finds a fault. */
export class OtherDecoder {
  readonly #stream: ReturnType<typeof hpack.decompressor.create>;
  #failed = false;
  /** Names of never-indexed fields in the last block. */
  neverIndexed: string[] = [];

  constructor(maxSize: number) {
    this.#stream = hpack.decompressor.create({ table: { maxSize } });
    this.#stream.on('error', () => {
      this.#failed = true;
    });
  }

  decode(block: Buffer): HeaderList | null {
    this.#stream.write(block);
    this.#stream.execute();
    if (this.#failed) return null;
    const headers: string[] = [];
    this.neverIndexed = [];
    for (let field = this.#stream.read(); field !== null; field = this.#stream.read()) {
      headers.push(field.name, field.value);
      if (field.neverIndex) this.neverIndexed.push(field.name);
    }
    return headers;
  }
}

/** What hpack.js makes of a list. Its look-up is cured first: see the tests of prototype keys. */
export class OtherEncoder {
  readonly #stream: ReturnType<typeof hpack.compressor.create>;

  constructor(maxSize: number) {
    this.#stream = hpack.compressor.create({ table: { maxSize } });
  }

  encode(fields: readonly OtherField[]): Buffer {
    this.#stream.write(fields);
    return this.#take();
  }

  /** Empties its table, which takes two size updates. */
  reset(): Buffer {
    this.#stream.reset();
    return this.#take();
  }

  #take(): Buffer {
    const pieces: Buffer[] = [];
    for (let piece = this.#stream.read(); piece !== null; piece = this.#stream.read()) pieces.push(piece);
    return Buffer.concat(pieces);
  }
}

export interface OtherField {
  readonly name: string;
  readonly value: string;
  readonly neverIndex?: boolean;
  readonly incremental?: boolean;
  readonly huffman?: boolean;
}

/** hpack.js finds `constructor` and its like in the objects that it looks names up in, unless they inherit nothing. */
export function cureOtherLookup(): void {
  const { map } = hpack['static-table'];
  for (const { values } of Object.values(map)) Object.setPrototypeOf(values, null);
  Object.setPrototypeOf(map, null);
}
