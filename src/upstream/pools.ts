import type { Telemetry } from '../core/telemetry.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import { type Backend, InstancePool } from './instance-pool.ts';

/** The pools of all instances of the newest snapshot; one outlives snapshots as long as its instance does. */
export class Pools {
  readonly #deadlines: Deadlines;
  readonly #telemetry: Telemetry;
  readonly #internalError: (error: unknown) => void;
  readonly #pools: Map<Backend, InstancePool> = new Map();

  constructor(deadlines: Deadlines, telemetry: Telemetry, internalError: (error: unknown) => void) {
    this.#internalError = internalError;
    this.#deadlines = deadlines;
    this.#telemetry = telemetry;
  }

  /** The pool of an instance. An exchange with an old snapshot may still ask for one that was retired. */
  of(backend: Backend): InstancePool {
    let pool = this.#pools.get(backend);
    if (pool === undefined) {
      pool = new InstancePool(backend, this.#deadlines, this.#telemetry, this.#internalError);
      this.#pools.set(backend, pool);
    }
    return pool;
  }

  /** Open connections to an instance. */
  open(backend: Backend): number {
    return this.#pools.get(backend)?.open ?? 0;
  }

  /** Retires the pools of all instances that are not among `backends`. */
  keepOnly(backends: ReadonlySet<Backend>): void {
    for (const [backend, pool] of this.#pools) {
      if (backends.has(backend)) continue;
      pool.retire();
      this.#pools.delete(backend);
    }
  }
}
