import type { Logger } from '../core/logger.ts';
import type { RenewableSettings } from '../core/renewable-settings.ts';
import type { BoundListener } from '../core/server.ts';
import type { CertificateSettings, Settings } from '../core/settings.ts';
import { explainQuery } from '../explain/explain-query.ts';
import { Explainer } from '../explain/explainer.ts';
import { FileRenewal } from '../renewal/file-renewal.ts';
import { Stapler } from '../renewal/stapler.ts';
import { type AdminControl, AdminServer, type ReloadOutcome } from '../telemetry/admin.ts';
import type { AdminStatus, CertificateStatus, ReloadStatus } from '../telemetry/admin-status.ts';
import type { ExplainAnswer } from '../telemetry/explain-page.ts';
import type { LineChannel } from '../telemetry/line-channel.ts';
import { createLogger, type EventLogger } from '../telemetry/logger.ts';
import type { RegistrySnapshot } from '../telemetry/registry.ts';
import { LeafMemory } from '../tls/leaf-memory.ts';
import { TicketRotation } from '../tls/ticket-rotation.ts';
import { AcmeKeeping } from './acme-keeping.ts';
import { canReusePort, claimAddresses, explainListenFailure } from './address-claim.ts';
import { certificateStatuses } from './certificate-statuses.ts';
import { ExpiryWarnings } from './expiry-warnings.ts';
import { Fleet } from './fleet.ts';
import { mergeClusters, tenantStatuses } from './fleet-status.ts';
import { PrimaryMetrics } from './primary-metrics.ts';
import { standBehindWorkers } from './v8-tuning.ts';
import type { WorkerProcessPort } from './worker-handle.ts';

/** Settings, or what is wrong with them, ready to print. */
export type Loaded =
  | ({ readonly ok: true } & RenewableSettings)
  | { readonly ok: false; readonly report: string };

export interface PrimaryOptions {
  /** Reads the configuration; called at the start and for each reload, never in a process with traffic. */
  load(): Loaded;
  /** Named in messages and on the admin page. */
  readonly configFile: string;
  readonly version: string;
  /** Event log and announcements; also the workers' output, as whole lines. */
  readonly stdout: LineChannel;
  /** Starts a worker process. */
  fork(): WorkerProcessPort;
  /** What is known of certificates since they were loaded. */
  readonly leaves?: LeafMemory;
  /** Settles when the output of all workers that have ended is in `stdout`. */
  outputEnded(): Promise<void>;
}

/** How a start went: `stopped` settles with the exit code once everything is over. */
export type PrimaryStart =
  | { readonly ok: true; readonly stopped: Promise<number> }
  /** Exit code 2: the configuration; 1: anything else. */
  | { readonly ok: false; readonly code: 1 | 2; readonly report: string };

/**
 * The primary process: owns configuration, workers, admin address. It carries no traffic.
 *
 *   starting ─all workers accept─► running ─stop()─► draining ─all gone─► stopped
 */
export class Primary implements AdminControl {
  readonly #options: PrimaryOptions;
  readonly #metrics: PrimaryMetrics;
  readonly #logger: EventLogger;
  /** For lines that the command line promises, whatever the log level. */
  readonly #announcer: Logger;
  readonly #stopped = Promise.withResolvers<number>();
  #state: AdminStatus['state'] = 'starting';
  #fleet: Fleet | undefined;
  #admin: { server: AdminServer; text: string } | undefined;
  #lastReload: ReloadStatus | undefined;
  /** As the files of the configuration have it, without what was issued since. */
  #loaded: Settings | undefined;
  #issued: readonly CertificateSettings[] = [];
  readonly #renewal: FileRenewal;
  readonly #expiry: ExpiryWarnings;
  readonly #stapler: Stapler;
  #tickets: TicketRotation | undefined;
  /** Made when somebody asks, for the settings of that time. */
  #explainer: Explainer | undefined;
  #daily: NodeJS.Timeout | undefined;
  readonly #acme: AcmeKeeping;
  readonly #startOver = Promise.withResolvers<void>();
  /** A reload that is asked for during the start waits for its end: the file may have changed since it was read. */
  #reloading: Promise<unknown> = this.#startOver.promise;

  readonly #leaves: LeafMemory;

