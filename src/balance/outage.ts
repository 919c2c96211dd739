import type { HealthSettings } from '../core/settings.ts';

/** Instances that are out, and how many of those were ejected for failures of requests. */
export interface EjectedCount {
  readonly all: number;
  readonly byRequests: number;
}

/**
 * What of a cluster is out, one for all its instances. When requests fail at all of them, what they ask for may be the cause, and the
 * cap leaves some in service. When probes say that nearly all are ill, the few that are left would be crushed, or the probes are
 * wrong: then all are used, ill or not, until enough are well again (panic).
 */
export class Outage {
  readonly #mostByRequests: number;
  readonly #mostInAll: number;
  readonly #onPanic: (isPanic: boolean) => void;
  #all: number;
  #byRequests: number;
  #isPanic: boolean;

  /** `wasPanic`: of the snapshot before; `onPanic` is told when it begins and ends, never when it goes on. */
  constructor(
    { maxEjectedShare, panicShare }: HealthSettings,
    instances: number,
    ejected: EjectedCount,
    wasPanic: boolean,
    onPanic: (isPanic: boolean) => void,
  ) {
    this.#mostByRequests = Math.floor(instances * maxEjectedShare);
    this.#mostInAll = instances * (panicShare ?? 1);
    this.#onPanic = onPanic;
    this.#all = ejected.all;
    this.#byRequests = ejected.byRequests;
    this.#isPanic = wasPanic;
    this.#judge();
  }

  /** None is out. */
  get isOver(): boolean {
    return this.#all === 0;
  }

  /** Ejected instances are used like others. */
  get isPanic(): boolean {
    return this.#isPanic;
  }

  /** Whether one more may go out for failures of requests. */
  get mayEject(): boolean {
    return this.#byRequests < this.#mostByRequests;
  }

  ejected(byRequests: boolean): void {
    this.#all += 1;
    if (byRequests) this.#byRequests += 1;
    this.#judge();
  }

  restored(byRequests: boolean): void {
    this.#all -= 1;
    if (byRequests) this.#byRequests -= 1;
    this.#judge();
  }

  #judge(): void {
    const isPanic = this.#all > this.#mostInAll;
    if (isPanic === this.#isPanic) return;
    this.#isPanic = isPanic;
    this.#onPanic(isPanic);
  }
}
