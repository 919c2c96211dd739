import type { Clock } from '../core/clock.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import { Prober, type ProbeSettings, type ProbeTarget } from './prober.ts';

/**
 * The probers of a snapshot's instances. Where none was asked for, a healthy instance has none: ten thousand
 * clusters that are well cost nothing.
 */
export class Probers {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #telemetry: Telemetry;
  readonly #internalError: (error: unknown) => void;
  readonly #probers: Map<ProbeTarget, Prober> = new Map();
  #settings: ReadonlyMap<ProbeTarget, ProbeSettings> = new Map();

  constructor(
    clock: Clock,
    deadlines: Deadlines,
    telemetry: Telemetry,
    internalError: (error: unknown) => void,
  ) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#telemetry = telemetry;
    this.#internalError = internalError;
  }

  /** Goes over to the instances of a newer snapshot. */
  update(settings: ReadonlyMap<ProbeTarget, ProbeSettings>): void {
    this.#settings = settings;
    for (const target of [...this.#probers.keys()]) {
      if (!settings.has(target)) this.#stop(target);
    }
    for (const [target, probe] of settings) {
      const isWanted = probe.health.probe !== undefined || !target.isHealthy;
      const known = this.#probers.get(target);
      if (!isWanted) this.#stop(target);
      else if (known !== undefined) known.update(probe);
      else this.#start(target, probe);
    }
  }

  /** A request has ejected the instance: from now on it is asked whether it is back. */
  ejected(target: ProbeTarget): void {
    this.#telemetry.instanceEjected(target);
    const probe = this.#settings.get(target);
    if (probe !== undefined && !this.#probers.has(target)) this.#start(target, probe);
  }

  stop(): void {
    this.update(new Map());
  }

  #start(target: ProbeTarget, settings: ProbeSettings): void {
    const prober = new Prober(target, settings, this.#deadlines, this.#internalError, (ok) => {
      const change = target.recordProbe(ok, this.#clock.now());
      if (change !== undefined) this.#changed(target, change);
    });
    this.#probers.set(target, prober);
  }

  #changed(target: ProbeTarget, change: 'ejected' | 'restored'): void {
    if (change === 'ejected') {
      this.#telemetry.instanceEjected(target);
      return;
    }
    this.#telemetry.instanceRestored(target);
    if (this.#settings.get(target)?.health.probe === undefined) this.#stop(target);
  }

  #stop(target: ProbeTarget): void {
    this.#probers.get(target)?.stop();
    this.#probers.delete(target);
  }
}
