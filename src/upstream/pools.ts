import type { Telemetry } from '../core/telemetry.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import { type Backend, InstancePool } from './instance-pool.ts';

/** The pools of all instances of the newest snapshot; one outlives snapshots as long as its instance does. */
export class Pools {
  readonly #deadlines: Deadlines;
  readonly #telemetry: Telemetry;
  readonly #internalError: (error: unknown) => void;
  readonly #pools: Map<Backend, InstancePool> = new Map();
  /** Those of the newest snapshot; before the first reload, all. */
  #current: ReadonlySet<Backend> | undefined = undefined;

  constructor(deadlines: Deadlines, telemetry: Telemetry, internalError: (error: unknown) => void) {
    this.#internalError = internalError;
    this.#deadlines = deadlines;
    this.#telemetry = telemetry;
  }

  /** The pool of an instance. */
  of(backend: Backend): InstancePool {
    return this.#pools.get(backend) ?? this.#create(backend);
  }

  /** Open connections to an instance. */
  open(backend: Backend): number {
    return this.#pools.get(backend)?.open ?? 0;
  }

  /** Retires the pools of all instances that are not among `backends`. */
  keepOnly(backends: ReadonlySet<Backend>): void {
    this.#current = backends;
    for (const [backend, pool] of this.#pools) {
      if (backends.has(backend)) continue;
      pool.retire();
      this.#pools.delete(backend);
    }
  }

  #create(backend: Backend): InstancePool {
    const pool = new InstancePool(backend, this.#deadlines, this.#telemetry, this.#internalError);
    // An exchange of an old snapshot may ask for an instance that is gone: it gets a connection, which nobody uses after it.
    if (this.#current?.has(backend) === false) pool.retire();
    else this.#pools.set(backend, pool);
    return pool;
  }
}
