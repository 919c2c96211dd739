/**
 * Walks over DER without building anything: a list of revoked certificates has megabytes, and what is wanted of it stands in its
 * first hundred bytes. What is not DER reads as an element of tag -1.
 */
export class DerReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** The tag of the next element; -1 at the end. */
  peek(): number {
    return this.#at < this.#end ? this.#bytes[this.#at]! : -1;
  }

  /** The next element, which is passed. */
  next(): DerElement {
    const start = this.#at;
    const tag = this.peek();
    let length = this.#bytes[start + 1] ?? 0;
    let content = start + 2;
    if (length > 0x80 && length <= 0x84) {
      const octets = length - 0x80;
      length = content + octets <= this.#end ? this.#bytes.readUIntBE(content, octets) : this.#end;
      content += octets;
    }
    const end = content + length;
    if (tag < 0 || length === 0x80 || end > this.#end) {
      this.#at = this.#end;
      return { tag: -1, raw: NOTHING, content: new DerReader(NOTHING), text: '' };
    }
    this.#at = end;
    const bytes = this.#bytes;
    return {
      tag,
      raw: bytes.subarray(start, end),
      content: new DerReader(bytes, content, end),
      get text() {
        return bytes.toString('latin1', content, end);
      },
    };
  }
}

export interface DerElement {
  readonly tag: number;
  /** Header and content. */
  readonly raw: Buffer;
  readonly content: DerReader;
  /** The content, as latin-1. */
  readonly text: string;
}

export const DER_INTEGER = 0x02;
export const DER_UTC_TIME = 0x17;
export const DER_GENERALIZED_TIME = 0x18;
export const DER_SEQUENCE = 0x30;

const NOTHING = Buffer.alloc(0);
