import { Buffer } from 'node:buffer';
import type { Http2Rule } from './errors.ts';
import { maxContinuations } from './limits.ts';

/**
 * A header block that comes in several frames (RFC 9113, section 4.3): collected until END_HEADERS, bounded in bytes and in
 * frames; its driver bounds it in time.
 */
export class HeaderBlock {
  readonly #maxBytes: number;
  readonly #maxContinuations: number;
  #streamId = 0;
  #flags = 0;
  #fragments: Buffer[] = [];
  #bytes = 0;

  /** `maxBytes`: on the wire. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#maxContinuations = maxContinuations(maxBytes);
  }

  /** The stream whose block is open; 0: none is. */
  get streamId(): number {
    return this.#streamId;
  }

  /** Flags of the HEADERS frame that began it. */
  get flags(): number {
    return this.#flags;
  }

  begin(streamId: number, flags: number, bytes: Buffer, start: number, end: number): void {
    this.#streamId = streamId;
    this.#flags = flags;
    this.#fragments = [Buffer.from(bytes.subarray(start, end))];
    this.#bytes = end - start;
  }

  /** A CONTINUATION frame. Gives the rule that it breaks. */
  add(bytes: Buffer, start: number, end: number): Http2Rule | undefined {
    this.#bytes += end - start;
    if (this.#bytes > this.#maxBytes) return 'header-block-too-large';
    if (this.#fragments.length > this.#maxContinuations) return 'too-many-continuations';
    this.#fragments.push(Buffer.from(bytes.subarray(start, end)));
    return undefined;
  }

  /** The whole block; ready for the next. */
  take(): Buffer {
    const block = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#streamId = 0;
    return block;
  }
}
