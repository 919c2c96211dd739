import type { FrameOutput } from '../frame-output.ts';
import { FRAME_HEADER_BYTES, FRAME_TYPE, writeFrameHeader, writeUint32 } from './frame-header.ts';

/** RST_STREAM: error code (32) (RFC 9113, section 6.4). */
export const RST_STREAM_BYTES = 4;

export function writeRstStream(output: FrameOutput, streamId: number, code: number): void {
  const at = output.reserve(FRAME_HEADER_BYTES + RST_STREAM_BYTES);
  writeFrameHeader(output.buffer, at, RST_STREAM_BYTES, FRAME_TYPE.RST_STREAM, 0, streamId);
  writeUint32(output.buffer, at + FRAME_HEADER_BYTES, code);
}
