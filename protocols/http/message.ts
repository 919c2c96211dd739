import type { HeaderList } from './header-list.ts';

/**
 * Length of a message body: `>= 0` declared (0 also means that there is none), `UNKNOWN_LENGTH` when only its end
 * will tell (chunked coding, HTTP/2 without content-length, a response that ends with its connection).
 */
export const UNKNOWN_LENGTH = -1;

/**
 * A parsed, checked request head, whatever version carried it. Never changed after construction (but for `derived`): a
 * connection that repeats its header section hands out the same object again.
 */
export class RequestHead {
  readonly method: string;
  /** The scheme that the request names itself (absolute-form, :scheme), lower-case; '' where only the connection tells. */
  readonly scheme: '' | 'http' | 'https';
  /** Host and optional port as sent (Host, absolute-form target or :authority); '' only for HTTP/1.0 without Host. */
  readonly authority: string;
  /** Path with query in origin-form, or `*` (server-wide OPTIONS). */
  readonly path: string;
  readonly version: HttpVersion;
  /** All fields but Host (it is `authority`) and framing (Content-Length, Transfer-Encoding: see `bodyLength`). */
  readonly headers: HeaderList;
  readonly bodyLength: number;
  /** The protocol asked for by Upgrade (lower-case, e.g. `websocket`) when Connection names it too; else ''. */
  readonly upgrade: string;
  /** Expect: 100-continue was sent. */
  readonly expectsContinue: boolean;
  /** Names of fields that the peer marked as never to be compressed (RFC 7541, section 7.1.3); undefined for none. */
  readonly neverIndexed: ReadonlySet<string> | undefined;
  /** What the layer above made from this head and may use again when the same object comes back. */
  derived: unknown = undefined;

  constructor(fields: RequestHeadFields) {
    this.method = fields.method;
    this.scheme = fields.scheme;
    this.authority = fields.authority;
    this.path = fields.path;
    this.version = fields.version;
    this.headers = fields.headers;
    this.bodyLength = fields.bodyLength;
    this.upgrade = fields.upgrade;
    this.expectsContinue = fields.expectsContinue;
    this.neverIndexed = fields.neverIndexed;
  }
}

export type RequestHeadFields = Omit<RequestHead, 'derived'>;

/** A parsed, checked response head (final or interim); unchanging and reused as RequestHead is. */
export class ResponseHead {
  readonly status: number;
  /** Reason phrase; '' lets the writer choose the registered one. */
  readonly reason: string;
  /** All fields but framing (Content-Length, Transfer-Encoding: see `bodyLength`). */
  readonly headers: HeaderList;
  /** For an answer to HEAD and for 304: the length that was declared, though no body follows. */
  readonly bodyLength: number;
  /** As `RequestHead.neverIndexed`. */
  readonly neverIndexed: ReadonlySet<string> | undefined;
  /** What the layer above made from this head and may use again when the same object comes back. */
  derived: unknown = undefined;
  /** Kept by the HTTP/1 writer: status line and fields, encoded once. */
  http1Block = '';

  constructor(
    status: number,
    reason: string,
    headers: HeaderList,
    bodyLength: number,
    neverIndexed?: ReadonlySet<string>,
  ) {
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.bodyLength = bodyLength;
    this.neverIndexed = neverIndexed;
  }

  /** The same response with other fields. */
  withHeaders(headers: HeaderList): ResponseHead {
    return new ResponseHead(this.status, this.reason, headers, this.bodyLength, this.neverIndexed);
  }
}

export type HttpVersion = '1.0' | '1.1' | '2';
