import { z } from 'zod';
import type { ConfigFile } from './config-file.ts';
import { integer, size } from './leaves.ts';
import {
  DEFAULT_CONNECTION_WINDOW,
  DEFAULT_GLITCHES,
  DEFAULT_HTTP2_STREAMS,
  DEFAULT_STREAM_WINDOW,
  MAX_CONNECTION_WINDOW_BYTES,
  MAX_GLITCHES,
  MAX_HTTP2_STREAMS,
  MAX_STREAM_WINDOW_BYTES,
  MIN_GLITCHES,
  MIN_WINDOW_BYTES,
} from './limit-bounds.ts';

export const http2Schema: z.ZodType<ConfigFile['http2']> = z
  .strictObject({
    maxStreams: integer(1, MAX_HTTP2_STREAMS)
      .prefault(DEFAULT_HTTP2_STREAMS)
      .describe('Concurrent streams of one connection; more are refused.'),
    streamWindow: size(MIN_WINDOW_BYTES, MAX_STREAM_WINDOW_BYTES)
      .prefault(DEFAULT_STREAM_WINDOW)
      .describe('Body bytes that a client may send ahead on one stream.'),
    connectionWindow: size(MIN_WINDOW_BYTES, MAX_CONNECTION_WINDOW_BYTES)
      .prefault(DEFAULT_CONNECTION_WINDOW)
      .describe(
        'Body bytes that a client may send ahead on all streams of a connection; at least streamWindow.',
      ),
    glitches: integer(MIN_GLITCHES, MAX_GLITCHES)
      .prefault(DEFAULT_GLITCHES)
      .describe(
        'Senseless work (resets, pings, empty frames …) that a connection may cause before it is ended.',
      ),
  })
  .prefault({})
  .describe('HTTP/2 towards clients.');
