/** Error codes of RST_STREAM and GOAWAY (RFC 9113, section 7). */
export const ERROR_CODE = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

type ErrorCodeName = keyof typeof ERROR_CODE;

const NAMES = Object.keys(ERROR_CODE) as ErrorCodeName[];

/** The RFC's spelling; a code that it does not know as hexadecimal number. */
export function errorCodeName(code: number): string {
  return NAMES[code] ?? `0x${code.toString(16)}`;
}

/**
 * What can be wrong with what a peer sends, as data: the rule that was broken, what it costs (one stream, or all of the
 * connection), and the code it is told. The engine has queued RST_STREAM or GOAWAY by the time it reports one.
 */
export interface Http2Fault {
  readonly rule: Http2Rule;
  readonly scope: 'stream' | 'connection';
  readonly code: number;
  /** For requests that can still be answered: the status of that answer, instead of a reset; else 0. */
  readonly status: 0 | 414 | 417 | 431 | 501;
  /** What was seen, for people; never holds the peer's bytes. */
  readonly detail: string;
}

export type Http2Rule = keyof typeof RULES;

type Row = readonly [Http2Fault['scope'], ErrorCodeName, string, Http2Fault['status']?];

const RULES = {
  // connection: preface and frames (RFC 9113, sections 3.4, 4, 6)
  'bad-preface': ['connection', 'PROTOCOL_ERROR', 'the connection does not begin with the client preface'],
  'settings-first': ['connection', 'PROTOCOL_ERROR', 'the first frame is not SETTINGS'],
  'frame-too-large': ['connection', 'FRAME_SIZE_ERROR', 'a frame is larger than SETTINGS_MAX_FRAME_SIZE'],
  'bad-frame-size': ['connection', 'FRAME_SIZE_ERROR', 'a frame has not the size of its type'],
  'bad-padding': ['connection', 'PROTOCOL_ERROR', 'padding is as long as the frame or longer'],
  'stream-zero': ['connection', 'PROTOCOL_ERROR', 'a frame of a stream on stream 0'],
  'not-stream-zero': ['connection', 'PROTOCOL_ERROR', 'a frame of the connection on a stream'],
  'bad-stream-id': ['connection', 'PROTOCOL_ERROR', 'a stream identifier that the peer may not open'],
  'idle-stream': ['connection', 'PROTOCOL_ERROR', 'a frame on a stream that was never opened'],
  'closed-stream': ['connection', 'STREAM_CLOSED', 'a frame on a stream that is closed'],
  'unexpected-continuation': ['connection', 'PROTOCOL_ERROR', 'CONTINUATION without an open header block'],
  'interrupted-header-block': [
    'connection',
    'PROTOCOL_ERROR',
    'a header block is interrupted by another frame',
  ],
  'header-block-too-large': ['connection', 'ENHANCE_YOUR_CALM', 'a header block has too many bytes'],
  'too-many-continuations': ['connection', 'ENHANCE_YOUR_CALM', 'a header block has too many frames'],
  'bad-header-block': ['connection', 'COMPRESSION_ERROR', 'a header block cannot be decoded'],
  'push-promise': ['connection', 'PROTOCOL_ERROR', 'PUSH_PROMISE where push is disabled'],
  'bad-setting': ['connection', 'PROTOCOL_ERROR', 'a setting has a value that is not allowed'],
  'initial-window-too-large': [
    'connection',
    'FLOW_CONTROL_ERROR',
    'SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1',
  ],
  'connection-window-overflow': [
    'connection',
    'FLOW_CONTROL_ERROR',
    'the window of the connection grows above 2^31-1',
  ],
  'connection-window-exceeded': [
    'connection',
    'FLOW_CONTROL_ERROR',
    'more data than the window of the connection',
  ],
  'zero-connection-increment': ['connection', 'PROTOCOL_ERROR', 'WINDOW_UPDATE of the connection by 0'],
  'bad-priority-update': ['connection', 'PROTOCOL_ERROR', 'PRIORITY_UPDATE for a stream that cannot be'],
  'too-many-priorities': [
    'connection',
    'PROTOCOL_ERROR',
    'PRIORITY_UPDATE for more streams than may be open',
  ],
  'too-many-glitches': ['connection', 'ENHANCE_YOUR_CALM', 'too much senseless work'],
  // streams
  'half-closed-stream': ['stream', 'STREAM_CLOSED', 'a frame on a stream whose request is complete'],
  'reset-stream': ['stream', 'STREAM_CLOSED', 'a frame on a stream that was reset'],
  'self-dependency': ['stream', 'PROTOCOL_ERROR', 'a stream depends on itself'],
  'zero-increment': ['stream', 'PROTOCOL_ERROR', 'WINDOW_UPDATE by 0'],
  'window-overflow': ['stream', 'FLOW_CONTROL_ERROR', 'the window of a stream grows above 2^31-1'],
  'window-exceeded': ['stream', 'FLOW_CONTROL_ERROR', 'more data than the window of the stream'],
  'bad-priority-size': ['stream', 'FRAME_SIZE_ERROR', 'PRIORITY has not 5 bytes'],
  'too-many-streams': ['stream', 'REFUSED_STREAM', 'more streams than SETTINGS_MAX_CONCURRENT_STREAMS'],
  'going-away': ['stream', 'REFUSED_STREAM', 'the connection takes no more streams'],
  'reset-by-peer': ['stream', 'CANCEL', 'the peer has reset the stream'],
  // messages (RFC 9113, section 8)
  'bad-field-name': ['stream', 'PROTOCOL_ERROR', 'a field name is not a lower-case token'],
  'bad-field-value': [
    'stream',
    'PROTOCOL_ERROR',
    'a field value holds a control character or outer white space',
  ],
  'connection-field': ['stream', 'PROTOCOL_ERROR', 'a field of HTTP/1 connections'],
  'pseudo-after-field': ['stream', 'PROTOCOL_ERROR', 'a pseudo-header field behind a regular one'],
  'unknown-pseudo': ['stream', 'PROTOCOL_ERROR', 'a pseudo-header field that does not belong here'],
  'repeated-pseudo': ['stream', 'PROTOCOL_ERROR', 'a pseudo-header field is repeated'],
  'missing-pseudo': ['stream', 'PROTOCOL_ERROR', 'a pseudo-header field is missing'],
  'bad-method': ['stream', 'PROTOCOL_ERROR', 'the method is not a token'],
  'bad-scheme': ['stream', 'PROTOCOL_ERROR', 'the scheme is neither http nor https'],
  'bad-path': ['stream', 'PROTOCOL_ERROR', 'the path is not valid for its method'],
  'bad-authority': ['stream', 'PROTOCOL_ERROR', 'the authority is missing or not valid'],
  'host-mismatch': ['stream', 'PROTOCOL_ERROR', 'Host is repeated or differs from :authority'],
  'bad-content-length': ['stream', 'PROTOCOL_ERROR', 'Content-Length is not one decimal number'],
  'body-length-mismatch': ['stream', 'PROTOCOL_ERROR', 'the body is not as long as Content-Length says'],
  'unexpected-body': ['stream', 'PROTOCOL_ERROR', 'a body where none is allowed'],
  'trailers-without-end': ['stream', 'PROTOCOL_ERROR', 'a second header block that does not end the stream'],
  'headers-in-tunnel': ['stream', 'PROTOCOL_ERROR', 'a header block in a tunnel'],
  'forbidden-trailer': ['stream', 'PROTOCOL_ERROR', 'a framing or routing field in the trailer section'],
  'trailers-too-large': ['stream', 'PROTOCOL_ERROR', 'the trailer section is too large'],
  'bad-status': ['stream', 'PROTOCOL_ERROR', 'the status is not a number from 100 to 599'],
  'response-head-too-large': ['stream', 'PROTOCOL_ERROR', 'the header section of the response is too large'],
  'missing-response': ['stream', 'PROTOCOL_ERROR', 'a stream that ends without a response'],
  'unexpected-head': ['stream', 'PROTOCOL_ERROR', 'a response where none is due'],
  'too-many-interim-responses': ['stream', 'PROTOCOL_ERROR', 'too many interim responses'],
  'data-before-head': ['stream', 'PROTOCOL_ERROR', 'data before the response'],
  // answered, not reset
  'target-too-long': ['stream', 'NO_ERROR', 'the request target is too long', 414],
  'field-too-long': ['stream', 'NO_ERROR', 'a field line is too long', 431],
  'too-many-fields': ['stream', 'NO_ERROR', 'too many field lines', 431],
  'head-too-large': ['stream', 'NO_ERROR', 'the header section is too large', 431],
  'expectation-unknown': ['stream', 'NO_ERROR', 'the expectation is unknown', 417],
  'method-not-implemented': ['stream', 'NO_ERROR', 'CONNECT is offered for WebSocket only', 501],
} as const satisfies Record<string, Row>;

export const HTTP2_RULES: readonly Http2Rule[] = Object.keys(RULES) as Http2Rule[];

/** One shared frozen value per rule: making a fault costs nothing, so a flood of them does not either. */
const FAULTS: ReadonlyMap<Http2Rule, Http2Fault> = new Map(
  HTTP2_RULES.map((rule) => {
    const [scope, code, detail, status = 0] = RULES[rule] as Row;
    return [rule, Object.freeze({ rule, scope, code: ERROR_CODE[code], status, detail })];
  }),
);

export function http2Fault(rule: Http2Rule): Http2Fault {
  return FAULTS.get(rule)!;
}

/** What a peer's RST_STREAM is to us: the code is the peer's. */
export function peerReset(code: number): Http2Fault {
  return {
    ...http2Fault('reset-by-peer'),
    code,
    detail: `the peer has reset the stream: ${errorCodeName(code)}`,
  };
}
