/** What the limits on a client may be set to, and what they are when left out. */

/** Below this no browser's request fits. */
export const MIN_HEAD_BYTES = 1024;
/** A head is held in memory per connection while it arrives: 1 MiB x 10,000 slow clients is already 10 GB. */
export const MAX_HEAD_BYTES = 1024 * 1024;
export const DEFAULT_HEAD = '64KiB';

export const MIN_LINE_BYTES = 256;
export const DEFAULT_LINE = '16KiB';

export const MAX_HEADERS = 10_000;

/** A JSON body smaller than this is hardly worth a condition. */
export const MIN_CONDITION_BODY_BYTES = 1024;
/** It is held for each request that waits, and read as JSON at once: 1 MiB takes 3 to 50 ms, in which nothing else moves. */
export const MAX_CONDITION_BODY_BYTES = 1024 * 1024;
export const DEFAULT_CONDITION_BODY = '64KiB';

/** Each open stream is a request with a head of its own in memory; browsers never use more than a hundred or so. */
export const MAX_HTTP2_STREAMS = 1000;
export const DEFAULT_HTTP2_STREAMS = 128;

/** What RFC 9113 grants a stream and a connection before our settings arrive is 65,535 bytes: less could not be enforced. */
export const MIN_WINDOW_BYTES = 64 * 1024;
/** Fills 1 Gbit/s over 130 ms. */
export const MAX_STREAM_WINDOW_BYTES = 16 * 1024 * 1024;
export const DEFAULT_STREAM_WINDOW = '256KiB';
/** One client that sends and is not read from costs us this much memory. */
export const MAX_CONNECTION_WINDOW_BYTES = 64 * 1024 * 1024;
export const DEFAULT_CONNECTION_WINDOW = '2MiB';

/** A browser that leaves a page resets all of its streams at once, and must not be taken for an attacker. */
export const MIN_GLITCHES = 100;
/** Beyond this a connection may burn a processor for minutes before it is noticed. */
export const MAX_GLITCHES = 1_000_000;
export const DEFAULT_GLITCHES = 1000;

/** All copies together hold at most 32 MiB: larger ones would leave no room for others. */
export const MAX_MIRROR_BODY_BYTES = 8 * 1024 * 1024;
export const DEFAULT_MIRROR_BODY = '64KiB';
