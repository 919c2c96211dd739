/**
 * Reads the length-prefixed fields of a TLS message in wire order. Never throws and never reads past its end: the
 * first field that does not fit makes it fail for good, every later read gives zero or nothing, and the caller asks
 * once, at the end of a group of fields, whether it `failed`.
 */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  failed = false;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  uint8(): number {
    return this.#has(1) ? this.#bytes[this.#at++]! : 0;
  }

  uint16(): number {
    if (!this.#has(2)) return 0;
    const value = this.#bytes[this.#at]! * 256 + this.#bytes[this.#at + 1]!;
    this.#at += 2;
    return value;
  }

  skip(length: number): void {
    if (this.#has(length)) this.#at += length;
  }

  /** A reader over the next `length` bytes, which this one leaves behind. */
  sub(length: number): FieldReader {
    if (!this.#has(length)) return new FieldReader(this.#bytes, this.#end, this.#end);
    const start = this.#at;
    this.#at += length;
    return new FieldReader(this.#bytes, start, this.#at);
  }

  /** The next `length` bytes as a latin-1 string: one character per byte, whatever they are. */
  latin1(length: number): string {
    if (!this.#has(length)) return '';
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.#bytes[this.#at + i]!);
    this.#at += length;
    return text;
  }

  #has(length: number): boolean {
    if (!this.failed && this.#end - this.#at >= length) return true;
    this.failed = true;
    this.#at = this.#end;
    return false;
  }
}
