import { Buffer } from 'node:buffer';
import type { BytesOwner, Output } from '../../protocols/http/output.ts';

/** Keeps what an engine sends. */
export class RecordingOutput implements Output {
  /** Set it to play a client that does not read. */
  pendingBytes = 0;
  readonly owners: (BytesOwner | undefined)[] = [];
  #sent = '';

  text(text: string): void {
    this.#sent += text;
  }

  bytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#sent += bytes.toString('latin1', start, end);
    this.owners.push(owner);
  }

  /** What was sent since the last call, one char per octet. */
  take(): string {
    const sent = this.#sent;
    this.#sent = '';
    return sent;
  }
}

/** Octets of a text whose chars are octets. */
export function octets(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
