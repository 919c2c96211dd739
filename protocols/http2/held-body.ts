import { Buffer } from 'node:buffer';
import type { HeaderList } from '../http/header-list.ts';

/**
 * Body of a stream that came before anybody wanted it, or while its reader had paused; the stream's window bounds it. Copied,
 * because 16 KiB must not hold on to a read of 256.
 */
export class HeldBody {
  readonly #pieces: Buffer[] = [];
  /** Set when the end has come too. */
  trailers: HeaderList | undefined = undefined;

  push(bytes: Buffer, start: number, end: number): void {
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  /** The oldest piece; undefined: there is none. */
  shift(): Buffer | undefined {
    return this.#pieces.shift();
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }
}
