import type { AcmeChallenge } from '../core/acme-challenge.ts';
import type { ProbeResult } from '../core/probe-result.ts';
import type { ServerStatus } from '../core/server.ts';
import type { Settings } from '../core/settings.ts';
import type { Staple } from '../core/staple.ts';
import type { WorkerReport } from './messages.ts';
import { ProbeBook } from './probe-book.ts';
import { RestartPolicy } from './restart-policy.ts';
import type { WorkerProcessPort } from './worker-handle.ts';
import { describeExit, type StartOutcome, type WorkerExit, WorkerHandle } from './worker-handle.ts';

/** What the fleet is given, and whom it tells. */
export interface FleetPorts {
  /** Starts one process. */
  fork(slot: number): WorkerProcessPort;
  readonly reusePort: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** A worker is up again after a death. */
  restarted(handle: WorkerHandle): void;
  /** A worker ended that should not have; the next try is in `delayMs`. */
  died(handle: WorkerHandle, reason: string, delayMs: number): void;
  /** A worker has not come round to its messages for that long, and is killed. */
  hung(handle: WorkerHandle, ms: number): void;
  /** Called with the last report of every worker that has ended, however. */
  retired(report: WorkerReport): void;
}

/**
 * The worker processes: as many as wanted, all with the same settings, each replaced when it dies.
 *
 * A reload reaches all or none: settings go to every worker, and if one cannot take them, those that could are given the
 * old ones again.
 */
export class Fleet {
  readonly #ports: FleetPorts;
  readonly #slots: Slot[] = [];
  #settings: Settings;
  #ticketKeys: readonly string[];
  /** By certificate, for workers to come. */
  readonly #staples = new Map<string, Staple>();
  #generation = 1;
  /** Pending ones, for workers that start. */
  #challenges: readonly AcmeChallenge[] = [];
  /** For workers to come. */
  readonly #probes = new ProbeBook();
  /** The worker that sends the probes of all. */
  #prober: WorkerHandle | undefined;
  #stopping = false;
  /** Waits between deaths and starts. */
  readonly #timers = new Set<NodeJS.Timeout>();
  #pings: NodeJS.Timeout | undefined;

  /** `ticketKeys`: in base64, the one for new tickets first. */
  constructor(settings: Settings, ticketKeys: readonly string[], ports: FleetPorts) {
    this.#settings = settings;
    this.#ticketKeys = ticketKeys;
    this.#ports = ports;
  }

