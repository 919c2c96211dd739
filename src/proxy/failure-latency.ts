/** What a failed attempt counts for, at least, where latency decides. */
export const FAILURE_MS = 1000;
