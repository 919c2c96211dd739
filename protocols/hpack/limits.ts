/** Bounds of the HPACK codec that no one should need to tune; those of a header list come with the decoder's settings. */

/** Dynamic table of both directions before any SETTINGS, bytes (RFC 9113, section 6.5.2). */
export const INITIAL_TABLE_BYTES = 4096;

/** Added to name and value for each entry or field, bytes (RFC 7541, section 4.1; RFC 9113, section 6.5.2). */
export const ENTRY_OVERHEAD_BYTES = 32;

/**
 * Continuation octets of an integer: four carry 28 bits, more than any length or index that can be valid here, and stay
 * exact in 32-bit arithmetic. → integer-too-large
 */
export const MAX_INTEGER_CONTINUATION = 4;

/** The lowest size since the last block, and the final one (RFC 7541, section 4.2). → too-many-size-updates */
export const MAX_SIZE_UPDATES = 2;

/** Blocks remembered per connection to recognise their repetition: a head, its trailers, and as much of a second kind. */
export const MAX_REMEMBERED_BLOCKS = 4;

/** Longest block that is remembered, bytes; with the number above this bounds what an idle connection holds: 8 KiB. */
export const MAX_REMEMBERED_BLOCK_BYTES = 2048;

/** Entries of one name that the encoder looks through for a value: bounds its work for a name with ever new values. */
export const MAX_VALUES_COMPARED = 8;

/** A block that we make, bytes: twice the largest head that may be configured. Beyond is a fault of ours, and throws. */
export const MAX_ENCODED_BLOCK_BYTES = 2_097_152;
