import type { HealthSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { Connector } from './connector.ts';
import type { Backend } from './instance-pool.ts';
import { beginProbe, type Probe } from './probe.ts';

/** An instance as its prober sees it. */
export interface ProbeTarget extends Backend {
  readonly isHealthy: boolean;
  /** Counts a probe; says what it changed. */
  recordProbe(ok: boolean, now: number): 'ejected' | 'restored' | undefined;
}

/** How an instance is to be probed. */
export interface ProbeSettings {
  readonly health: HealthSettings;
  readonly timeouts: UpstreamTimeouts;
  readonly connector: Connector;
}

/** Asks one instance at intervals whether it is well. */
export class Prober {
  readonly #target: ProbeTarget;
  readonly #deadlines: Deadlines;
  readonly #internalError: (error: unknown) => void;
  readonly #onResult: (ok: boolean) => void;
  #settings: ProbeSettings;
  #timer: NodeJS.Timeout | undefined = undefined;
  #probe: Probe | undefined = undefined;

  constructor(
    target: ProbeTarget,
    settings: ProbeSettings,
    deadlines: Deadlines,
    internalError: (error: unknown) => void,
    onResult: (ok: boolean) => void,
  ) {
    this.#target = target;
    this.#settings = settings;
    this.#deadlines = deadlines;
    this.#internalError = internalError;
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
    this.#probe?.cancel();
    this.#probe = undefined;
  }

  #schedule(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#begin(), this.#settings.health.intervalMs).unref();
  }

  #begin(): void {
    if (this.#probe !== undefined) return;
    const { connector, health, timeouts } = this.#settings;
    // The time to answer is that of a connect and a head, but never so long that probes pile up behind it.
    const patienceMs = Math.min(timeouts.connectMs + timeouts.responseHeaderMs, MAX_PROBE_MS);
    this.#probe = beginProbe(health.probe, connector, {
      address: this.#target.address,
      deadlines: this.#deadlines,
      internalError: this.#internalError,
      limitMs: health.timeoutMs ?? patienceMs,
      onResult: (ok) => {
        this.#probe = undefined;
        this.#onResult(ok);
      },
    });
  }
}

const MAX_PROBE_MS = 5000;
