import type { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { ClientEngine, type ClientEvents } from '../../protocols/http1/client-engine.ts';
import { DEFAULT_LIMITS } from '../../protocols/http1/limits.ts';
import type { ParsedResponse } from '../../protocols/http1/response-parser.ts';
import { encodeRequestBlock } from '../../protocols/http1/writer.ts';
import type { Clock } from '../core/clock.ts';
import type { HealthSettings, UpstreamTimeouts } from '../core/settings.ts';
import { SocketOutput } from '../transport/socket-output.ts';
import type { Backend } from './instance-pool.ts';

/** An instance as its prober sees it. */
export interface ProbeTarget extends Backend {
  readonly isHealthy: boolean;
  /** Counts a probe; says what it changed. */
  recordProbe(ok: boolean, now: number): 'ejected' | 'restored' | undefined;
}

/**
 * Asks one instance at intervals whether it is well: with a path by GET (200 to 399 is well), without one by a TCP connect. A probe uses a connection of its own, so that it sees what a new request would.
 */
export class Prober {
  readonly target: ProbeTarget;
  readonly #clock: Clock;
  readonly #onChange: (change: 'ejected' | 'restored') => void;
  #health: HealthSettings;
  #timeouts: UpstreamTimeouts;
  #timer: NodeJS.Timeout | undefined = undefined;
  #probe: Probe | undefined = undefined;

  constructor(
    target: ProbeTarget,
    health: HealthSettings,
    timeouts: UpstreamTimeouts,
    clock: Clock,
    onChange: (change: 'ejected' | 'restored') => void,
  ) {
    this.target = target;
    this.#health = health;
    this.#timeouts = timeouts;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#schedule();
  }

  /** Goes on with the settings of a newer snapshot. */
  update(health: HealthSettings, timeouts: UpstreamTimeouts): void {
    const restart = health.intervalMs !== this.#health.intervalMs;
    this.#health = health;
    this.#timeouts = timeouts;
    if (restart) this.#schedule();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#probe?.cancel();
    this.#probe = undefined;
  }

  #schedule(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#begin(), this.#health.intervalMs).unref();
  }

  #begin(): void {
    if (this.#probe !== undefined) return;
    // The time to answer is that of a connect and a head, but never so long that probes pile up behind it.
    const limit = Math.min(this.#timeouts.connectMs + this.#timeouts.responseHeaderMs, MAX_PROBE_MS);
    this.#probe = new Probe(this.target, this.#health.path, limit, (ok) => this.#finished(ok));
  }

  #finished(ok: boolean): void {
    this.#probe = undefined;
    const change = this.target.recordProbe(ok, this.#clock.now());
    if (change !== undefined) this.#onChange(change);
  }
}

const MAX_PROBE_MS = 5000;

/** One question and its answer. */
class Probe implements ClientEvents {
  readonly #socket: Socket;
  readonly #engine: ClientEngine;
  readonly #onResult: (ok: boolean) => void;
  #over = false;

  constructor(target: Backend, path: string | undefined, limitMs: number, onResult: (ok: boolean) => void) {
    const { host, port, text } = target.address;
    this.#onResult = onResult;
    this.#socket = connect({ host, port, noDelay: true });
    const output = new SocketOutput(this.#socket);
    this.#engine = new ClientEngine(this, output, DEFAULT_LIMITS);
    this.#socket.setTimeout(limitMs, () => this.#finish(false));
    this.#socket.on('error', () => this.#finish(false));
    this.#socket.on('close', () => this.#finish(false));
    this.#socket.on('connect', () => {
      if (path === undefined) {
        this.#finish(true);
        return;
      }
      const block = encodeRequestBlock('GET', path, text, [
        'user-agent',
        'portico-health',
        'connection',
        'close',
      ]);
      this.#engine.sendHead('GET', block, '', 0, '');
      output.flush();
    });
    this.#socket.on('data', (chunk: Buffer) => this.#engine.receive(chunk, 0, chunk.length, undefined));
  }

  cancel(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  interimHead(): void {}

  /** The status says it all; the body is not waited for. */
  responseHead(response: ParsedResponse): void {
    this.#finish(response.head.status < 400);
  }

  bodyData(): void {}

  responseEnd(): void {}

  fault(): void {
    this.#finish(false);
  }

  #finish(ok: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#engine.stop();
    this.#socket.destroy();
    this.#onResult(ok);
  }
}
