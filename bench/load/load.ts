/** What one load generator run is asked to do, and what it reports. */

/** HTTP/2 without TLS begins with prior knowledge. */
export type HttpVersion = 'http/1.1' | 'h2';

export interface RequestLoad {
  readonly tls: boolean;
  readonly version: HttpVersion;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** The Host sent; several are taken in turn, request by request. */
  readonly hosts: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** One character per octet; empty for none. */
  readonly body: string;
}

/** As fast as the proxy answers, over `connections` at a time. */
export interface ClosedLoad extends RequestLoad {
  readonly shape: 'closed';
  readonly connections: number;
  /** Ask for `Connection: close`, so that every request needs a new connection. */
  readonly newConnections: boolean;
}

/**
 * A fixed number of new TLS connections per second with one request each, as clients of HTTP/1.1 begin them. They ask for the
 * hosts in turn by SNI.
 */
export interface HandshakeLoad extends RequestLoad {
  readonly shape: 'handshakes';
  /** Every connection resumes the session of an earlier one by its ticket; else every one is a full handshake. */
  readonly isResumed: boolean;
  /** Key exchange group, the only one that clients offer: what each proxy prefers would not be the same work. */
  readonly group: string;
  readonly connectionsPerSecond: number;
}

/** As fast as the proxy answers, over `connections` with `streams` each at a time. */
export interface StreamLoad extends RequestLoad {
  readonly shape: 'streams';
  readonly connections: number;
  readonly streams: number;
  /** The client grants windows of 2 to this power, less one, to its connection and to each stream of it. */
  readonly windowBits: number;
}

/** A fixed number of requests per second, whether or not the ones before were answered. */
export interface RateLoad extends RequestLoad {
  readonly shape: 'rate';
  readonly connections: number;
  /** Of all connections together. */
  readonly requestsPerSecond: number;
}

/** The same, each on a free connection: what becomes of one request does not hold up the next. */
export interface OpenLoad extends RequestLoad {
  readonly shape: 'open';
  readonly requestsPerSecond: number;
}

export type HttpLoad = ClosedLoad | HandshakeLoad | StreamLoad | RateLoad;

export interface LoadResult {
  /** Requests answered with 2xx or 3xx; on new connections also the number of connections. */
  readonly completed: number;
  readonly seconds: number;
  /** Sent and received in bodies; undefined: not counted. */
  readonly bytes?: number;
  /** What went wrong in the tool's words; undefined: nothing at all. */
  readonly fault: string | undefined;
}
