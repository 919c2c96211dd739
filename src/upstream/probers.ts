import type { Clock } from '../core/clock.ts';
import type { ProbeResult } from '../core/probe-result.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import { ProbeGate } from './probe-gate.ts';
import { Prober, type ProberPorts, type ProbeSettings, type ProbeTarget } from './prober.ts';

/**
 * The probers of a snapshot's instances. Where none was asked for, a healthy instance has none: ten thousand
 * clusters that are well cost nothing; one that requests have ejected is probed by the process that did so. Where probes were asked for, one of
 * the processes that share them sends them, and tells the others what it finds.
 */
export class Probers {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #ports: ProberPorts;
  readonly #probers: Map<ProbeTarget, Prober> = new Map();
  readonly #tell: ((result: ProbeResult) => void) | undefined;
  /** This process sends the probes that were asked for. */
  #probesForAll: boolean;
  readonly #settings: Map<ProbeTarget, ProbeSettings> = new Map();
  /** By cluster and address; made when somebody else tells a result. */
  #targets: ReadonlyMap<string, ReadonlyMap<string, ProbeTarget>> | undefined = undefined;

  /** `tell`: others are told by it, and this process sends probes for all from `probeForAll` on; absent: it is alone. */
  constructor(
    clock: Clock,
    deadlines: Deadlines,
    telemetry: Telemetry,
    internalError: (error: unknown) => void,
    tell?: (result: ProbeResult) => void,
  ) {
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#ports = { deadlines, internalError, gate: new ProbeGate() };
    this.#tell = tell;
    this.#probesForAll = tell === undefined;
  }

  /** Instances that a newer snapshot has added, or says something else of. */
  add(settings: ReadonlyMap<ProbeTarget, ProbeSettings>): void {
    this.#targets = undefined;
    for (const [target, probe] of settings) {
      this.#settings.set(target, probe);
      this.#judge(target, probe);
    }
  }

  /** Those that it has no more. */
  remove(targets: readonly ProbeTarget[]): void {
    this.#targets = undefined;
    const probers = targets.map((target) => this.#probers.get(target));
    // None of them is to begin because another one ends.
    for (const prober of probers) if (prober !== undefined) this.#ports.gate.forget(prober);
    for (const target of targets) {
      this.#stop(target);
      this.#settings.delete(target);
    }
  }

  /** From now on this process sends the probes of all. */
  probeForAll(): void {
    this.#probesForAll = true;
    for (const [target, probe] of this.#settings) this.#judge(target, probe);
  }

  /** What the process that probes for all has found. */
  take(results: readonly ProbeResult[]): void {
    this.#targets ??= byName(this.#settings.keys());
    for (const { cluster, address, ok, isDown } of results) {
      const target = this.#targets.get(cluster)?.get(address);
      // A snapshot may have come or gone meanwhile.
      if (target !== undefined && isAskedFor(this.#settings.get(target))) this.#record(target, ok, isDown);
    }
  }

  /** A request has ejected the instance: from now on it is asked whether it is back. */
  ejected(target: ProbeTarget): void {
    this.#telemetry.instanceEjected(target);
    const probe = this.#settings.get(target);
    if (probe !== undefined && !this.#probers.has(target) && this.#isToBeProbed(target, probe))
      this.#start(target, probe);
  }

  stop(): void {
    this.remove([...this.#settings.keys()]);
  }

  #judge(target: ProbeTarget, probe: ProbeSettings): void {
    const known = this.#probers.get(target);
    if (!this.#isToBeProbed(target, probe)) this.#stop(target);
    else if (known !== undefined) known.update(probe);
    else this.#start(target, probe);
  }

  #isToBeProbed(target: ProbeTarget, settings: ProbeSettings): boolean {
    return isAskedFor(settings) ? this.#probesForAll : !target.isHealthy;
  }

  #start(target: ProbeTarget, settings: ProbeSettings): void {
    const prober = new Prober(target, settings, this.#ports, (ok) => {
      this.#telemetry.probeEnded(target, ok);
      this.#record(target, ok, undefined);
      if (this.#tell === undefined || !isAskedFor(this.#settings.get(target))) return;
      const { cluster, address, isProbedDown } = target;
      this.#tell({ cluster, address: address.text, ok, isDown: isProbedDown });
    });
    this.#probers.set(target, prober);
  }

  #record(target: ProbeTarget, ok: boolean, isDown: boolean | undefined): void {
    const change = target.recordProbe(ok, this.#clock.now(), isDown);
    if (change === 'ejected') this.#telemetry.instanceEjected(target);
    if (change !== 'restored') return;
    this.#telemetry.instanceRestored(target);
    if (!isAskedFor(this.#settings.get(target))) this.#stop(target);
  }

  #stop(target: ProbeTarget): void {
    this.#probers.get(target)?.stop();
    this.#probers.delete(target);
  }
}

function isAskedFor(settings: ProbeSettings | undefined): boolean {
  return settings?.health.probe !== undefined;
}

function byName(targets: Iterable<ProbeTarget>): Map<string, Map<string, ProbeTarget>> {
  const clusters = new Map<string, Map<string, ProbeTarget>>();
  for (const target of targets) {
    let instances = clusters.get(target.cluster);
    if (instances === undefined) {
      instances = new Map();
      clusters.set(target.cluster, instances);
    }
    instances.set(target.address.text, target);
  }
  return clusters;
}
