import type { Clock } from '../core/clock.ts';
import { sentenceOf } from '../core/sentence-of.ts';
import type { Server, ServerStatus } from '../core/server.ts';
import type { Settings } from '../core/settings.ts';
import { createAccessLog } from '../modules/access-log/access-log.ts';
import type { ServerPorts } from '../server.ts';
import { type AccessLogChannel, createAccessLogChannel } from '../telemetry/access-log-channel.ts';
import type { LineChannel } from '../telemetry/line-channel.ts';
import { createLogger, type EventLogger } from '../telemetry/logger.ts';
import { createTelemetry } from '../telemetry/metrics.ts';
import { ProcessMetrics } from '../telemetry/process-metrics.ts';
import { Registry } from '../telemetry/registry.ts';
import type { FromWorker, ToWorker, WorkerReport } from './messages.ts';
import { ProbeOutbox } from './probe-outbox.ts';
import { applySettingsDelta } from './settings-delta.ts';

/** What a worker needs of its process and of the rooms below. */
export interface WorkerPorts {
  readonly stdout: LineChannel;
  readonly clock: Clock;
  /** A debugger is attached, or may be. */
  isDebugged(): boolean;
  createServer(settings: Settings, ports: ServerPorts): Server;
  /** `sent`: called when the channel has taken it, or will not any more. */
  send(message: FromWorker, sent?: () => void): void;
  /** Ends the process; what it wrote and sent before arrives. */
  exit(code: number): void;
}

/**
 * A worker: a server with its logs and counts, led by messages of the primary.
 *
 *   waiting ──start──► running ──stop──► stopping ─► exit 0
 *      └──────stop────────────────────────────┘        (start failed: exit 1)
 */
export class WorkerProcess {
  readonly #ports: WorkerPorts;
  readonly #registry = new Registry();
  readonly #telemetry = createTelemetry(this.#registry);
  readonly #process = new ProcessMetrics(this.#registry, 'worker');
  readonly #dropped = this.#registry.counter(
    'portico_access_log_lines_dropped_total',
    'Lines of the logs that were dropped because their reader was too slow or their disk too full.',
  );
  readonly #probes: ProbeOutbox;
  readonly #logger: EventLogger;
  #running: { server: Server; accessLog: AccessLogChannel; settings: Settings } | undefined;
  /** One message at a time: a reload during a start, a stop during a reload wait for their turn. */
  #turn: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(ports: WorkerPorts) {
    this.#ports = ports;
    this.#probes = new ProbeOutbox(PROBES_TOGETHER_MS, (results, sent) =>
      ports.send({ kind: 'probes', results }, sent),
    );
    this.#logger = createLogger('info', ports.stdout);
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'start':
        this.#next(() => this.#start(message));
        return;
      case 'reload':
        this.#next(() => this.#reload(message));
        return;
      case 'ticket-keys':
        this.#next(async () => this.#running?.server.setTicketKeys(decodeKeys(message.keys)));
        return;
      case 'staple':
        this.#next(async () => this.#running?.server.setStaple(message.staple));
        return;
      case 'challenges':
        this.#next(async () => {
          this.#running?.server.answerChallenges(message.challenges);
          this.#ports.send({ kind: 'challenges-taken', request: message.request });
        });
        return;
      case 'ping':
        this.#ports.send({ kind: 'pong', isDebugged: this.#ports.isDebugged() });
        return;
      case 'probe-for-all':
        this.#next(async () => this.#running?.server.probeForAll());
        return;
      case 'probes':
        this.#next(async () => this.#running?.server.takeProbes(message.results));
        return;
      case 'report':
        this.#ports.send({ kind: 'report', request: message.request, report: this.#report() });
        return;
      case 'status':
        this.#ports.send({
          kind: 'status',
          request: message.request,
          status: this.#running?.server.status() ?? NOT_STARTED,
        });
        return;
      case 'reopen-logs':
        this.#running?.accessLog.reopen();
        return;
      case 'stop':
        this.stop();
        return;
    }
  }

  /** Finishes what is in flight, tells the last counts and exits. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#next(async () => {
      await this.#running?.server.stop();
      this.#ports.send({ kind: 'stopped', report: this.#report() });
      await this.#exit(0);
    });
  }

  async #start({
    settings,
    reusePort,
    ticketKeys,
    staples,
    challenges,
    probes,
  }: StartMessage): Promise<void> {
    try {
      this.#logger.setLevel(settings.log.level);
      this.#telemetry.describeListeners(settings.listeners);
      const accessLog = this.#openAccessLog(settings);
      const server = this.#ports.createServer(settings, {
        logger: this.#logger,
        telemetry: this.#telemetry,
        clock: this.#ports.clock,
        accessLog: createAccessLog(accessLog, this.#ports.clock),
        reusePort,
        ticketKeys: decodeKeys(ticketKeys),
        probing: { known: probes, tell: (result) => this.#probes.add([result]) },
      });
      for (const staple of staples) server.setStaple(staple);
      server.answerChallenges(challenges);
      this.#running = { server, accessLog, settings };
      this.#ports.send({ kind: 'started', listeners: await server.start() });
    } catch (error) {
      this.#ports.send({ kind: 'start-failed', reason: reasonOf(error) });
      await this.#exit(1);
    }
  }

  async #reload({ settings: delta, request }: ReloadMessage): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const previous = running.settings;
    try {
      const settings = applySettingsDelta(delta, previous);
      running.accessLog.retarget(settings.log.access);
      this.#telemetry.describeListeners(settings.listeners);
      await running.server.reload(settings);
      running.settings = settings;
      this.#logger.setLevel(settings.log.level);
      this.#ports.send({ kind: 'reloaded', request });
    } catch (error) {
      this.#telemetry.describeListeners(previous.listeners);
      running.accessLog.retarget(previous.log.access);
      this.#ports.send({ kind: 'reload-failed', request, reason: reasonOf(error) });
    }
  }

  #report(): WorkerReport {
    this.#process.update();
    this.#dropped.set(0, this.#running?.accessLog.dropped ?? 0);
    return { metrics: this.#registry.snapshot(), troubles: this.#running?.server.troubles() ?? [] };
  }

  #openAccessLog(settings: Settings): AccessLogChannel {
    return createAccessLogChannel(settings.log.access, this.#ports.stdout, {
      onError: (error) => this.#logger.error({ reason: error.message }, 'the access log cannot be written'),
      onDropped: (lines) => this.#logger.warn({ lines }, 'access-log lines were dropped'),
    });
  }

  async #exit(code: number): Promise<void> {
    await this.#running?.accessLog.close();
    await this.#ports.stdout.close();
    this.#ports.exit(code);
  }

  /** A turn that fails is a fault of ours: it ends the process, and the primary starts another. */
  #next(turn: () => Promise<void>): void {
    this.#turn = this.#turn.then(turn);
  }
}

type StartMessage = Extract<ToWorker, { kind: 'start' }>;
type ReloadMessage = Extract<ToWorker, { kind: 'reload' }>;

const NOT_STARTED: ServerStatus = {
  state: 'starting',
  generation: 0,
  sessions: 0,
  exchanges: 0,
  streams: 0,
  listeners: [],
  clusters: [],
};

/** How long results of probes are collected: ten thousand instances make twenty messages a second, and nobody is told much later. */
const PROBES_TOGETHER_MS = 50;

function decodeKeys(keys: readonly string[]): Buffer[] {
  return keys.map((key) => Buffer.from(key, 'base64'));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? sentenceOf(error) : String(error);
}
