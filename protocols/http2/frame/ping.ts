import type { Buffer } from 'node:buffer';
import type { FrameOutput } from '../frame-output.ts';
import { FLAG, FRAME_HEADER_BYTES, FRAME_TYPE, writeFrameHeader, writeUint32 } from './frame-header.ts';

/** PING: opaque data (64) (RFC 9113, section 6.7). */
export const PING_BYTES = 8;

/** Ours tells one from another by a number in its last half. */
export function writePing(output: FrameOutput, number: number): void {
  const at = output.reserve(FRAME_HEADER_BYTES + PING_BYTES);
  writeFrameHeader(output.buffer, at, PING_BYTES, FRAME_TYPE.PING, 0, 0);
  writeUint32(output.buffer, at + FRAME_HEADER_BYTES, 0);
  writeUint32(output.buffer, at + FRAME_HEADER_BYTES + 4, number);
}

/** The answer to the PING whose payload is at `start`. */
export function writePingAck(output: FrameOutput, bytes: Buffer, start: number): void {
  const at = output.reserve(FRAME_HEADER_BYTES + PING_BYTES);
  writeFrameHeader(output.buffer, at, PING_BYTES, FRAME_TYPE.PING, FLAG.ACK, 0);
  bytes.copy(output.buffer, at + FRAME_HEADER_BYTES, start, start + PING_BYTES);
}
