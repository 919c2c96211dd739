import type { ExchangeError } from '../core/errors.ts';
import type { InstanceFacts } from '../core/exchange.ts';
import type { AddressSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import { type ConnectionOwner, Http1Connection } from './http1-connection.ts';

/** An instance as this room sees it. */
export interface Backend extends InstanceFacts {
  readonly address: AddressSettings;
}

/** An attempt that waits for a new connection. */
export interface ConnectWaiter {
  connected(connection: Http1Connection): void;
  connectFailed(error: ExchangeError): void;
}

/** The connections to one instance: idle ones in a plain array, the youngest on top, so that surplus ones grow old and go. */
export class InstancePool implements ConnectionOwner {
  readonly backend: Backend;
  readonly internalError: (error: unknown) => void;
  readonly #deadlines: Deadlines;
  readonly #telemetry: Telemetry;
  readonly #idle: Http1Connection[] = [];
  readonly #waiters: Map<Http1Connection, ConnectWaiter> = new Map();
  #open = 0;
  #retired = false;

  constructor(
    backend: Backend,
    deadlines: Deadlines,
    telemetry: Telemetry,
    internalError: (error: unknown) => void,
  ) {
    this.internalError = internalError;
    this.backend = backend;
    this.#deadlines = deadlines;
    this.#telemetry = telemetry;
  }

  get address(): AddressSettings {
    return this.backend.address;
  }

  /** Open connections, idle ones included. */
  get open(): number {
    return this.#open;
  }

  /** An idle connection, or undefined: then ask for a new one. */
  takeIdle(): Http1Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.usable) return connection;
      connection.dispose();
    }
  }

  /** Opens a connection; the waiter is told what became of it, never within this call. */
  connect(timeouts: UpstreamTimeouts, waiter: ConnectWaiter): Http1Connection {
    const connection = new Http1Connection(this, timeouts, this.#deadlines);
    this.#waiters.set(connection, waiter);
    return connection;
  }

  /** The waiter has gone; the connection, when it comes, is kept for others. */
  forget(connection: Http1Connection): void {
    this.#waiters.delete(connection);
  }

  /** The instance is in no snapshot any more: idle connections close now, the others after their exchange. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.dispose();
  }

  connected(connection: Http1Connection): void {
    this.#open += 1;
    this.#telemetry.upstreamOpened(this.backend);
    const waiter = this.#waiters.get(connection);
    this.#waiters.delete(connection);
    if (waiter === undefined) this.idle(connection);
    else waiter.connected(connection);
  }

  connectFailed(connection: Http1Connection, error: ExchangeError): void {
    this.#telemetry.upstreamFailed(this.backend);
    const waiter = this.#waiters.get(connection);
    this.#waiters.delete(connection);
    waiter?.connectFailed(error);
  }

  idle(connection: Http1Connection): void {
    if (this.#retired || this.#idle.length >= MAX_IDLE) connection.dispose();
    else this.#idle.push(connection);
  }

  closed(connection: Http1Connection): void {
    this.#open -= 1;
    this.#telemetry.upstreamClosed(this.backend);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

/** Idle connections kept per instance and process; more are closed when they become idle. */
const MAX_IDLE = 256;
