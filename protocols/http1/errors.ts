/**
 * What can be wrong with bytes that claim to be HTTP/1. A fault names the rule that was broken (docs/strictness.md shows
 * each with its bytes), and for requests the status that answers it. The same rules hold for responses, where every
 * fault is a 502 to the client and the end of the connection to the backend.
 */
export interface Http1Fault {
  readonly rule: Http1Rule;
  readonly status: 400 | 414 | 417 | 431 | 501 | 505;
  /** What was seen, for people; never holds the peer's bytes. */
  readonly detail: string;
}

export type Http1Rule = keyof typeof RULES;

const RULES = {
  // lines
  'bare-lf': [400, 'a line ends in LF without CR'],
  'bare-cr': [400, 'CR without LF'],
  'leading-blank-lines': [400, 'more than one empty line before the start line'],
  // request line
  'bad-request-line': [400, 'the request line is not METHOD SP TARGET SP VERSION'],
  'bad-method': [400, 'the method is not a token'],
  'bad-target': [400, 'the request target is not valid for its method'],
  'bad-version': [400, 'the protocol version is malformed'],
  'version-not-supported': [505, 'only HTTP/1.0 and HTTP/1.1 are spoken here'],
  'method-not-implemented': [501, 'CONNECT is not offered'],
  'target-too-long': [414, 'the request line is too long'],
  // status line
  'bad-status-line': [400, 'the status line is malformed'],
  // fields
  'obs-fold': [400, 'a field line is folded'],
  'bad-field-name': [400, 'a field name is not a token followed by a colon'],
  'bad-field-value': [400, 'a field value holds a control character'],
  'field-too-long': [431, 'a field line is too long'],
  'too-many-fields': [431, 'too many field lines'],
  'head-too-large': [431, 'the header section is too large'],
  'missing-host': [400, 'Host is missing'],
  'repeated-host': [400, 'Host is repeated'],
  'bad-host': [400, 'Host is not a valid authority'],
  'expectation-unknown': [417, 'the expectation is unknown'],
  // framing
  'bad-content-length': [400, 'Content-Length is not one decimal number'],
  'repeated-content-length': [400, 'Content-Length is repeated'],
  'both-framings': [400, 'Content-Length and Transfer-Encoding are both present'],
  'bad-transfer-encoding': [400, 'Transfer-Encoding is malformed or repeated'],
  'transfer-coding-unknown': [501, 'only the transfer coding "chunked" is understood'],
  'transfer-encoding-in-http-1.0': [400, 'Transfer-Encoding in an HTTP/1.0 message'],
  'unexpected-body': [400, 'a body where none is allowed'],
  'bad-chunk-size': [400, 'a chunk size is not a hexadecimal number'],
  'bad-chunk-extension': [400, 'a chunk extension is malformed'],
  'chunk-extension-too-long': [400, 'chunk extensions are too long'],
  'bad-chunk-end': [400, 'a chunk does not end in CRLF'],
  'forbidden-trailer': [400, 'a framing or routing field in the trailer section'],
  // responses only
  'unexpected-upgrade': [400, '101 without having been asked'],
  'too-many-interim-responses': [400, 'too many interim responses'],
  'unexpected-bytes': [400, 'bytes after the end of the response'],
} as const satisfies Record<string, readonly [Http1Fault['status'], string]>;

export const HTTP1_RULES: readonly Http1Rule[] = Object.keys(RULES) as Http1Rule[];

/** One shared frozen value per rule: making a fault costs nothing, so a flood of bad requests does not either. */
const FAULTS: ReadonlyMap<Http1Rule, Http1Fault> = new Map(
  HTTP1_RULES.map((rule) => {
    const [status, detail] = RULES[rule];
    return [rule, Object.freeze({ rule, status, detail })];
  }),
);

export function http1Fault(rule: Http1Rule): Http1Fault {
  return FAULTS.get(rule)!;
}
