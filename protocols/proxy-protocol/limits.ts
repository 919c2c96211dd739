/** Every bound of the PROXY header reader: value, unit, reason, and the rule of `errors.ts` that breaking it leads to. */

/** Line of version 1 with its CRLF, bytes: the specification's own worst case (section 2.1). → line-too-long */
export const MAX_LINE_BYTES = 107;

/**
 * What follows the fixed part of version 2, bytes. The field could say 65 535; addresses need 216 at most, and what senders
 * put behind them (names, ids, a client's certificate) a few KiB. It is skipped, not kept; the bound is on what we wait for.
 * → block-too-long
 */
export const MAX_BLOCK_BYTES = 16_384;
