import { EventEmitter } from 'node:events';
import type { ClusterTrouble, ServerStatus } from '../../src/core/server.ts';
import type { Settings } from '../../src/core/settings.ts';
import { Registry, type RegistrySnapshot } from '../../src/telemetry/registry.ts';
import type { FromWorker, ToWorker, WorkerReport } from '../../src/workers/messages.ts';
import type { WorkerProcessPort } from '../../src/workers/worker-handle.ts';

/** A worker process without a process: answers as told, and remembers what it was sent. */
export class FakeWorker extends EventEmitter {
  readonly received: ToWorker[] = [];
  readonly pid: number;
  /** How it answers; undefined: it says nothing. */
  answer: (message: ToWorker) => FromWorker | undefined;
  alive = true;

  constructor(pid: number, answer: (message: ToWorker) => FromWorker | undefined = wellBehaved) {
    super();
    this.pid = pid;
    this.answer = answer;
    queueMicrotask(() => this.emit('message', { kind: 'online' }));
  }

  /** For the code under test. */
  get port(): WorkerProcessPort {
    return this as unknown as WorkerProcessPort;
  }

  get process(): { pid: number; kill: (signal: string) => void } {
    return { pid: this.pid, kill: (signal) => this.die(null, signal) };
  }

  get generations(): number[] {
    return this.received.flatMap((message) =>
      message.kind === 'start' || message.kind === 'reload' ? [message.generation] : [],
    );
  }

  send(message: ToWorker, _handle?: unknown, _options?: unknown, sent?: () => void): void {
    this.received.push(message);
    if (sent !== undefined) queueMicrotask(sent);
    const answer = this.answer(message);
    queueMicrotask(() => {
      if (!this.alive) return;
      if (answer !== undefined) this.emit('message', answer);
      if (message.kind === 'stop' && answer !== undefined) this.die(0, null);
    });
  }

  die(code: number | null, signal: string | null): void {
    if (!this.alive) return;
    this.alive = false;
    this.emit('exit', code, signal);
  }
}

export function wellBehaved(message: ToWorker): FromWorker | undefined {
  switch (message.kind) {
    case 'start':
      return { kind: 'started', listeners: [] };
    case 'reload':
      return { kind: 'reloaded', request: message.request };
    case 'report':
      return {
        kind: 'report',
        request: message.request,
        report: workerReport(1),
      };
    case 'status':
      return { kind: 'status', request: message.request, status: serverStatus() };
    case 'challenges':
      return { kind: 'challenges-taken', request: message.request };
    case 'ping':
      return { kind: 'pong', isDebugged: false };
    case 'stop':
      return { kind: 'stopped', report: workerReport(1) };
    case 'reopen-logs':
    case 'ticket-keys':
    case 'staple':
    case 'probe-for-all':
    case 'probes':
      return undefined;
  }
}

export function serverStatus(fields: Partial<ServerStatus> = {}): ServerStatus {
  return {
    state: 'running',
    generation: 1,
    sessions: 0,
    exchanges: 0,
    streams: 0,
    listeners: [],
    clusters: [],
    ...fields,
  };
}

/** One of so many requests. */
export function workerReport(requests: number, troubles: readonly ClusterTrouble[] = []): WorkerReport {
  return { metrics: counts(requests), troubles };
}

/** A worker's metrics: that many requests. */
export function counts(requests: number): RegistrySnapshot {
  const registry = new Registry();
  registry.counter('portico_requests_total', 'Help.').add(0, requests);
  registry.gauge('portico_requests_in_flight', 'Help.').set(0, 1);
  return registry.snapshot();
}

export function emptySettings(fields: Partial<Settings> = {}): Settings {
  return {
    workers: 2,
    drainMs: 1000,
    moduleTimeoutMs: 5000,
    listeners: [],
    admin: undefined,
    log: { level: 'silent', access: { kind: 'off' } },
    timeouts: { clientHeaderMs: 1, clientIdleMs: 1, clientBodyMs: 1, clientWriteMs: 1 },
    limits: { headBytes: 1, lineBytes: 1, headers: 1, maxBodyBytes: undefined, conditionBodyBytes: 1024 },
    http2: { maxStreams: 1, streamWindowBytes: 1, connectionWindowBytes: 1, glitches: 1 },
    trustedProxies: [],
    certificates: [],
    tickets: { rotateMs: 3_600_000, keys: undefined },
    acme: [],
    tenants: [],
    defaultTenant: undefined,
    clusters: [],
    ...fields,
  };
}
