/** What the limits on a request head may be set to, and what they are when left out. */

/** Below this no browser's request fits. */
export const MIN_HEAD_BYTES = 1024;
/** A head is held in memory per connection while it arrives: 1 MiB x 10,000 slow clients is already 10 GB. */
export const MAX_HEAD_BYTES = 1024 * 1024;
export const DEFAULT_HEAD = '64KiB';

export const MIN_LINE_BYTES = 256;
export const DEFAULT_LINE = '16KiB';

export const MAX_HEADERS = 10_000;
