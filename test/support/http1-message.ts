/** One HTTP/1 message as a test looks at it. Text is latin-1: one char per octet. */
export interface PlainMessage {
  readonly startLine: string;
  /** Of a response; 0 for a request. */
  readonly status: number;
  /** By lower-case name; repeated fields are joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Trailer section as it came, without the last CRLF. */
  readonly trailers: string;
}

/** What the bytes of a message do not say about its framing. */
export interface MessageContext {
  /** An answer to HEAD. */
  readonly isHeadAnswer?: boolean;
  /** Nothing will follow. */
  readonly ended?: boolean;
}

/**
 * The first message of `text` and its length, or undefined when it is not whole. Trusting and simple on purpose: it is the test's
 * own reading of what Portico wrote.
 */
export function takeMessage(
  text: string,
  context: MessageContext = {},
): { readonly message: PlainMessage; readonly length: number } | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [startLine, ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers = fieldMap(lines);
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(startLine!)?.[1] ?? 0);
  const start = headEnd + 4;
  const made = (body: string, length: number, trailers = '') => ({
    message: { startLine: startLine!, status, headers, body, trailers },
    length,
  });
  if (context.isHeadAnswer || (status >= 100 && status < 200) || status === 204 || status === 304)
    return made('', start);
  if (headers.get('transfer-encoding') === 'chunked') {
    const chunked = takeChunked(text, start);
    return chunked && made(chunked.body, chunked.end, chunked.trailers);
  }
  const declared = headers.get('content-length');
  if (declared !== undefined) {
    const end = start + Number(declared);
    return text.length < end ? undefined : made(text.slice(start, end), end);
  }
  if (status === 0) return made('', start);
  return context.ended ? made(text.slice(start), text.length) : undefined;
}

function takeChunked(
  text: string,
  start: number,
): { readonly body: string; readonly end: number; readonly trailers: string } | undefined {
  const parts: string[] = [];
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (text.length < at + size + 2) return undefined;
    parts.push(text.slice(at, at + size));
    at += size + 2;
  }
  if (text.startsWith('\r\n', at)) return { body: parts.join(''), end: at + 2, trailers: '' };
  const trailerEnd = text.indexOf('\r\n\r\n', at);
  if (trailerEnd < 0) return undefined;
  return { body: parts.join(''), end: trailerEnd + 4, trailers: text.slice(at, trailerEnd) };
}

function fieldMap(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}
