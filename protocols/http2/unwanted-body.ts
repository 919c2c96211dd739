import type { Buffer } from 'node:buffer';
import { MAX_UNWANTED_BODY_BYTES } from './limits.ts';
import type { StreamSink } from './stream.ts';

/**
 * The sink of a request that was answered before it was complete: what was on its way is thrown away. A client that has much more to
 * send is granted nothing for it, and comes to read its answer.
 */
export class UnwantedBody implements StreamSink {
  #bytes = 0;

  bodyBegins(): void {}

  bodyData(_bytes: Buffer, start: number, end: number): boolean {
    this.#bytes += end - start;
    return this.#bytes <= MAX_UNWANTED_BODY_BYTES;
  }

  bodyEnd(): void {}

  writable(): void {}

  reset(): void {}
}
