import { Buffer } from 'node:buffer';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import { MAX_REMEMBERED_BLOCK_BYTES, MAX_REMEMBERED_BLOCKS } from './limits.ts';

/** What a block has been decoded to. */
export interface RememberedBlock {
  readonly headers: HeaderList;
  readonly neverIndexed: readonly string[] | undefined;
  /** Fields that it enters into the dynamic table: name, value, … */
  readonly insertions: HeaderList;
}

/**
 * The last blocks of a connection. The same octets mean the same fields for as long as the table stays the same, which its
 * generation tells, and always when they do not refer to it: a client that repeats its head, and a backend that repeats head and
 * trailers, cost a comparison. (nginx, for one, enters its fields into the table with every response and never refers to them.)
 */
export class RememberedBlocks {
  readonly #slots: Slot[] = [];
  #next = 0;

  find(bytes: Buffer, start: number, end: number, generation: number): RememberedBlock | undefined {
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i]!;
      if (slot.length !== end - start) continue;
      const isValid = slot.generation === generation || slot.generation === ANY_GENERATION;
      if (isValid && isSame(slot.bytes, bytes, start, slot.length)) return slot;
    }
    return undefined;
  }

  /** The octets are copied, the lists are kept as they are. `generation`: that which the block was decoded in, or ANY_GENERATION. */
  keep(bytes: Buffer, start: number, end: number, generation: number, decoded: RememberedBlock): void {
    if (end - start > MAX_REMEMBERED_BLOCK_BYTES) return;
    const slot = this.#nextSlot();
    if (slot.bytes.length < end - start) slot.bytes = Buffer.allocUnsafeSlow(roomFor(end - start));
    slot.length = bytes.copy(slot.bytes, 0, start, end);
    slot.headers = decoded.headers;
    slot.neverIndexed = decoded.neverIndexed;
    slot.insertions = decoded.insertions;
    slot.generation = generation;
  }

  #nextSlot(): Slot {
    const at = this.#next;
    this.#next = (at + 1) % MAX_REMEMBERED_BLOCKS;
    if (at === this.#slots.length) this.#slots.push(new Slot());
    return this.#slots[at]!;
  }
}

/** Its memory is used again: an allocation costs more than to decode most blocks. */
class Slot implements RememberedBlock {
  bytes: Buffer = NO_BYTES;
  length = -1;
  headers: HeaderList = NO_HEADERS;
  neverIndexed: readonly string[] | undefined;
  insertions: HeaderList = NO_HEADERS;
  generation = 0;
}

/** Of a block that refers to nothing in the dynamic table. */
export const ANY_GENERATION = -1;

const NO_BYTES = Buffer.alloc(0);
const SMALLEST_ROOM_BYTES = 64;

/** The next power of two: a slot is given new memory a few times in its life at most. */
function roomFor(length: number): number {
  let room = SMALLEST_ROOM_BYTES;
  while (room < length) room *= 2;
  return room;
}

/** Below this length a loop is done before a call into native code has begun. */
const SHORT_BYTES = 64;

function isSame(kept: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (length > SHORT_BYTES) return bytes.compare(kept, 0, length, start, start + length) === 0;
  for (let i = 0; i < length; i++) if (kept[i] !== bytes[start + i]) return false;
  return true;
}
