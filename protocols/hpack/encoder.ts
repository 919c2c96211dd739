/**
 * Header lists to header blocks (RFC 7541). Owns the dynamic table of the sending direction and the memory of the block in
 * making. Names are lower-case and values valid already; what is sent how is said in `indexing.ts`.
 */
import { Buffer } from 'node:buffer';
import type { HeaderList } from '../http/header-list.ts';
import { EncodingTable, entryBytes, type TableEntry } from './encoding-table.ts';
import { INDEXING, type Indexing, indexingOf } from './indexing.ts';
import { encodeInteger } from './integer.ts';
import { INITIAL_TABLE_BYTES, MAX_ENCODED_BLOCK_BYTES } from './limits.ts';
import { SizeUpdates } from './size-updates.ts';
import { findStaticName, STATIC_ENTRIES, type StaticName } from './static-table.ts';
import { encodeString, MAX_LENGTH_BYTES } from './string-literal.ts';

export class HpackEncoder {
  readonly #maxTableBytes: number;
  readonly #table = new EncodingTable(INITIAL_TABLE_BYTES);
  readonly #sizeUpdates = new SizeUpdates(INITIAL_TABLE_BYTES);
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BLOCK_BYTES);
  #length = 0;

  /**
   * `maxTableBytes`: the most that we spend on the table, whatever the peer allows. A connection begins at 4096 (RFC 9113, section
   * 6.5.2): less is announced in the first block, more waits for `limitTable`.
   */
  constructor(maxTableBytes: number) {
    this.#maxTableBytes = maxTableBytes;
    this.limitTable(INITIAL_TABLE_BYTES);
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE, bytes; between blocks. */
  limitTable(bytes: number): void {
    const size = Math.min(bytes, this.#maxTableBytes);
    if (size === this.#table.maxBytes) return;
    this.#table.resize(size);
    this.#sizeUpdates.resized(size);
  }

  /** While it stays the same, the octets of a block that was encoded before mean what they meant, and may be sent again. */
  get generation(): number {
    return this.#table.generation;
  }

  /** The block is buffer[0, length) until the next `begin`. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  get length(): number {
    return this.#length;
  }

  /** Begins a block; changes of the table's size are announced first. */
  begin(): void {
    this.#length = 0;
    if (this.#buffer.length > KEPT_BLOCK_BYTES) this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BLOCK_BYTES);
    for (const bytes of this.#sizeUpdates.take())
      this.#length = encodeInteger(this.#buffer, this.#length, SIZE_UPDATE, SIZE_MASK, bytes);
  }

  /** Begins with the octets of a block that was encoded under the same `generation`. */
  replay(block: Buffer, length: number): void {
    this.begin();
    this.#reserve(length);
    this.#length += block.copy(this.#buffer, this.#length, 0, length);
  }

  /** A whole section. Names in `neverIndexed` came as never-indexed and are forwarded as such (section 6.2.3). */
  list(headers: HeaderList, neverIndexed: ReadonlySet<string> | undefined): void {
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      const isSecret = neverIndexed?.has(name) === true;
      this.field(name, headers[i + 1]!, isSecret ? INDEXING.never : indexingOf(name));
    }
  }

  /**
   * One field. It goes as a reference where either table has it, but with `never`; it is not entered with `index` either when it is
   * so large that it would push out most of what is there.
   */
  field(name: string, value: string, indexing: Indexing): void {
    const known = findStaticName(name);
    const newest = this.#table.findName(name);
    const index = indexing === INDEXING.never ? 0 : this.#indexOf(known, newest, value);
    if (index > 0) {
      this.#reference(index);
      return;
    }
    const nameIndex = known?.index ?? this.#dynamicIndex(newest);
    const isEntered =
      indexing === INDEXING.index && entryBytes(name, value) <= this.#table.maxBytes * LARGEST_SHARE;
    if (isEntered) {
      this.#literal(name, value, INDEXING.index, nameIndex);
      this.#table.insert(name, value);
    } else {
      this.#literal(name, value, indexing === INDEXING.never ? indexing : INDEXING.plain, nameIndex);
    }
  }

  /** Where either table has the whole field, or 0. */
  #indexOf(known: StaticName | undefined, newest: TableEntry | undefined, value: string): number {
    return known?.values.get(value) ?? this.#dynamicIndex(this.#table.findValue(newest, value));
  }

  #dynamicIndex(entry: TableEntry | undefined): number {
    return entry === undefined ? 0 : STATIC_ENTRIES + 1 + this.#table.numberOf(entry);
  }

  #reference(index: number): void {
    this.#reserve(MAX_LENGTH_BYTES);
    this.#length = encodeInteger(this.#buffer, this.#length, INDEXED, INDEX_MASK, index);
  }

  /** What is remembered is compressed, for the table counts it once; what comes once is not worth the time on both sides. */
  #literal(name: string, value: string, indexing: Indexing, nameIndex: number): void {
    this.#reserve(name.length + value.length + 3 * MAX_LENGTH_BYTES);
    const isCompressed = indexing === INDEXING.index;
    const mask = isCompressed ? INCREMENTAL_MASK : LITERAL_MASK;
    let at = encodeInteger(this.#buffer, this.#length, indexing, mask, nameIndex);
    if (nameIndex === 0) at = encodeString(this.#buffer, at, name, isCompressed);
    this.#length = encodeString(this.#buffer, at, value, isCompressed);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    if (needed > MAX_ENCODED_BLOCK_BYTES) throw new RangeError('a header block of ours is too large');
    let size = this.#buffer.length;
    while (size < needed) size *= 2;
    const grown = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Holds most sections. */
const INITIAL_BLOCK_BYTES = 512;
/** A larger buffer is not kept for the next block: many connections are idle. */
const KEPT_BLOCK_BYTES = 8192;
/** Of the table, for one entry: a policy of 2 KB that comes with every response is worth half of it. */
const LARGEST_SHARE = 0.5;

/** First octets of the representations (section 6) that are no literals, and the bits of all their integers. */
const INDEXED = 0x80;
const INDEX_MASK = 0x7f;
const INCREMENTAL_MASK = 0x3f;
const LITERAL_MASK = 0x0f;
const SIZE_UPDATE = 0x20;
const SIZE_MASK = 0x1f;
