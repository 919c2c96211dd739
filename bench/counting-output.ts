import type { Buffer } from 'node:buffer';
import type { BytesOwner, Output } from '../protocols/http/output.ts';

/** Takes what an engine sends and counts it, so that it cannot be optimised away; nothing is kept. */
export class CountingOutput implements Output {
  readonly pendingBytes = 0;
  sentBytes = 0;

  text(text: string): void {
    this.sentBytes += text.length;
  }

  bytes(_bytes: Buffer, start: number, end: number, _owner: BytesOwner | undefined): void {
    this.sentBytes += end - start;
  }
}
