/**
 * Every bound of the HTTP/2 engines: value, unit, reason, and the rule of `errors.ts` that breaking it leads to. The first
 * groups come from configuration; the constants guard what no one should need to tune.
 */
export interface HeadLimits {
  /** Decoded header section: names, values and 32 bytes for each field (RFC 9113, section 6.5.2). → head-too-large (431) */
  readonly headBytes: number;
  /** `:path`, or one field, bytes. → target-too-long (414), field-too-long (431) */
  readonly lineBytes: number;
  /** Fields in one section, cookie crumbs, empty ones and `:authority` included. → too-many-fields (431) */
  readonly headers: number;
}

/** `:method`, `:scheme` and `:path` are no fields in HTTP/1.1, where as many fields are taken. */
export const REQUEST_LINE_FIELDS = 3;
/** Nor is `:status`. */
export const STATUS_LINE_FIELDS = 1;

export const DEFAULT_HEAD_LIMITS: HeadLimits = Object.freeze({
  headBytes: 65_536,
  lineBytes: 16_384,
  headers: 200,
});

/** What an endpoint allows its peer. */
export interface EndpointLimits {
  readonly head: HeadLimits;
  /** Streams that the peer may have open at a time. → too-many-streams (REFUSED_STREAM) */
  readonly maxStreams: number;
  /** Body bytes that the peer may send ahead on one stream. → window-exceeded */
  readonly streamWindowBytes: number;
  /** And on all streams together. → connection-window-exceeded */
  readonly connectionWindowBytes: number;
  /** Points of senseless work that a connection may have at a time, see glitch-account.ts. → too-many-glitches */
  readonly glitches: number;
}

/**
 * Streams of one connection to a backend at a time, whatever the backend allows: beyond, another connection shares the load, and the
 * loss of one costs no more than this.
 */
export const MAX_CLIENT_STREAMS = 100;

/**
 * Streams of one connection to a backend that we reset before it is left for another. Servers take many of them for an attack and end
 * the connection, with the requests of all clients: nghttp2 (and so Node) at 1000 that come faster than 33 a second, Envoy where they are
 * most of 500 streams. Those that are still under way may be reset too.
 */
export const MAX_CLIENT_RESETS: number = 500 - MAX_CLIENT_STREAMS;

/** Bounds the speed of one response: this much per round trip to the backend. */
const RESPONSE_WINDOW_BYTES = 131_072;

/**
 * Towards backends: what one connection to them may hold of our memory. Its window is twice what all streams may have sent ahead
 * together: half of it may be held by clients that take nothing, nearly the other half may be used and not yet given back, and still
 * no client waits for what another one does not take.
 */
export const CLIENT_LIMITS: EndpointLimits = Object.freeze({
  head: DEFAULT_HEAD_LIMITS,
  maxStreams: 0,
  streamWindowBytes: RESPONSE_WINDOW_BYTES,
  connectionWindowBytes: 2 * MAX_CLIENT_STREAMS * RESPONSE_WINDOW_BYTES,
  glitches: 10_000,
});

/**
 * Bytes of a request that are still read, and granted anew, when it was answered before it was complete: as many as HTTP/1 reads to keep
 * a connection.
 */
export const MAX_UNWANTED_BODY_BYTES = 262_144;

/** Payload of a frame that we accept or send, bytes: the least that each side must take; larger ones only hold the others up. */
export const MAX_FRAME_BYTES = 16_384;

/** A header block on the wire, bytes: no head within its limits is larger, and one beyond can still be told so. → header-block-too-large */
export function headerBlockBytes({ headBytes }: HeadLimits): number {
  return headBytes + 65_536;
}

/**
 * CONTINUATION frames of a header block of at most `blockBytes` (VU#421644): as many as full ones take, and some that are not full.
 * → too-many-continuations
 */
export function maxContinuations(blockBytes: number): number {
  return Math.ceil(blockBytes / MAX_FRAME_BYTES) + 8;
}

/** Size of the tables of HPACK, ours and the peer's, bytes: what RFC 9113 begins with. */
export const HEADER_TABLE_BYTES = 4096;

/** Interim responses before a final one. → too-many-interim-responses */
export const MAX_INTERIM_RESPONSES = 16;

/** Data is put into frames while less than this waits in this process for the peer to read, bytes. */
export const MAX_OUTPUT_BYTES = 262_144;

/** While this much waits, nothing more is read from the peer: what it causes besides data has no window (CVE-2019-9517). */
export const MAX_PENDING_OUTPUT_BYTES = 524_288;

/**
 * Response data that may wait for windows on all streams of a connection together, bytes (CVE-2019-9511): beyond, a stream of which
 * nothing waits may bring a small read, and only when its window is open. So all of them hold this much, and a small read each; and
 * one whose client takes nothing does not hold up the others.
 */
export const MAX_QUEUED_BYTES = 2_097_152;

/** A frame of data that a window has made smaller than this does not count as useful work, bytes. */
export const MIN_USEFUL_BYTES = 1024;

/** What the next read of a body may bring, bytes. */
export const READ_BYTES = 262_144;

/** Streams that were reset, of which late frames are ignored; beyond, they count as frames on closed streams. */
export const MAX_RECENT_RESETS = 2048;
