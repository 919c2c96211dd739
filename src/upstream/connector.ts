import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseMemory } from '../../protocols/http1/response-memory.ts';
import type { ExchangeError } from '../core/errors.ts';
import type { PipeliningSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { UpstreamConnection } from '../core/upstream.ts';
import type { ClientTls } from '../tls/client-tls.ts';
import type { Deadlines } from '../transport/deadlines.ts';

/** Makes the connections to the instances of one cluster: as its protocol says. */
export interface Connector {
  /** Requests that a new connection will take at once, as far as one can tell before it is there; at least 1. */
  readonly expectedRoom: number;
  /** What the only request of a connection says about that, in the words of the protocol. */
  readonly onlyRequestFields: HeaderList;
  /** How safe requests may share connections of their own, beside those of `open`. */
  readonly pipelining?: Pipelining | undefined;
  /** TLS for connections that carry a stream: no protocol is offered on them. Undefined: none. */
  readonly streamTls: ClientTls | undefined;
  /** Begins to connect; the owner is told what became of it, never within this call. */
  open(owner: ConnectionOwner, timeouts: UpstreamTimeouts): Opening;
}

export interface Pipelining extends PipeliningSettings {
  readonly tls: ClientTls | undefined;
}

/** A connection that is being opened. */
export interface Opening {
  /** Nobody wants it any more, and nobody is told of it. */
  cancel(): void;
}

/** A connection as its owner sees it. */
export interface PooledConnection extends UpstreamConnection {
  /** How many more requests it takes now; 0 when it is full, or closing. */
  readonly room: number;
  /** The owner's mark: it is among those that are given out. */
  isListed: boolean;
  /** Takes no further request; closes now or when those in flight are over. */
  retire(): void;
}

/** Who keeps connections: told of each change in their lives. */
export interface ConnectionOwner {
  readonly address: { readonly host: string; readonly port: number };
  readonly deadlines: Deadlines;
  /** What its HTTP/1 connections have in common. */
  readonly responses: ResponseMemory;
  /** Reports an exception of our own code, which cost a connection. */
  readonly internalError: (error: unknown) => void;
  /** It is there, and says what room it has. */
  connected(connection: PooledConnection): void;
  connectFailed(error: ExchangeError): void;
  /** It has room again, having had none. */
  free(connection: PooledConnection): void;
  /** It is gone; called once for every connection that was connected. */
  closed(connection: PooledConnection): void;
}
