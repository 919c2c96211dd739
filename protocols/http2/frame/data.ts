import type { Buffer } from 'node:buffer';
import type { FrameOutput } from '../frame-output.ts';
import { FLAG, FRAME_HEADER_BYTES, FRAME_TYPE, writeFrameHeader } from './frame-header.ts';

/** DATA: pad length? (8), data, padding (RFC 9113, section 6.1). Ours has no padding. Gives where the frame begins. */
export function writeData(
  output: FrameOutput,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
  endStream: boolean,
): number {
  const length = end - start;
  const at = output.reserve(FRAME_HEADER_BYTES + length);
  writeFrameHeader(output.buffer, at, length, FRAME_TYPE.DATA, endStream ? FLAG.END_STREAM : 0, streamId);
  if (length > 0) bytes.copy(output.buffer, at + FRAME_HEADER_BYTES, start, end);
  return at;
}
