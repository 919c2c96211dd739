import type { HeaderList } from './header-list.ts';

/**
 * Length of a message body: `>= 0` declared (0 also means that there is none), `UNKNOWN_LENGTH` when only its end
 * will tell (chunked coding, HTTP/2 without content-length, a response that ends with its connection).
 */
export const UNKNOWN_LENGTH = -1;

/**
 * A parsed, checked request head, whatever version carried it. Never changed after construction: a connection that
 * repeats its header section hands out the same object again, and what was derived from it is reused by identity.
 */
export interface RequestHead {
  readonly method: string;
  /** Host and optional port as sent (Host field, absolute-form target or :authority); '' only for an HTTP/1.0 request without Host. */
  readonly authority: string;
  /** Path with query in origin-form, or `*` (server-wide OPTIONS). */
  readonly path: string;
  readonly version: HttpVersion;
  /** All fields except Host (it is `authority`) and framing (Content-Length, Transfer-Encoding: see `bodyLength`). */
  readonly headers: HeaderList;
  readonly bodyLength: number;
  /** The protocol asked for by Upgrade (lower-case, e.g. `websocket`) when Connection names it too; else undefined. */
  readonly upgrade: string | undefined;
  /** Expect: 100-continue was sent. */
  readonly expectsContinue: boolean;
}

/** A parsed, checked response head (final or interim). Framing fields are in `bodyLength`, as in RequestHead. */
export interface ResponseHead {
  readonly status: number;
  /** Reason phrase; '' lets the writer choose the registered one. */
  readonly reason: string;
  readonly headers: HeaderList;
  readonly bodyLength: number;
}

export type HttpVersion = '1.0' | '1.1' | '2';
