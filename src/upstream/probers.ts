import type { Clock } from '../core/clock.ts';
import type { HealthSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { Prober, type ProbeTarget } from './prober.ts';

/** How an instance is to be probed. */
export interface ProbeSettings {
  readonly health: HealthSettings;
  readonly timeouts: UpstreamTimeouts;
}

/**
 * The probers of a snapshot's instances. Where there is no path to ask for, a healthy instance has none: ten thousand
 * clusters that are well cost nothing.
 */
export class Probers {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #probers: Map<ProbeTarget, Prober> = new Map();
  #settings: ReadonlyMap<ProbeTarget, ProbeSettings> = new Map();

  constructor(clock: Clock, telemetry: Telemetry) {
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** Goes over to the instances of a newer snapshot. */
  update(settings: ReadonlyMap<ProbeTarget, ProbeSettings>): void {
    this.#settings = settings;
    for (const target of [...this.#probers.keys()]) {
      if (!settings.has(target)) this.#stop(target);
    }
    for (const [target, probe] of settings) {
      const isWanted = probe.health.path !== undefined || !target.isHealthy;
      const known = this.#probers.get(target);
      if (!isWanted) this.#stop(target);
      else if (known !== undefined) known.update(probe.health, probe.timeouts);
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

  #start(target: ProbeTarget, { health, timeouts }: ProbeSettings): void {
    const prober = new Prober(target, health, timeouts, this.#clock, (change) =>
      this.#changed(target, change),
    );
    this.#probers.set(target, prober);
  }

  #changed(target: ProbeTarget, change: 'ejected' | 'restored'): void {
    if (change === 'ejected') {
      this.#telemetry.instanceEjected(target);
      return;
    }
    this.#telemetry.instanceRestored(target);
    if (this.#settings.get(target)?.health.path === undefined) this.#stop(target);
  }

  #stop(target: ProbeTarget): void {
    this.#probers.get(target)?.stop();
    this.#probers.delete(target);
  }
}
