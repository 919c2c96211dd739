import { ResponseMemory } from '../../protocols/http1/response-memory.ts';
import type { AddressSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ForwardRequest, UpstreamConnection } from '../core/upstream.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { ConnectionOwner, Opening, Pipelining, PooledConnection } from './connector.ts';
import { Dial } from './dial.ts';
import type { Backend } from './instance-pool.ts';
import { PipelinedConnection } from './pipelined-connection.ts';

/**
 * The few connections to one instance on which safe requests are under way together. They are opened beside the traffic: a request
 * that finds no place on one goes as it would without them, so nobody ever waits for one, and what is not safe never meets
 * others.
 */
export class Pipelines implements ConnectionOwner {
  readonly address: AddressSettings;
  readonly deadlines: Deadlines;
  readonly responses: ResponseMemory = new ResponseMemory();
  readonly internalError: (error: unknown) => void;
  readonly #backend: Backend;
  readonly #pipelining: Pipelining;
  readonly #telemetry: Telemetry;
  readonly #connections: PipelinedConnection[] = [];
  #opening: Opening | undefined = undefined;
  #retired = false;

  constructor(
    backend: Backend,
    pipelining: Pipelining,
    deadlines: Deadlines,
    telemetry: Telemetry,
    internalError: (error: unknown) => void,
  ) {
    this.address = backend.address;
    this.deadlines = deadlines;
    this.internalError = internalError;
    this.#backend = backend;
    this.#pipelining = pipelining;
    this.#telemetry = telemetry;
  }

  get open(): number {
    return this.#connections.length;
  }

  /** The connection with the fewest requests under way, if it has room; else one more is opened, up to a bound, for the next. */
  take(request: ForwardRequest, timeouts: UpstreamTimeouts): UpstreamConnection | undefined {
    if (!mayShare(request)) return undefined;
    let best: PipelinedConnection | undefined;
    for (let i = 0; i < this.#connections.length; i++) {
      const connection = this.#connections[i]!;
      if (connection.room === 0) continue;
      if (best === undefined || connection.inFlight < best.inFlight) best = connection;
    }
    if (best === undefined) this.#openAnother(timeouts);
    return best;
  }

  retire(): void {
    this.#retired = true;
    this.#opening?.cancel();
    this.#opening = undefined;
    for (const connection of [...this.#connections]) connection.retire();
  }

  connected(): void {}

  connectFailed(): void {
    this.#opening = undefined;
    this.#telemetry.upstreamFailed(this.#backend);
  }

  free(): void {}

  closed(connection: PooledConnection): void {
    this.#telemetry.upstreamClosed(this.#backend);
    const at = this.#connections.indexOf(connection as PipelinedConnection);
    this.#connections.splice(at, 1);
  }

  #openAnother(timeouts: UpstreamTimeouts): void {
    if (this.#retired || this.#opening !== undefined || this.#connections.length >= MAX_CONNECTIONS) return;
    this.#opening = new Dial(this, timeouts, this.#pipelining.tls, (socket, reader) => {
      const connection = new PipelinedConnection(socket, reader, this, timeouts, this.#pipelining);
      this.#opening = undefined;
      this.#connections.push(connection);
      this.#telemetry.upstreamOpened(this.#backend);
      return connection;
    });
  }
}

/**
 * Connections per instance and process that requests share: enough that one slow answer does not hold up all, few enough that they
 * do share.
 */
const MAX_CONNECTIONS = 4;

/** Nothing is changed by it, whatever becomes of it (RFC 9110, section 9.2.1), and all of it is sent at once. */
function mayShare({ method, bodyLength, upgrade }: ForwardRequest): boolean {
  return (
    (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') && bodyLength === 0 && upgrade === ''
  );
}
