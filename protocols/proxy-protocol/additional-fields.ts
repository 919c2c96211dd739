import type { Buffer } from 'node:buffer';
import type { HeaderRule } from './errors.ts';

/**
 * What stands behind the addresses of version 2 (section 2.2.2 and on): fields of a type, a length and a value, which fill the header
 * exactly. None is kept; but a checksum is compared, because a header that was damaged on its way says who somebody is.
 */
export class AdditionalFields {
  /** Bytes of the header that have not come. */
  #left: number;
  #type = 0;
  #length = 0;
  /** Bytes of the field so far, its type and length included. */
  #at = 0;
  /** Both are 32 bits with a sign, as JavaScript's operators on bits give them. */
  #crc: number;
  #checksum: number | undefined = undefined;

  /** `before`: all of the header that stands before them; `length`: how many bytes they have. */
  constructor(before: Buffer, length: number) {
    this.#left = length;
    this.#crc = 0xffffffff;
    for (const octet of before) this.#count(octet);
  }

  /** Takes bytes[start, end), at most to their end. Gives the rule that is broken. */
  take(bytes: Uint8Array, start: number, end: number): HeaderRule | undefined {
    for (let i = start; i < end; i++) {
      const rule = this.#octet(bytes[i]!);
      if (rule !== undefined) return rule;
    }
    const isWrong = this.#left === 0 && this.#checksum !== undefined && this.#checksum !== ~this.#crc;
    return isWrong ? 'bad-checksum' : undefined;
  }

  #octet(octet: number): HeaderRule | undefined {
    const isValue = this.#at >= FIELD_BYTES;
    const isChecksum = isValue && this.#type === TYPE_CRC32C;
    // It is taken over the header with nothing in its own place.
    this.#count(isChecksum ? 0 : octet);
    this.#left -= 1;
    if (isChecksum) this.#checksum = ((this.#checksum ?? 0) << 8) | octet;
    else if (this.#at === 0) this.#type = octet;
    else if (!isValue) this.#length = ((this.#length << 8) | octet) & 0xffff;
    this.#at += 1;
    if (this.#at === 1 && this.#left < FIELD_BYTES - 1) return 'bad-field';
    if (this.#at === FIELD_BYTES) {
      if (this.#length > this.#left) return 'bad-field';
      if (this.#type === TYPE_CRC32C && (this.#length !== CRC_BYTES || this.#checksum !== undefined))
        return 'bad-field';
    }
    if (this.#at < FIELD_BYTES + this.#length) return undefined;
    this.#at = 0;
    this.#length = 0;
    return undefined;
  }

  #count(octet: number): void {
    this.#crc = (this.#crc >>> 8) ^ CRC32C[(this.#crc ^ octet) & 0xff]!;
  }
}

/** Type (8), length (16). */
const FIELD_BYTES = 3;

/** PP2_TYPE_CRC32C. */
const TYPE_CRC32C = 3;
const CRC_BYTES = 4;

/** By octet, for the polynomial of Castagnoli with its bits reversed (RFC 9260, appendix A). */
const CRC32C: Uint32Array = new Uint32Array(256).map((_, octet) => {
  let crc = octet;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f63b78;
  return crc >>> 0;
});
