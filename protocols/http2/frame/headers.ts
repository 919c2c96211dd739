import type { Buffer } from 'node:buffer';
import type { FrameOutput } from '../frame-output.ts';
import { writeContinuation } from './continuation.ts';
import { FLAG, FRAME_HEADER_BYTES, FRAME_TYPE, writeFrameHeader } from './frame-header.ts';
import { dependsOn, PRIORITY_BYTES } from './priority.ts';

/**
 * HEADERS: pad length? (8), exclusive? (1) stream dependency? (31) weight? (8), field block fragment, padding (RFC 9113,
 * section 6.2). The priority of RFC 7540 is read over; all that is checked is that a stream does not depend on itself.
 */
export interface HeadersPayload {
  /** The fragment is bytes[from, to). */
  from: number;
  to: number;
  dependsOnItself: boolean;
}

/** What its flags say there must be: a payload that is shorter has not the size of its type (RFC 9113, section 4.2). */
export function leastHeadersBytes(flags: number): number {
  return ((flags & FLAG.PADDED) === 0 ? 0 : 1) + ((flags & FLAG.PRIORITY) === 0 ? 0 : PRIORITY_BYTES);
}

/**
 * Where the fragment is in a payload bytes[start, end) of at least `leastHeadersBytes`; `into` is filled. False: the padding is longer
 * than what is left.
 */
export function readHeaders(
  bytes: Buffer,
  start: number,
  end: number,
  flags: number,
  streamId: number,
  into: HeadersPayload,
): boolean {
  let from = start;
  let padding = 0;
  if ((flags & FLAG.PADDED) !== 0) {
    padding = bytes[from]!;
    from += 1;
  }
  into.dependsOnItself = false;
  if ((flags & FLAG.PRIORITY) !== 0) {
    into.dependsOnItself = dependsOn(bytes, from) === streamId;
    from += PRIORITY_BYTES;
  }
  into.from = from;
  into.to = end - padding;
  return into.to >= from;
}

/**
 * A header block in frames of at most `maxFrameBytes`, with nothing between them. Gives where the HEADERS
 * frame begins; while everything fits in one frame that is where END_STREAM may still be set.
 */
export function writeHeaders(
  output: FrameOutput,
  streamId: number,
  block: Buffer,
  length: number,
  maxFrameBytes: number,
  endStream: boolean,
): number {
  const first = Math.min(length, maxFrameBytes);
  const at = output.reserve(FRAME_HEADER_BYTES + first);
  const flags = (endStream ? FLAG.END_STREAM : 0) | (first === length ? FLAG.END_HEADERS : 0);
  writeFrameHeader(output.buffer, at, first, FRAME_TYPE.HEADERS, flags, streamId);
  block.copy(output.buffer, at + FRAME_HEADER_BYTES, 0, first);
  for (let from = first; from < length; from += maxFrameBytes)
    writeContinuation(output, streamId, block, from, Math.min(length, from + maxFrameBytes), length);
  return at;
}
