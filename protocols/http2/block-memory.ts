import { Buffer } from 'node:buffer';

/**
 * Encoded heads that are sent again and again: the octets of a block are good for as long as the encoder's table has not
 * changed, which its generation tells. A few slots, because the instances of a cluster alternate; their memory is used again.
 */
export class BlockMemory {
  readonly #slots: Slot[] = [];
  #next = 0;

  /** The block of a head, or undefined. */
  find(head: object, generation: number): Slot | undefined {
    for (const slot of this.#slots) {
      if (slot.head === head && slot.generation === generation) return slot;
    }
    return undefined;
  }

  keep(head: object, generation: number, block: Buffer, length: number): void {
    if (length > SLOT_BYTES) return;
    const at = this.#next;
    this.#next = (at + 1) % SLOTS;
    if (at === this.#slots.length) this.#slots.push(new Slot());
    const slot = this.#slots[at]!;
    slot.head = head;
    slot.generation = generation;
    slot.length = length;
    block.copy(slot.buffer, 0, 0, length);
  }
}

class Slot {
  head: object | undefined = undefined;
  generation = 0;
  length = 0;
  readonly buffer: Buffer = Buffer.allocUnsafeSlow(SLOT_BYTES);
}

const SLOTS = 4;
/** Heads that repeat are in the table, an octet or two for each field. */
const SLOT_BYTES = 256;
