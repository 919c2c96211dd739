import { ResponseMemory } from '../../protocols/http1/response-memory.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { InstanceFacts } from '../core/exchange.ts';
import type { AddressSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ForwardRequest, UpstreamConnection } from '../core/upstream.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { ConnectionOwner, Connector, PooledConnection } from './connector.ts';
import { Pipelines } from './pipelines.ts';

/** An instance as this room sees it. */
export interface Backend extends InstanceFacts {
  readonly address: AddressSettings;
}

/** An attempt that waits for a new connection. */
export interface ConnectWaiter {
  /** It has room for this one, who sends in this call or not at all. */
  connected(connection: UpstreamConnection): void;
  connectFailed(error: ExchangeError): void;
}

/**
 * The connections to one instance. Those with room are in a plain array, the youngest on top, so that surplus ones grow old and
 * go; one that carries many requests at once stays there until it is full. Who finds none waits for a new one: not for one in
 * particular, but in order, so that several share a connection that will have room for them.
 *
 * There are never more waiters than exchanges under way, which the client side bounds, and never more connections being opened
 * than there were waiters for.
 */
export class InstancePool implements ConnectionOwner {
  readonly backend: Backend;
  readonly connector: Connector;
  readonly deadlines: Deadlines;
  readonly responses: ResponseMemory = new ResponseMemory();
  readonly internalError: (error: unknown) => void;
  readonly #telemetry: Telemetry;
  readonly #free: PooledConnection[] = [];
  /** In the order in which they came. */
  readonly #waiters: Set<ConnectWaiter> = new Set();
  /** Of who asked last. */
  #timeouts: UpstreamTimeouts | undefined = undefined;
  /** Connections being opened. */
  #opening = 0;
  #expectedRoom: number;
  /** Where safe requests share connections. */
  readonly #pipelines: Pipelines | undefined;
  #open = 0;
  #retired = false;

  constructor(
    backend: Backend,
    connector: Connector,
    deadlines: Deadlines,
    telemetry: Telemetry,
    internalError: (error: unknown) => void,
  ) {
    this.internalError = internalError;
    this.backend = backend;
    this.connector = connector;
    this.deadlines = deadlines;
    this.#telemetry = telemetry;
    this.#expectedRoom = connector.expectedRoom;
    const { pipelining } = connector;
    this.#pipelines = pipelining && new Pipelines(backend, pipelining, deadlines, telemetry, internalError);
  }

  get address(): AddressSettings {
    return this.backend.address;
  }

  /** Open connections, free ones included. */
  get open(): number {
    return this.#open + (this.#pipelines?.open ?? 0);
  }

  /** A connection with room for one request more, which is to be sent at once; or undefined: then ask for a new one. */
  take(): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.#free.at(-1);
      if (connection === undefined) return undefined;
      const { room } = connection;
      if (room < 2) {
        // Full with this one, or already; a closing one will tell of its end.
        this.#free.pop();
        connection.isListed = false;
      }
      if (room > 0) return connection;
    }
  }

  /** A place among others on a connection that they share, which is to be used at once; or undefined: then `take` one alone. */
  takeShared(request: ForwardRequest, timeouts: UpstreamTimeouts): UpstreamConnection | undefined {
    return this.#pipelines?.take(request, timeouts);
  }

  /** The waiter is told what became of a new connection, never within this call. */
  connect(timeouts: UpstreamTimeouts, waiter: ConnectWaiter): void {
    this.#timeouts = timeouts;
    this.#waiters.add(waiter);
    this.#openMissing();
  }

  /** The waiter has gone; the connection that was opened for it, when it comes, is there for others. */
  forget(waiter: ConnectWaiter): void {
    this.#waiters.delete(waiter);
  }

  /** The instance is in no snapshot any more, or spoken to otherwise: connections close when nothing is in flight on them. */
  retire(): void {
    this.#retired = true;
    this.#pipelines?.retire();
    for (const connection of this.#free.splice(0)) {
      connection.isListed = false;
      connection.retire();
    }
  }

  connected(connection: PooledConnection): void {
    this.#opening -= 1;
    this.#open += 1;
    this.#telemetry.upstreamOpened(this.backend);
    const { room } = connection;
    if (room === 0) this.#refuse(exchangeError('connect-failed', 'the instance takes no request'));
    else this.#expectedRoom = room;
    try {
      for (const waiter of this.#waiters) {
        if (connection.room === 0) break;
        this.#waiters.delete(waiter);
        waiter.connected(connection);
      }
      if (connection.room > 0) this.free(connection);
    } finally {
      this.#openMissing();
    }
  }

  connectFailed(error: ExchangeError): void {
    this.#opening -= 1;
    this.#telemetry.upstreamFailed(this.backend);
    this.#refuse(error);
    this.#openMissing();
  }

  free(connection: PooledConnection): void {
    if (this.#retired || this.#free.length >= MAX_FREE) connection.retire();
    else if (!connection.isListed) {
      connection.isListed = true;
      this.#free.push(connection);
    }
  }

  closed(connection: PooledConnection): void {
    this.#open -= 1;
    this.#telemetry.upstreamClosed(this.backend);
    if (!connection.isListed) return;
    connection.isListed = false;
    this.#free.splice(this.#free.indexOf(connection), 1);
  }

  #openMissing(): void {
    while (this.#opening * this.#expectedRoom < this.#waiters.size) {
      this.#opening += 1;
      this.connector.open(this, this.#timeouts!);
    }
  }

  /** Those who would have got a place on a connection that is none, the first who came, are told. */
  #refuse(error: ExchangeError): void {
    // Counted before: one who asks again within the call is told of another connection.
    let places = Math.min(this.#expectedRoom, this.#waiters.size);
    for (const waiter of this.#waiters) {
      if (places === 0) return;
      places -= 1;
      this.#waiters.delete(waiter);
      try {
        waiter.connectFailed(error);
      } catch (fault) {
        // Costs this waiter's exchange, not those behind it.
        this.internalError(fault);
      }
    }
  }
}

/**
 * Connections with room kept per instance and process; more are closed when nothing is in flight on them. There are never more than
 * requests were under way, and surplus ones end by the idle time; with 256, a load of 500 spent half of its time on connections.
 */
const MAX_FREE = 4096;
