import { Refusal } from './leaf.ts';
import {
  DEFAULT_CONNECTION_WINDOW,
  DEFAULT_STREAM_WINDOW,
  MAX_CONNECTION_WINDOW_BYTES,
  MAX_STREAM_WINDOW_BYTES,
  MIN_WINDOW_BYTES,
} from './limit-bounds.ts';
import { type Complaint, complain } from './problem.ts';
import { memberOf } from './raw.ts';
import { readSize } from './size.ts';

/** The window of one stream lies within that of its connection: more of it could never be used. */
export function checkHttp2(data: unknown): Complaint[] {
  const http2 = memberOf(data, 'http2');
  const streamWindow = memberOf(http2, 'streamWindow');
  const connectionWindow = memberOf(http2, 'connectionWindow');
  const stream = readSize(streamWindow ?? DEFAULT_STREAM_WINDOW, MIN_WINDOW_BYTES, MAX_STREAM_WINDOW_BYTES);
  const connection = readSize(
    connectionWindow ?? DEFAULT_CONNECTION_WINDOW,
    MIN_WINDOW_BYTES,
    MAX_CONNECTION_WINDOW_BYTES,
  );
  if (stream instanceof Refusal || connection instanceof Refusal || stream <= connection) return [];
  const key = streamWindow === undefined ? 'connectionWindow' : 'streamWindow';
  const message = `a stream window of ${stream} bytes does not fit into a connection window of ${connection} bytes`;
  return [complain(['http2', key], message)];
}
