/**
 * Every bound of the HTTP/1 engines: value, unit, reason, and the rule of `errors.ts` that breaking it leads to.
 * The first group comes from configuration; the constants guard what no one should need to tune.
 */
export interface Http1Limits {
  /** Start line and header section together, bytes. → head-too-large (431) */
  readonly headBytes: number;
  /** One line without its CRLF, bytes. → target-too-long (414) for the request line, else field-too-long (431) */
  readonly lineBytes: number;
  /** Field lines in one section. → too-many-fields (431) */
  readonly headers: number;
}

export const DEFAULT_LIMITS: Http1Limits = Object.freeze({
  headBytes: 65_536,
  lineBytes: 16_384,
  headers: 200,
});

/** A chunk-size line without its CRLF, bytes; sizes need 13, the rest is extensions nobody uses. → chunk-extension-too-long */
export const MAX_CHUNK_LINE_BYTES = 1024;

/**
 * Chunk extensions in one message, bytes: they carry no content, so a sender could otherwise feed us for ever without
 * its body growing (CVE-2024-22019). → chunk-extension-too-long
 */
export const MAX_CHUNK_EXTENSION_BYTES = 16_384;

/** Hexadecimal digits of a chunk size: 2^52 − 1 is the last size that a double counts exactly. → bad-chunk-size */
export const MAX_CHUNK_SIZE_DIGITS = 13;

/** Interim responses before a final one; a backend that goes on is out of order. → too-many-interim-responses */
export const MAX_INTERIM_RESPONSES = 16;

/** Heads up to this many bytes are remembered to recognise their repetition; bounds what an idle connection holds. */
export const MAX_REMEMBERED_HEAD_BYTES = 8192;

/**
 * Pipelined requests are not begun while this many bytes of answers wait for the client; a sender that does not read
 * is not served further.
 */
export const MAX_PENDING_OUTPUT_BYTES = 65_536;
