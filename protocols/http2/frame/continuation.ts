import type { Buffer } from 'node:buffer';
import type { FrameOutput } from '../frame-output.ts';
import { FLAG, FRAME_HEADER_BYTES, FRAME_TYPE, writeFrameHeader } from './frame-header.ts';

/** CONTINUATION: field block fragment (RFC 9113, section 6.10). `blockEnd`: where the whole block ends. */
export function writeContinuation(
  output: FrameOutput,
  streamId: number,
  block: Buffer,
  from: number,
  to: number,
  blockEnd: number,
): void {
  const at = output.reserve(FRAME_HEADER_BYTES + to - from);
  const flags = to === blockEnd ? FLAG.END_HEADERS : 0;
  writeFrameHeader(output.buffer, at, to - from, FRAME_TYPE.CONTINUATION, flags, streamId);
  block.copy(output.buffer, at + FRAME_HEADER_BYTES, from, to);
}
