/** What one load generator run is asked to do, and what it reports. */

export interface RequestLoad {
  readonly tls: boolean;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** The Host sent; several are taken in turn, request by request. */
  readonly hosts: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

/** As fast as the proxy answers, over `connections` at a time. */
export interface ClosedLoad extends RequestLoad {
  readonly tool: 'wrk';
  readonly connections: number;
  /** Ask for `Connection: close`, so that every request needs a new connection. */
  readonly newConnections: boolean;
}

/**
 * A fixed number of new TLS connections per second with one request each, every one a full handshake. wrk and
 * reconnecting h2load clients keep their TLS session and resume it, so each connection needs a client of its own.
 */
export interface HandshakeLoad extends RequestLoad {
  readonly tool: 'h2load';
  readonly connectionsPerSecond: number;
}

export type HttpLoad = ClosedLoad | HandshakeLoad;

export interface LoadResult {
  /** Requests answered with 2xx or 3xx; on new connections also the number of connections. */
  readonly completed: number;
  readonly seconds: number;
  /** What went wrong in the tool's words; undefined: nothing at all. */
  readonly fault: string | undefined;
}