  get generation(): number {
    return this.#generation;
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** All wanted workers accept connections. */
  get ready(): boolean {
    const ready = this.handles().filter((handle) => handle.state === 'ready').length;
    return !this.#stopping && ready >= this.#settings.workers;
  }

  /** Those that live. */
  handles(): WorkerHandle[] {
    return this.#slots.map((slot) => slot.handle).filter((handle) => handle.state !== 'gone');
  }

  /** Whether a worker sends the probes of all. */
  isProber(handle: WorkerHandle): boolean {
    return handle === this.#prober;
  }

  /** How often the workers of a slot were started again. */
  restartsOf(slot: number): number {
    return this.#slots[slot]?.restarts ?? 0;
  }

  /** Starts all workers; when one cannot start, ends the others and says why. */
  async start(): Promise<StartOutcome> {
    for (let i = 0; i < this.#settings.workers; i += 1) this.#slots.push(this.#newSlot(i));
    const outcomes = await Promise.all(this.#slots.map((slot) => this.#startedFirst(slot)));
    const failed = outcomes.find((outcome) => !outcome.ok);
    if (failed !== undefined) {
      await this.kill();
      return failed;
    }
    for (const slot of this.#slots) this.#watch(slot, slot.handle);
    this.#pings = setInterval(() => this.#ping(), PING_MS).unref();
    return outcomes[0]!;
  }

  /** Resolves with undefined when every worker has the new settings, else with the reason why none has. */
  async reload(settings: Settings): Promise<string | undefined> {
    const previous = this.#settings;
    const generation = this.#generation + 1;
    const ready = this.handles().filter((handle) => handle.state === 'ready');
    const refusals = await Promise.all(ready.map((handle) => handle.reload(settings, generation)));
    const refusal = refusals.find((reason) => reason !== undefined);
    if (refusal !== undefined) {
      const takenBy = ready.filter((_, i) => refusals[i] === undefined);
      await this.#bringTo(takenBy, previous, this.#generation);
      return refusal;
    }
    this.#settings = settings;
    this.#generation = generation;
    this.#probes.keep(settings.clusters);
    await this.#resize(settings.workers);
    await this.#catchUp();
    return undefined;
  }

  /**
   * Resolves with undefined when every worker that accepts connections answers these challenges and no others, else with the
   * reason why one does not. A worker that starts later has them from the start.
   */
  async showChallenges(challenges: readonly AcmeChallenge[]): Promise<string | undefined> {
    this.#challenges = challenges;
    const ready = this.handles().filter((handle) => handle.state === 'ready');
    const refusals = await Promise.all(ready.map((handle) => handle.showChallenges(challenges)));
    // The successor of one that died meanwhile knows them.
    return refusals.find((reason, i) => reason !== undefined && ready[i]!.state !== 'gone');
  }

  /** The report of each worker that lives. */
  reports(): Promise<WorkerReport[]> {
    return this.#askAll((handle) => handle.report());
  }

  /** The status of each worker that lives and can tell it. */
  statuses(): Promise<ServerStatus[]> {
    return this.#askAll((handle) => handle.status());
  }

  async #askAll<T>(ask: (handle: WorkerHandle) => Promise<T | undefined>): Promise<T[]> {
    const handles = this.handles();
    const answers = await Promise.all(handles.map(ask));
    // One that has ended meanwhile is among the retired by now: it must not count twice.
    return answers.filter((answer, i) => answer !== undefined && handles[i]!.state !== 'gone') as T[];
  }

  /** Whoever is starting gets them when it is up. */
  setTicketKeys(keys: readonly string[]): void {
    this.#ticketKeys = keys;
    for (const handle of this.handles()) handle.setTicketKeys(keys);
  }

  /** As setTicketKeys. */
  setStaple(staple: Staple): void {
    if (staple.response === undefined) this.#staples.delete(staple.fingerprint);
    else this.#staples.set(staple.fingerprint, staple);
    for (const handle of this.handles()) handle.setStaple(staple);
  }

  reopenLogs(): void {
    for (const handle of this.handles()) handle.reopenLogs();
  }

  /** Lets all workers finish what is in flight; resolves when they are gone. */
  async stop(): Promise<void> {
    this.#end();
    const handles = this.handles();
    for (const handle of handles) handle.stop();
    // They count themselves; this is for one that is stuck.
    const timer = setTimeout(() => this.kill(), this.#settings.drainMs + STOP_MARGIN_MS);
    await this.#allGone(handles);
    clearTimeout(timer);
  }

  /** Ends all workers at once; resolves when they are gone. */
  async kill(): Promise<void> {
    this.#end();
    const handles = this.handles();
    for (const handle of handles) handle.kill();
    await this.#allGone(handles);
  }

  #end(): void {
    this.#stopping = true;
    clearInterval(this.#pings);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #allGone(handles: readonly WorkerHandle[]): Promise<void> {
    await Promise.all(handles.map((handle) => handle.exited));
  }

  #newSlot(index: number): Slot {
    return { policy: new RestartPolicy(), restarts: 0, handle: this.#fork(index), wanted: true };
  }

  #fork(index: number): WorkerHandle {
    const handle = new WorkerHandle(index, this.#ports.now(), this.#ports.fork(index), (results) =>
      this.#takeProbes(handle, results),
    );
    void handle.exited.then(() => {
      this.#appointProber();
      if (handle.lastReport !== undefined) this.#ports.retired(handle.lastReport);
    });
    return handle;
  }

  /** A signal to the whole group may meet a worker that does not ignore it yet, which says nothing against the worker. */
  async #startedFirst(slot: Slot): Promise<StartOutcome> {
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#started(slot.handle);
      if (outcome.ok || tries === MAX_FIRST_STARTS) return outcome;
      const { signal } = await slot.handle.exited;
      if (this.#stopping || signal === undefined || !GROUP_SIGNALS.has(signal)) return outcome;
      slot.handle = this.#fork(slot.handle.slot);
    }
  }

  async #started(handle: WorkerHandle): Promise<StartOutcome> {
    const { reusePort } = this.#ports;
    const ticketKeys = this.#ticketKeys;
    const staples = [...this.#staples.values()];
    const challenges = this.#challenges;
    const probes = this.#probes.down;
    const outcome = await handle.start({
      kind: 'start',
      settings: this.#settings,
      generation: this.#generation,
      reusePort,
      ticketKeys,
      staples,
      challenges,
      probes,
    });
    if (outcome.ok) this.#appointProber();
    if (outcome.ok) this.#sendMissedProbes(handle, probes);
    if (outcome.ok) this.#sendMissedStaples(handle, staples);
    if (outcome.ok && ticketKeys !== this.#ticketKeys) handle.setTicketKeys(this.#ticketKeys);
    // A worker that said that it failed exits by itself; one that says nothing does not.
    if (!outcome.ok) handle.kill();
    else if (this.#challenges !== challenges) await handle.showChallenges(this.#challenges);
    return outcome;
  }

  /** The worker that is up first, until it is gone or going; then another at once. */
  #appointProber(): void {
    if (this.#stopping || this.#prober?.state === 'ready') return;
    this.#prober = this.handles().find(({ state }) => state === 'ready');
    this.#prober?.probeForAll();
  }

  #takeProbes(from: WorkerHandle, results: readonly ProbeResult[]): void {
    this.#probes.record(results);
    for (const handle of this.handles()) {
      if (handle !== from) handle.takeProbes(results);
    }
  }

  #sendMissedProbes(handle: WorkerHandle, sent: readonly ProbeResult[]): void {
    const { down } = this.#probes;
    const known = new Set(down);
    const backUp = sent.filter((result) => !known.has(result));
    handle.takeProbes([...backUp.map((result) => ({ ...result, ok: true, isDown: false })), ...down]);
  }

  #sendMissedStaples(handle: WorkerHandle, sent: readonly Staple[]): void {
    const known = new Set(sent);
    for (const staple of this.#staples.values()) {
      if (!known.has(staple)) handle.setStaple(staple);
    }
    for (const { fingerprint } of sent) {
      if (!this.#staples.has(fingerprint)) handle.setStaple({ fingerprint, response: undefined, until: 0 });
    }
  }

  /** Replaces the worker of a slot whenever it dies. */
  #watch(slot: Slot, handle: WorkerHandle, failure?: string): void {
    void handle.exited.then((exit: WorkerExit) => {
      if (this.#stopping || !slot.wanted) return;
      const delayMs = slot.policy.delayAfter(handle.startedAt, this.#ports.now());
      this.#ports.died(handle, failure ?? describeExit(exit), delayMs);
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.#restart(slot, handle.slot);
      }, delayMs);
      this.#timers.add(timer);
    });
  }

  async #restart(slot: Slot, index: number): Promise<void> {
    slot.restarts += 1;
    const handle = this.#fork(index);
    slot.handle = handle;
    const outcome = await this.#started(handle);
    this.#watch(slot, handle, outcome.ok ? undefined : outcome.reason);
    if (!outcome.ok) return;
    this.#ports.restarted(handle);
    await this.#catchUp();
  }

