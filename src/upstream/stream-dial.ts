import type { ExchangeError } from '../core/errors.ts';
import type { AddressSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { InstanceSink, StreamSide } from '../core/stream.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ClientTls } from '../tls/client-tls.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { Opening } from './connector.ts';
import { Dial, type DialOwner } from './dial.ts';
import type { Backend } from './instance-pool.ts';
import { StreamConnection } from './stream-connection.ts';

/** Who wants a connection for a stream, and will have it. */
export interface StreamWaiter extends InstanceSink {
  connected(connection: StreamSide): void;
  connectFailed(error: ExchangeError): void;
}

/** What the dials of a process have in common. */
export interface StreamDialContext {
  readonly deadlines: Deadlines;
  readonly telemetry: Telemetry;
  readonly internalError: (error: unknown) => void;
  /** The connections for streams to a backend have changed by so many. */
  readonly count: (backend: Backend, change: 1 | -1) => void;
}

/**
 * Begins a connection to an instance for one stream: it is in no pool, because who has spoken on it alone knows what would come
 * after. The waiter is told what became of it, never within this call.
 */
export function dialStream(
  backend: Backend,
  tls: ClientTls | undefined,
  timeouts: UpstreamTimeouts,
  waiter: StreamWaiter,
  context: StreamDialContext,
): Opening {
  return new Dial(new StreamDialOwner(backend, waiter, context), timeouts, tls, (socket, reader) => {
    context.count(backend, 1);
    context.telemetry.upstreamOpened(backend);
    const onClosed = (): void => {
      context.count(backend, -1);
      context.telemetry.upstreamClosed(backend);
    };
    return new StreamConnection(socket, reader, waiter, onClosed, context.internalError);
  });
}

class StreamDialOwner implements DialOwner<StreamConnection> {
  readonly address: AddressSettings;
  readonly deadlines: Deadlines;
  readonly internalError: (error: unknown) => void;
  readonly #backend: Backend;
  readonly #waiter: StreamWaiter;
  readonly #telemetry: Telemetry;

  constructor(backend: Backend, waiter: StreamWaiter, context: StreamDialContext) {
    this.address = backend.address;
    this.deadlines = context.deadlines;
    this.internalError = context.internalError;
    this.#backend = backend;
    this.#waiter = waiter;
    this.#telemetry = context.telemetry;
  }

  connected(connection: StreamConnection): void {
    this.#waiter.connected(connection);
  }

  connectFailed(error: ExchangeError): void {
    this.#telemetry.upstreamFailed(this.#backend);
    this.#waiter.connectFailed(error);
  }
}
