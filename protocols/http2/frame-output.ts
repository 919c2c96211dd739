import type { Buffer } from 'node:buffer';

/**
 * Where an engine puts its frames: one piece of memory after the other, which the driver writes once per turn of the event
 * loop, so that frames of dozens of streams make one system call and one TLS record.
 */
export interface FrameOutput {
  /** Room for `length` octets, at most a whole frame, behind all that is there; they are in `buffer` from the index given. */
  reserve(length: number): number;
  /** Where the last `reserve` has put its octets. */
  readonly buffer: Buffer;
  /**
   * Changes when what was reserved may be changed no longer: it was written, or is not in `buffer` any more. Until then a
   * frame that turns out to be the last of its stream can still be given END_STREAM.
   */
  readonly epoch: number;
  /** What has not left this process yet, bytes. */
  readonly pendingBytes: number;
}