  /** A loop without an end in a module stops a worker, and everything that it holds, for good: another one serves at least those who come. */
  #ping(): void {
    for (const handle of this.handles()) {
      if (handle.ping() < MISSED_PINGS) continue;
      this.#ports.hung(handle, MISSED_PINGS * PING_MS);
      handle.kill();
    }
  }

  /** Workers that were starting while a reload went through have the settings of before. */
  async #catchUp(): Promise<void> {
    const late = this.handles().filter(
      (handle) => handle.state === 'ready' && handle.generation !== this.#generation,
    );
    await this.#bringTo(late, this.#settings, this.#generation);
  }

  /** A worker that cannot be brought to settings that others have is replaced: its successor starts with them. */
  async #bringTo(handles: readonly WorkerHandle[], settings: Settings, generation: number): Promise<void> {
    await Promise.all(
      handles.map(async (handle) => {
        if ((await handle.reload(settings, generation)) !== undefined) handle.kill();
      }),
    );
  }

  /** Lets one finish what is in flight, while the others go on. */
  #stopLate(handle: WorkerHandle): void {
    handle.stop();
    const timer = setTimeout(() => handle.kill(), this.#settings.drainMs + STOP_MARGIN_MS).unref();
    void handle.exited.then(() => clearTimeout(timer));
  }

  async #resize(workers: number): Promise<void> {
    for (const slot of this.#slots.splice(workers)) {
      slot.wanted = false;
      this.#stopLate(slot.handle);
    }
    this.#appointProber();
    const added: Slot[] = [];
    while (this.#slots.length < workers) {
      const slot = this.#newSlot(this.#slots.length);
      this.#slots.push(slot);
      added.push(slot);
    }
    await Promise.all(
      added.map(async (slot) => {
        const outcome = await this.#started(slot.handle);
        this.#watch(slot, slot.handle, outcome.ok ? undefined : outcome.reason);
      }),
    );
  }
}

interface Slot {
  readonly policy: RestartPolicy;
  restarts: number;
  handle: WorkerHandle;
  wanted: boolean;
}

/** What a terminal or an init system sends to the primary and its workers alike. */
const GROUP_SIGNALS: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR1']);
/** A tenth of a second of each start is in danger: who signals so often means it. */
const MAX_FIRST_STARTS = 5;
/** How often each worker is asked whether it is there. */
const PING_MS = 1_000;
/** Well above what collections of garbage, first uses of certificates and a busy machine take. */
const MISSED_PINGS = 10;
/** Flushing logs and telling the last counts, after the drain time itself. */
const STOP_MARGIN_MS = 5_000;
