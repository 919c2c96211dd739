import type { SessionAnswer } from './callback-points.ts';
import type { Exchange } from './exchange.ts';
import type { PendingSession } from './pending-session.ts';
import type { Session } from './session.ts';
import type { RawStream } from './stream.ts';

/**
 * What `downstream` is given to bring its sessions and exchanges to: the proxy pipeline, or a mux of local handlers. The drivers
 * do not know which. None of these may throw.
 */
export interface ExchangeHandler {
  accepted(session: Session): SessionAnswer | PendingSession;
  secured(session: Session): SessionAnswer | PendingSession;
  /** A head arrived. The handler attaches a sink and answers now or later. */
  received(exchange: Exchange): void;
  /** In place of `received`: the client has given the request up in the read that brought it (`exchange.error` says how). */
  abandoned(exchange: Exchange): void;
  /** A connection is to be relayed as it is. The handler attaches a sink, and sees to it that the stream is finished. */
  streamed(stream: RawStream): void;
  /** A request that could not be parsed was answered by its driver (`session.error` says how); there was no exchange. */
  refused(session: Session): void;
  /** After the last call for its exchanges. */
  closed(session: Session): void;
}
