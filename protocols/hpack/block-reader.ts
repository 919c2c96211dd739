import { Buffer } from 'node:buffer';
import { latin1 } from '../http/latin1.ts';
import type { HpackRule } from './errors.ts';
import { decodeHuffman, maxDecodedBytes } from './huffman-decoder.ts';
import { MAX_INTEGER_CONTINUATION } from './limits.ts';

/**
 * Reads the primitives of a header block in order: integers and strings (RFC 7541, section 5). Never throws and never reads past
 * its end: the first thing that is wrong is kept in `fault`, and the caller asks for it after each field.
 */
export class BlockReader {
  fault: HpackRule | undefined;
  #bytes: Buffer = NOTHING;
  #at = 0;
  #end = 0;

  open(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.fault = undefined;
  }

  /** Lets go of the bytes: an idle connection must not keep a whole read buffer from its pool. */
  close(): void {
    this.#bytes = NOTHING;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** The octet that begins the next field; not at the end. */
  peek(): number {
    return this.#bytes[this.#at]!;
  }

  /** An integer whose prefix are the bits of `mask` in the next octet (section 5.1); 0 with `fault` set. */
  integer(mask: number): number {
    if (this.#at >= this.#end) return this.#fail('truncated');
    const prefix = this.#bytes[this.#at++]! & mask;
    return prefix < mask ? prefix : this.#continuation(mask);
  }

  /** A string literal, one char code per octet (section 5.2); '' with `fault` set. */
  string(): string {
    const coded = this.#isHuffman();
    const length = this.#stringLength();
    const start = this.#at - length;
    if (length === 0) return '';
    if (!coded) return latin1(this.#bytes, start, this.#at);
    const room = maxDecodedBytes(length);
    const target = room <= scratch.length ? scratch : Buffer.allocUnsafe(room);
    const decoded = decodeHuffman(this.#bytes, start, this.#at, target);
    if (decoded >= 0) return latin1(target, 0, decoded);
    this.#fail('bad-huffman');
    return '';
  }

  /** Checks a string literal as `string` does, and makes nothing of it. */
  skipString(): void {
    if (this.#isHuffman()) this.string();
    else this.#stringLength();
  }

  #isHuffman(): boolean {
    return this.#at < this.#end && this.#bytes[this.#at]! >= HUFFMAN_FLAG;
  }

  /** Reads the length and steps over the string; 0 with `fault` set. */
  #stringLength(): number {
    const length = this.integer(LENGTH_MASK);
    if (length > this.#end - this.#at) return this.#fail('truncated');
    this.#at += length;
    return length;
  }

  #continuation(mask: number): number {
    let value = mask;
    for (let octets = 0; octets < MAX_INTEGER_CONTINUATION; octets++) {
      if (this.#at >= this.#end) return this.#fail('truncated');
      const octet = this.#bytes[this.#at++]!;
      value += (octet & 0x7f) << (7 * octets);
      if (octet < 0x80) return value;
    }
    return this.#fail('integer-too-large');
  }

  #fail(rule: HpackRule): 0 {
    this.fault ??= rule;
    this.#at = this.#end;
    return 0;
  }
}

const NOTHING = Buffer.alloc(0);
const HUFFMAN_FLAG = 0x80;
const LENGTH_MASK = 0x7f;

/** Where Huffman-coded strings are spread out, one at a time in the whole process; longer ones, which are rare, get their own. */
const scratch = Buffer.allocUnsafeSlow(16_384);
