/**
 * Header blocks to header lists (RFC 7541). Owns the dynamic table of the receiving direction, and counts what the limits of a
 * header list bound *while* decoding: a block of 200 KB can refer 200,000 times to an entry of 4 KB. It does not know which names
 * and values are valid in HTTP/2.
 */
import type { Buffer } from 'node:buffer';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import { BlockReader } from './block-reader.ts';
import { DynamicTable } from './dynamic-table.ts';
import type { HpackRule } from './errors.ts';
import { ENTRY_OVERHEAD_BYTES, INITIAL_TABLE_BYTES, MAX_SIZE_UPDATES } from './limits.ts';
import { ANY_GENERATION, RememberedBlocks } from './remembered-blocks.ts';
import { STATIC_ENTRIES, STATIC_NAMES, STATIC_VALUES } from './static-table.ts';

/** Bounds of one header list. Beyond: `excess`, which is for the layer above to answer; the connection goes on. */
export interface HeaderListLimits {
  /** Sum of name, value and 32 for each field, bytes (RFC 9113, section 6.5.2). → list-too-large */
  readonly listBytes: number;
  /** Name and value of one field, bytes. → field-too-long */
  readonly fieldBytes: number;
  /** → too-many-fields */
  readonly fields: number;
}

export type HeaderListExcess = 'list-too-large' | 'field-too-long' | 'too-many-fields';

export class HpackDecoder {
  /**
   * The decoded section. The same object again for a block with the octets of a recent one, when that did not refer to the dynamic
   * table or this has not changed since before. Never changed after it was made. When `excess` is set, what came within the limits: enough
   * to tell who is refused. Empty after a fault.
   */
  headers: HeaderList = NO_HEADERS;
  /** Names of the fields that came as never-indexed literals (section 6.2.3) and must be forwarded so; undefined for none. */
  neverIndexed: readonly string[] | undefined;
  /** The first limit that was exceeded. The block was decoded to its end, for the table must stay in step. */
  excess: HeaderListExcess | undefined;

  readonly #limits: HeaderListLimits;
  readonly #maxTableBytes: number;
  readonly #table: DynamicTable;
  readonly #reader = new BlockReader();
  readonly #remembered = new RememberedBlocks();
  #list: string[] = [];
  #listBytes = 0;
  #never: string[] | undefined;
  /** Fields that the block under way has entered into the table. */
  #insertions: string[] = [];
  /** It has not referred to the table, nor changed its size. */
  #isSelfContained = true;
  #fault: HpackRule | undefined;

  /**
   * `maxTableBytes`: our SETTINGS_HEADER_TABLE_SIZE, acknowledged. Each connection begins at 4096. More waits for the peer's size
   * update. Less would make one due right behind the acknowledgement, which is not asked for here: Portico never lowers it.
   */
  constructor(maxTableBytes: number, limits: HeaderListLimits) {
    this.#maxTableBytes = maxTableBytes;
    this.#table = new DynamicTable(Math.min(maxTableBytes, INITIAL_TABLE_BYTES));
    this.#limits = limits;
  }

