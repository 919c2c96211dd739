import type { FrameOutput } from '../frame-output.ts';
import { FRAME_HEADER_BYTES, FRAME_TYPE, writeFrameHeader, writeUint32 } from './frame-header.ts';

/** GOAWAY: reserved (1), last stream identifier (31), error code (32), debug data (RFC 9113, section 6.8). */
export const GOAWAY_BYTES = 8;
/** Where the error code stands in the payload. */
export const GOAWAY_CODE_OFFSET = 4;

/** `debug`: ASCII for people; it is the only place where the protocol lets us say what was wrong. */
export function writeGoaway(output: FrameOutput, lastStreamId: number, code: number, debug: string): void {
  const length = GOAWAY_BYTES + debug.length;
  const at = output.reserve(FRAME_HEADER_BYTES + length);
  const { buffer } = output;
  writeFrameHeader(buffer, at, length, FRAME_TYPE.GOAWAY, 0, 0);
  writeUint32(buffer, at + FRAME_HEADER_BYTES, lastStreamId);
  writeUint32(buffer, at + FRAME_HEADER_BYTES + GOAWAY_CODE_OFFSET, code);
  buffer.write(debug, at + FRAME_HEADER_BYTES + GOAWAY_BYTES, 'latin1');
}
