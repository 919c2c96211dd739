/** Every bound of the ClientHello reader: value, unit, reason, and the rule of `errors.ts` that breaking it leads to. */

/**
 * Body of the ClientHello, bytes. Browsers send 0.5–2 KiB (post-quantum key shares included); resumption tickets with
 * client certificates inside reach a few KiB more. → hello-too-large
 */
export const MAX_HELLO_BYTES = 16_384;

/**
 * Records that carry one ClientHello. Clients that dodge middleboxes cut it into a handful, sometimes into dozens;
 * more only multiplies headers. → too-many-records
 */
export const MAX_HELLO_RECORDS = 256;

/** Fragment of a plaintext record, bytes (RFC 8446, section 5.1). → record-too-large */
export const MAX_FRAGMENT_BYTES = 16_384;

/** Most the reader ever holds while it answers need-more: the largest hello in the largest number of records. */
export const MAX_BUFFERED_BYTES = 4 + MAX_HELLO_BYTES + 5 * MAX_HELLO_RECORDS;

/**
 * Letters that are waited through to tell a request in clear text from other protocols; the longest registered method
 * has 17. → not-tls
 */
export const MAX_METHOD_CHARS = 20;
