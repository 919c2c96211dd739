import { murmur3 } from '../core/murmur3.ts';
import type { HealthSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { Connector } from './connector.ts';
import type { Backend } from './instance-pool.ts';
import { beginProbe, type Probe } from './probe.ts';
import type { GatedProbe, ProbeGate } from './probe-gate.ts';

/** An instance as its prober sees it. */
export interface ProbeTarget extends Backend {
  readonly cluster: string;
  readonly isHealthy: boolean;
  /** What probes alone say. */
  readonly isProbedDown: boolean;
  /** Counts a probe; says what it changed. `isDown`: what the process that sent it makes of it; absent: this one did. */
  recordProbe(ok: boolean, now: number, isDown?: boolean): 'ejected' | 'restored' | undefined;
}

/** How an instance is to be probed. */
export interface ProbeSettings {
  readonly health: HealthSettings;
  readonly timeouts: UpstreamTimeouts;
  readonly connector: Connector;
}

/** What a prober needs beside its target. */
export interface ProberPorts {
  readonly deadlines: Deadlines;
  readonly gate: ProbeGate;
  readonly internalError: (error: unknown) => void;
}

/** Asks one instance at intervals whether it is well. */
export class Prober implements GatedProbe {
  readonly #target: ProbeTarget;
  readonly #ports: ProberPorts;
  readonly #onResult: (ok: boolean) => void;
  #settings: ProbeSettings;
  #timer: NodeJS.Timeout | undefined = undefined;
  #probe: Probe | undefined = undefined;

  constructor(
    target: ProbeTarget,
    settings: ProbeSettings,
    ports: ProberPorts,
    onResult: (ok: boolean) => void,
  ) {
    this.#target = target;
    this.#settings = settings;
    this.#ports = ports;
    this.#onResult = onResult;
    this.#schedule();
  }

  /** Goes on with the settings of a newer snapshot. */
  update(settings: ProbeSettings): void {
    const restart = settings.health.intervalMs !== this.#settings.health.intervalMs;
    this.#settings = settings;
    if (restart) this.#schedule();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#ports.gate.forget(this);
    if (this.#probe === undefined) return;
    this.#probe.cancel();
    this.#ended();
  }

  /** Its turn has come. */
  begin(): void {
    const { connector, health, timeouts } = this.#settings;
    const { deadlines, internalError } = this.#ports;
    // The time to answer is that of a connect and a head, but never so long that probes pile up behind it.
    const patienceMs = Math.min(timeouts.connectMs + timeouts.responseHeaderMs, MAX_PROBE_MS);
    try {
      this.#probe = beginProbe(health.probe, connector, {
        address: this.#target.address,
        deadlines,
        internalError,
        limitMs: health.timeoutMs ?? patienceMs,
        onResult: (ok) => {
          this.#ended();
          this.#onResult(ok);
        },
      });
    } catch (error) {
      // A timer has called: nobody else would catch it.
      internalError(error);
      this.#ended();
    }
  }

  #ended(): void {
    this.#probe = undefined;
    this.#ports.gate.ended();
  }

  #schedule(): void {
    clearInterval(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = setInterval(() => this.#ask(), this.#settings.health.intervalMs).unref();
      this.#ask();
    }, this.#firstMs()).unref();
  }

  /** Where all are probed, their probes are spread over the interval, by chance that is the same everywhere; who comes back is asked after one. */
  #firstMs(): number {
    const { intervalMs, probe } = this.#settings.health;
    if (probe === undefined) return intervalMs;
    const { cluster, address } = this.#target;
    return (intervalMs * murmur3(`${cluster} ${address.text}`)) / 2 ** 32;
  }

  #ask(): void {
    if (this.#probe === undefined) this.#ports.gate.ask(this);
  }
}

const MAX_PROBE_MS = 5000;
