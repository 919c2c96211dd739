import type { FrameOutput } from '../frame-output.ts';
import { FRAME_HEADER_BYTES, FRAME_TYPE, writeFrameHeader, writeUint32 } from './frame-header.ts';

/** WINDOW_UPDATE: reserved (1), window size increment (31) (RFC 9113, section 6.9). */
export const WINDOW_UPDATE_BYTES = 4;

export function writeWindowUpdate(output: FrameOutput, streamId: number, increment: number): void {
  const at = output.reserve(FRAME_HEADER_BYTES + WINDOW_UPDATE_BYTES);
  writeFrameHeader(output.buffer, at, WINDOW_UPDATE_BYTES, FRAME_TYPE.WINDOW_UPDATE, 0, streamId);
  writeUint32(output.buffer, at + FRAME_HEADER_BYTES, increment);
}