  /**
   * Decodes one whole header block, bytes[start, end). Undefined when that went well; else the rule that was broken, and from then
   * on for every block: the connection is lost (COMPRESSION_ERROR).
   */
  decode(bytes: Buffer, start: number, end: number): HpackRule | undefined {
    if (this.#fault !== undefined) return this.#fault;
    const generation = this.#table.generation;
    const known = this.#remembered.find(bytes, start, end, generation);
    if (known !== undefined) {
      const { headers, neverIndexed, insertions } = known;
      for (let i = 0; i < insertions.length; i += 2) this.#table.insert(insertions[i]!, insertions[i + 1]!);
      this.#tell(headers, neverIndexed, undefined);
      return undefined;
    }
    this.#begin();
    this.#reader.open(bytes, start, end);
    this.#fault = this.#readSizeUpdates() ?? this.#readFields();
    this.#reader.close();
    if (this.#fault !== undefined) this.#list = [];
    this.#tell(this.#list, this.#never, this.excess);
    if (this.#fault === undefined && this.excess === undefined) this.#remember(bytes, start, end, generation);
    return this.#fault;
  }

  /** Keeps a block that will mean the same when it comes again. `generation`: that of the table before it. */
  #remember(bytes: Buffer, start: number, end: number, generation: number): void {
    const { headers, neverIndexed } = this;
    const decoded = { headers, neverIndexed, insertions: this.#insertions };
    if (this.#isSelfContained) this.#remembered.keep(bytes, start, end, ANY_GENERATION, decoded);
    else if (this.#table.generation === generation)
      this.#remembered.keep(bytes, start, end, generation, decoded);
  }

  #begin(): void {
    this.#list = [];
    this.#listBytes = 0;
    this.#never = undefined;
    this.#insertions = [];
    this.#isSelfContained = true;
    this.excess = undefined;
  }

  #tell(
    headers: HeaderList,
    neverIndexed: readonly string[] | undefined,
    excess: HeaderListExcess | undefined,
  ): void {
    this.headers = headers;
    this.neverIndexed = neverIndexed;
    this.excess = excess;
  }

  /** They stand at the start of a block only (section 4.2). */
  #readSizeUpdates(): HpackRule | undefined {
    const reader = this.#reader;
    for (let updates = 0; !reader.atEnd && isSizeUpdate(reader.peek()); updates++) {
      if (updates === MAX_SIZE_UPDATES) return 'too-many-size-updates';
      const bytes = reader.integer(SIZE_MASK);
      if (reader.fault !== undefined) return reader.fault;
      if (bytes > this.#maxTableBytes) return 'size-update-too-large';
      this.#isSelfContained = false;
      this.#table.resize(bytes);
    }
    return undefined;
  }

  #readFields(): HpackRule | undefined {
    const reader = this.#reader;
    while (!reader.atEnd) {
      const first = reader.peek();
      if (first >= INDEXED) {
        const index = reader.integer(INDEX_MASK);
        if (reader.fault !== undefined) return reader.fault;
        if (index === 0) return 'index-zero';
        if (!this.#hasIndex(index)) return 'index-out-of-range';
        if (this.excess === undefined) this.#add(this.#nameAt(index), this.#valueAt(index));
      } else if (isSizeUpdate(first)) {
        return 'late-size-update';
      } else {
        const fault = this.#readLiteral(first);
        if (fault !== undefined) return fault;
      }
    }
    return undefined;
  }

  #readLiteral(first: number): HpackRule | undefined {
    const reader = this.#reader;
    const isIncremental = first >= INCREMENTAL;
    const index = reader.integer(isIncremental ? INCREMENTAL_MASK : LITERAL_MASK);
    if (index > 0 && !this.#hasIndex(index)) return 'index-out-of-range';
    if (this.excess !== undefined && !isIncremental) {
      if (index === 0) reader.skipString();
      reader.skipString();
      return reader.fault;
    }
    const name = index === 0 ? reader.string() : this.#nameAt(index);
    const value = reader.string();
    if (reader.fault !== undefined) return reader.fault;
    if (isIncremental) {
      this.#table.insert(name, value);
      this.#insertions.push(name, value);
    }
    if (this.excess === undefined) this.#add(name, value);
    if (!isIncremental && first >= NEVER && this.excess === undefined) this.#addNever(name);
    return undefined;
  }

  #add(name: string, value: string): void {
    const bytes = name.length + value.length;
    this.#listBytes += bytes + ENTRY_OVERHEAD_BYTES;
    if (bytes > this.#limits.fieldBytes) this.#exceed('field-too-long');
    else if (this.#listBytes > this.#limits.listBytes) this.#exceed('list-too-large');
    else if (this.#list.length >= 2 * this.#limits.fields) this.#exceed('too-many-fields');
    else this.#list.push(name, value);
  }

  #addNever(name: string): void {
    if (this.#never === undefined) this.#never = [name];
    else if (!this.#never.includes(name)) this.#never.push(name);
  }

  #exceed(excess: HeaderListExcess): void {
    this.excess = excess;
    this.#never = undefined;
  }

  #hasIndex(index: number): boolean {
    return index <= STATIC_ENTRIES + this.#table.count;
  }

  #nameAt(index: number): string {
    if (index > STATIC_ENTRIES) this.#isSelfContained = false;
    return index <= STATIC_ENTRIES ? STATIC_NAMES[index]! : this.#table.name(index - STATIC_ENTRIES - 1);
  }

  #valueAt(index: number): string {
    return index <= STATIC_ENTRIES ? STATIC_VALUES[index]! : this.#table.value(index - STATIC_ENTRIES - 1);
  }
}

/** First octets of the representations (section 6), and the bits of their integers. */
const INDEXED = 0x80;
const INDEX_MASK = 0x7f;
const INCREMENTAL = 0x40;
const INCREMENTAL_MASK = 0x3f;
const NEVER = 0x10;
const LITERAL_MASK = 0x0f;
const SIZE_MASK = 0x1f;

function isSizeUpdate(first: number): boolean {
  return first >= 0x20 && first < 0x40;
}
