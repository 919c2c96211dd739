import type { UpstreamTimeouts } from '../core/settings.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { Connector, Opening } from './connector.ts';
import { type Backend, InstancePool } from './instance-pool.ts';
import { dialStream, type StreamDialContext, type StreamWaiter } from './stream-dial.ts';

/** The pools of all instances of the newest snapshot; one outlives snapshots as long as its instance does. */
export class Pools {
  readonly #deadlines: Deadlines;
  readonly #telemetry: Telemetry;
  readonly #internalError: (error: unknown) => void;
  readonly #pools: Map<Backend, InstancePool> = new Map();
  /** Of every backend that some snapshot may still ask for. */
  readonly #connectors: WeakMap<Backend, Connector> = new WeakMap();
  /** How many connections carry a stream; they are in no pool. */
  readonly #streams: WeakMap<Backend, number> = new WeakMap();
  readonly #dials: StreamDialContext;
  /** Those that the newest snapshot has no more. */
  readonly #removed: WeakSet<Backend> = new WeakSet();
  #isClosed = false;

  constructor(deadlines: Deadlines, telemetry: Telemetry, internalError: (error: unknown) => void) {
    this.#internalError = internalError;
    this.#deadlines = deadlines;
    this.#telemetry = telemetry;
    const count = (backend: Backend, change: number): void => {
      this.#streams.set(backend, (this.#streams.get(backend) ?? 0) + change);
    };
    this.#dials = { deadlines, telemetry, internalError, count };
  }

  /** The pool of an instance. */
  of(backend: Backend): InstancePool {
    return this.#pools.get(backend) ?? this.#create(backend);
  }

  /** Open connections to an instance. */
  open(backend: Backend): number {
    return (this.#pools.get(backend)?.open ?? 0) + (this.#streams.get(backend) ?? 0);
  }

  /**
   * Begins a connection for one stream; the waiter is told what became of it, never within this call. `isSealed`: the client's own
   * TLS is in it, so none of ours is put around.
   */
  openStream(backend: Backend, isSealed: boolean, timeouts: UpstreamTimeouts, waiter: StreamWaiter): Opening {
    const connector = this.#connectors.get(backend);
    if (connector === undefined) throw new Error('a backend of no snapshot');
    return dialStream(backend, isSealed ? undefined : connector.streamTls, timeouts, waiter, this.#dials);
  }

  /** Backends that a newer snapshot has added, or may speak to otherwise: a pool with another connector is retired. */
  add(backends: ReadonlyMap<Backend, { readonly connector: Connector }>): void {
    for (const [backend, { connector }] of backends) {
      this.#connectors.set(backend, connector);
      if (this.#pools.get(backend)?.connector !== connector) this.#retire(backend);
    }
  }

  /** Those that it has no more. */
  remove(backends: Iterable<Backend>): void {
    for (const backend of backends) {
      this.#removed.add(backend);
      this.#retire(backend);
    }
  }

  /** No connection is kept from now on. */
  close(): void {
    this.#isClosed = true;
    this.remove(this.#pools.keys());
  }

  #retire(backend: Backend): void {
    this.#pools.get(backend)?.retire();
    this.#pools.delete(backend);
  }

  #create(backend: Backend): InstancePool {
    const connector = this.#connectors.get(backend);
    if (connector === undefined) throw new Error('a backend of no snapshot');
    const pool = new InstancePool(backend, connector, this.#deadlines, this.#telemetry, this.#internalError);
    // An exchange of an old snapshot may ask for an instance that is gone: it gets a connection, which nobody uses after it.
    if (this.#isClosed || this.#removed.has(backend)) pool.retire();
    else this.#pools.set(backend, pool);
    return pool;
  }
}
