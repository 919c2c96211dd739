import type { Buffer } from 'node:buffer';

/**
 * Who lends the bytes that a sink is shown. They are valid during the call; a receiver that needs them longer (a write
 * that has not completed) calls `retain()` in the call and `release` exactly once later. `release` is bound, so that
 * it can be given to `socket.write` as it is: no closure per chunk. `undefined` in place of an owner: the bytes are never
 * reused and may simply be kept.
 */
export interface BytesOwner {
  retain(): void;
  readonly release: () => void;
}

/** Where an engine puts what is to be sent. The driver writes all of it once per turn of the event loop. */
export interface Output {
  /** Text whose char codes are octets. */
  text(text: string): void;
  /** bytes[start, end); see BytesOwner for how long they stay valid. */
  bytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void;
  /** What has not left this process yet, bytes. */
  readonly pendingBytes: number;
}