  constructor(options: PrimaryOptions) {
    this.#options = options;
    this.#leaves = options.leaves ?? new LeafMemory();
    this.#metrics = new PrimaryMetrics(options.version);
    this.#logger = createLogger('info', options.stdout);
    this.#announcer = createLogger('info', options.stdout);
    this.#stapler = new Stapler({
      logger: this.#logger,
      leaves: this.#leaves,
      changed: (staple) => this.#fleet?.setStaple(staple),
    });
    this.#expiry = new ExpiryWarnings(this.#logger);
    this.#renewal = new FileRenewal({
      logger: this.#logger,
      due: () => void this.#inTurn(() => this.#renewal.run()),
      take: (renewed) => this.#takeRenewed(renewed.settings),
    });
    this.#acme = new AcmeKeeping({
      logger: this.#logger,
      version: options.version,
      showChallenges: async (challenges) => this.#fleet?.showChallenges(challenges),
      serve: () => this.#serveIssued(),
    });
  }

  async start(): Promise<PrimaryStart> {
    try {
      return await this.#start();
    } finally {
      this.#startOver.resolve();
    }
  }

  async #start(): Promise<PrimaryStart> {
    const loaded = this.#options.load();
    if (!loaded.ok) return { ok: false, code: 2, report: loaded.report };
    this.#logger.setLevel(loaded.settings.log.level);
    if (loaded.warnings !== '') this.#logger.warn({ report: loaded.warnings }, 'configuration');

    const claimed = await claimAddresses(loaded.settings, undefined);
    if (!claimed.ok) return { ok: false, code: 1, report: `${claimed.reasons.join('\n')}\n` };
    const adminRefusal = await this.#openAdmin(claimed.settings);
    if (adminRefusal !== undefined) return { ok: false, code: 1, report: `${adminRefusal}\n` };

    const kept = await this.#acme.prepare(claimed.settings.acme);
    const reusePort = await canReusePort();
    if (this.#stopping) return this.#stoppedEarly();
    this.#loaded = claimed.settings;
    this.#issued = this.#acme.certificates(kept);
    this.#fleet = this.#buildFleet(this.#withIssued(claimed.settings), reusePort);
    const outcome = await this.#fleet.start();
    if (this.#stopping) return this.#stoppedEarly();
    if (!outcome.ok) {
      await this.#closeAdmin();
      return { ok: false, code: 1, report: `a worker could not start: ${outcome.reason}\n` };
    }
    this.#state = 'running';
    this.#metrics.configurationTaken(1, Date.now());
    this.#renewal.follow(loaded);
    this.#daily = setInterval(() => this.#checkExpiry(), DAY_MS);
    this.#certificatesTaken();
    for (const listener of outcome.listeners) this.#announce(listener);
    const { workers } = claimed.settings;
    this.#announcer.info({ workers }, `ready (${workers} ${workers === 1 ? 'worker' : 'workers'})`);
    this.#acme.keep(kept);
    standBehindWorkers();
    return { ok: true, stopped: this.#stopped.promise };
  }

  get ready(): boolean {
    return this.#state === 'running' && this.#fleet?.ready === true;
  }

  async status(): Promise<AdminStatus> {
    const fleet = this.#fleet;
    const statuses = (await fleet?.statuses()) ?? [];
    const settings = fleet?.settings;
    return {
      version: this.#options.version,
      pid: process.pid,
      uptimeSeconds: Math.round(process.uptime()),
      configuration: this.#options.configFile,
      state: this.#state,
      generation: fleet?.generation ?? 0,
      sessions: statuses.reduce((sum, status) => sum + status.sessions, 0),
      exchanges: statuses.reduce((sum, status) => sum + status.exchanges, 0),
      streams: statuses.reduce((sum, status) => sum + status.streams, 0),
      workers: (fleet?.handles() ?? []).map((handle) => ({
        slot: handle.slot,
        pid: handle.pid,
        state: handle.state,
        startedAt: new Date(handle.startedAt).toISOString(),
        restarts: fleet?.restartsOf(handle.slot) ?? 0,
        probes: fleet?.isProber(handle) ?? false,
      })),
      listeners: statuses[0]?.listeners ?? [],
      tenants: tenantStatuses(settings?.tenants ?? []),
      clusters: mergeClusters(statuses),
      certificates: this.#certificates(),
      refusedFiles: this.#renewal.refused,
      acme: this.#acme.status().kept.map(({ nextAttempt, ...kept }) => ({
        ...kept,
        nextAttempt: new Date(nextAttempt).toISOString(),
      })),
      lastReload: this.#lastReload,
    };
  }

  async metrics(): Promise<RegistrySnapshot> {
    const fleet = this.#fleet;
    const reports = (await fleet?.reports()) ?? [];
    this.#metrics.filesRefused(this.#renewal.refused.length);
    return this.#metrics.snapshot({
      reports,
      ready: (fleet?.handles() ?? []).filter((handle) => handle.state === 'ready').length,
      clusters: fleet?.settings.clusters ?? [],
      certificates: this.#certificates(),
      acme: this.#acme.status(),
    });
  }

  #certificates(): CertificateStatus[] {
    return certificateStatuses(
      this.#fleet?.settings.certificates ?? [],
      this.#stapler.statuses(),
      Date.now(),
      this.#leaves,
    );
  }

  /** Of other certificates than before. */
  #certificatesTaken(): void {
    this.#checkExpiry();
    void this.#stapler.follow(this.#fleet?.settings.certificates ?? []);
  }

  #checkExpiry(): void {
    this.#expiry.check(this.#certificates());
  }

  /** One at a time; each reads the file when its turn has come. */
  reload(): Promise<ReloadOutcome> {
    return this.#inTurn(() => this.#reload());
  }

  explain(query: URLSearchParams): ExplainAnswer {
    const settings = this.#fleet?.settings;
    if (settings === undefined) return { ok: false, problem: 'no configuration has been taken yet' };
    if (this.#explainer?.settings !== settings) {
      this.#explainer?.dispose();
      this.#explainer = undefined;
      try {
        this.#explainer = new Explainer(settings);
      } catch (error) {
        return { ok: false, problem: (error as Error).message };
      }
    }
    return explainQuery(this.#explainer, query);
  }

  reopenLogs(): void {
    this.#fleet?.reopenLogs();
  }

  drain(): void {
    void this.stop();
  }

  /** Stops gracefully; called a second time, at once. */
  async stop(): Promise<void> {
    if (this.#state === 'draining') {
      this.#announcer.warn({}, 'stopping at once');
      await this.#fleet?.kill();
      return;
    }
    this.#state = 'draining';
    const drainMs = this.#fleet?.settings.drainMs ?? 0;
    this.#announcer.info({ drainMs }, 'stopping: finishing what is in flight');
    this.#renewal.close();
    clearInterval(this.#daily);
    this.#tickets?.stop();
    this.#stapler.close();
    const acmeStopped = this.#acme.stop();
    await this.#fleet?.stop();
    await acmeStopped;
    await this.#closeAdmin();
    await this.#options.outputEnded();
    this.#announcer.info({}, 'stopped');
    this.#stopped.resolve(0);
  }

  get #stopping(): boolean {
    return this.#state === 'draining';
  }

  async #stoppedEarly(): Promise<PrimaryStart> {
    await this.#closeAdmin();
    return { ok: true, stopped: this.#stopped.promise };
  }

  /**
   * Serves what ACME keeps now, behind the certificates of the configuration: for a host that is in both, it is served. All
   * workers get it or none; the other settings remain as they are. Resolves with the reason when it is not served.
   */
  async #serveIssued(): Promise<string | undefined> {
    const outcome = await this.#inTurn(async () => {
      const before = this.#issued;
      // Asked for in its turn: a reload that came before may have changed what is kept.
      this.#issued = this.#acme.certificates();
      const taken = await this.#takeCertificates(this.#loaded!);
      if (!taken.ok) this.#issued = before;
      return taken;
    });
    return outcome.ok ? undefined : outcome.report;
  }

  #inTurn<T>(turn: () => Promise<T>): Promise<T> {
    const done = this.#reloading.then(turn);
    this.#reloading = done.catch(() => {});
    return done;
  }

  #withIssued(settings: Settings): Settings {
    return this.#issued.length === 0
      ? settings
      : { ...settings, certificates: [...settings.certificates, ...this.#issued] };
  }

  /** A reload that differs from what runs in certificates only: no address is opened or closed. */
  async #takeCertificates(settings: Settings): Promise<ReloadOutcome> {
    const fleet = this.#fleet;
    if (fleet === undefined || this.#state !== 'running') {
      return { ok: false, report: `cannot change certificates while ${this.#state}\n` };
    }
    const refusal = await fleet.reload(this.#withIssued(settings));
    if (refusal !== undefined) return { ok: false, report: `${refusal}\n` };
    this.#loaded = settings;
    this.#tickets?.update(settings.tickets);
    this.#certificatesTaken();
    this.#metrics.configurationTaken(fleet.generation, Date.now());
    return { ok: true, generation: fleet.generation };
  }

  /** `renewed` has its listeners from the file, where a port may be 0. */
  async #takeRenewed(renewed: Settings): Promise<string | undefined> {
    const listeners = this.#loaded?.listeners ?? renewed.listeners;
    const outcome = await this.#takeCertificates({ ...renewed, listeners });
    this.#metrics.filesRenewed(outcome.ok);
    if (outcome.ok) this.#acme.keep(await this.#acme.prepare(renewed.acme));
    return outcome.ok ? undefined : outcome.report;
  }

  async #reload(): Promise<ReloadOutcome> {
    const outcome = await this.#tryReload();
    const at = new Date().toISOString();
    this.#metrics.reloaded(outcome.ok);
    if (outcome.ok) {
      this.#metrics.configurationTaken(outcome.generation, Date.now());
      this.#lastReload = { at, ok: true, report: '' };
      this.#logger.info({ generation: outcome.generation }, 'configuration reloaded');
    } else {
      this.#lastReload = { at, ok: false, report: outcome.report };
      this.#logger.error({ report: outcome.report }, 'configuration not reloaded, nothing has changed');
    }
    return outcome;
  }

  async #tryReload(): Promise<ReloadOutcome> {
    const fleet = this.#fleet;
    if (fleet === undefined || this.#state !== 'running') {
      return { ok: false, report: `cannot reload while ${this.#state}\n` };
    }
    const loaded = this.#options.load();
    if (!loaded.ok) return loaded;
    const claimed = await claimAddresses(loaded.settings, this.#loaded);
    if (!claimed.ok) return { ok: false, report: `${claimed.reasons.join('\n')}\n` };
    const { settings } = claimed;
    const previousAdmin = this.#admin;
    const adminRefusal = await this.#openAdmin(settings);
    if (adminRefusal !== undefined) return { ok: false, report: `${adminRefusal}\n` };
    const kept = await this.#acme.prepare(settings.acme);
    const issuedBefore = this.#issued;
    this.#issued = this.#acme.certificates(kept);
    const refusal = await fleet.reload(this.#withIssued(settings));
    if (refusal !== undefined) {
      this.#issued = issuedBefore;
      if (this.#admin !== previousAdmin) void this.#admin?.server.close();
      this.#admin = previousAdmin;
      return { ok: false, report: `${refusal}\n` };
    }
    if (this.#admin !== previousAdmin) void previousAdmin?.server.close();
    this.#loaded = settings;
    this.#tickets?.update(settings.tickets);
    this.#renewal.follow(loaded);
    this.#certificatesTaken();
    this.#acme.keep(kept);
    this.#logger.setLevel(settings.log.level);
    if (loaded.warnings !== '') this.#logger.warn({ report: loaded.warnings }, 'configuration');
    return { ok: true, generation: fleet.generation };
  }

  /** Opens the wanted admin address beside the one there is. Returns why that is impossible. */
  async #openAdmin(settings: Settings): Promise<string | undefined> {
    const { admin } = settings;
    if (admin?.text === this.#admin?.text) return undefined;
    if (admin === undefined) {
      this.#admin = undefined;
      return undefined;
    }
    const server = new AdminServer(this);
    try {
      const port = await server.listen(admin);
      this.#admin = { server, text: admin.text };
      this.#announcer.info({ port }, `admin on http://${hostText(admin.host)}:${port}/`);
      return undefined;
    } catch (error) {
      return explainListenFailure(admin.text, admin.port, error as NodeJS.ErrnoException);
    }
  }

  async #closeAdmin(): Promise<void> {
    await this.#admin?.server.close();
  }

  #announce({ host, port, tls, text, stream }: BoundListener): void {
    const address = host === '::' ? `:${port}` : `${hostText(host)}:${port}`;
    this.#announcer.info(
      { listener: text, port, tls },
      `listening on ${address} (${stream === undefined ? 'HTTP' : `stream to ${stream}`}, ${tls ? 'TLS' : 'plain'})`,
    );
  }

  #openTickets(settings: Settings): TicketRotation {
    this.#tickets = new TicketRotation(settings.tickets, (keys) => {
      this.#fleet?.setTicketKeys(encodeKeys(keys));
      this.#metrics.ticketKeysChanged();
    });
    return this.#tickets;
  }

  #buildFleet(settings: Settings, reusePort: boolean): Fleet {
    return new Fleet(settings, encodeKeys(this.#openTickets(settings).keys), {
      reusePort,
      now: () => Date.now(),
      fork: this.#options.fork,
      restarted: (handle) => {
        this.#metrics.workerRestarted();
        this.#logger.info({ worker: handle.pid, slot: handle.slot }, 'worker is up again');
      },
      died: (handle, reason, delayMs) =>
        this.#logger.error(
          { worker: handle.pid, slot: handle.slot, restartInMs: delayMs },
          `worker ended: ${reason}`,
        ),
      hung: (handle, ms) =>
        this.#logger.error(
          { worker: handle.pid, slot: handle.slot },
          `worker does not answer for ${ms / 1000} s: it is killed`,
        ),
      retired: (report) => this.#metrics.workerRetired(report.metrics),
    });
  }
}

const DAY_MS = 86_400_000;

function encodeKeys(keys: readonly Buffer[]): string[] {
  return keys.map((key) => key.toString('base64'));
}

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
