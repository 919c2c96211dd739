import type { Buffer } from 'node:buffer';

/**
 * Who lends the bytes that a sink is shown. They are valid during the call. A receiver that needs them longer (a write
 * that has not completed) calls `retain()` in the call and `release` exactly once later; `release` is bound, so that
 * it can be given to `socket.write` as it is: no closure per chunk. Where there is no owner (undefined) the bytes are
 * overwritten by the next read, and what is needed longer must be copied.
 */
export interface BytesOwner {
  retain(): void;
  readonly release: () => void;
}

/** Owner of bytes that nobody overwrites: keeping them costs nothing. */
export const UNSHARED: BytesOwner = Object.freeze({ retain() {}, release() {} });

/** Where an engine puts what is to be sent. The driver writes all of it once per turn of the event loop. */
export interface Output {
  /** Text whose char codes are octets. */
  text(text: string): void;
  /** bytes[start, end); see BytesOwner for how long they stay valid. */
  bytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void;
  /** What has not left this process yet, bytes. */
  readonly pendingBytes: number;
}
