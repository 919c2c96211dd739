import type { Worker } from 'node:cluster';
import type { AcmeChallenge } from '../core/acme-challenge.ts';
import type { ProbeResult } from '../core/probe-result.ts';
import type { BoundListener, ServerStatus } from '../core/server.ts';
import type { Settings } from '../core/settings.ts';
import type { Staple } from '../core/staple.ts';
import type { FromWorker, ToWorker, WorkerReport } from './messages.ts';
import { ProbeOutbox } from './probe-outbox.ts';
import { settingsDelta } from './settings-delta.ts';

/** How a worker process ended. */
export interface WorkerExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

export type StartOutcome =
  | { readonly ok: true; readonly listeners: readonly BoundListener[] }
  | { readonly ok: false; readonly reason: string };

/** What the primary needs of a process; node:cluster's Worker is one. */
export type WorkerProcessPort = Pick<Worker, 'send' | 'on' | 'process'>;

/**
 * One worker process as the primary sees it: messages as promises that always settle, because a worker may die or hang at
 * any moment.
 *
 *   starting ──started──► ready ──stop──► stopping ──► gone
 *       └───────────────────┴──────exit────────────────┘
 */
export class WorkerHandle {
  readonly slot: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  state: 'starting' | 'ready' | 'stopping' | 'gone' = 'starting';
  /** The newest settings that it has confirmed. */
  generation = 0;
  /** The newest it told, for what is asked when it can no longer answer. */
  lastReport: WorkerReport | undefined;
  /** Settles when the process is gone. */
  readonly exited: Promise<WorkerExit>;
  readonly #process: WorkerProcessPort;
  /** What it certainly has, so that it need not be sent again; undefined while, and after, it is not certain. */
  #settings: Settings | undefined;
  readonly #online = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<StartOutcome>();
  /** By request. */
  readonly #reloads = new Map<number, (answer: ReloadAnswer) => void>();
  /** Of the one that was sent last; 0: none. */
  #lastReload = 0;
  /** By request: who waits for the worker to answer challenges. */
  readonly #challenges = new Map<number, (reason: string | undefined) => void>();
  /** By request: who waits for a report, or for a status. */
  readonly #reports = new Map<number, (report: WorkerReport | undefined) => void>();
  readonly #statuses = new Map<number, (status: ServerStatus | undefined) => void>();
  #requests = 0;
  /** Pings in a row that came due while the last one had no answer. */
  #missedPings = 0;
  #isPinged = false;
  #isDebugged = false;
  readonly #onProbes: (results: readonly ProbeResult[]) => void;
  readonly #probes = new ProbeOutbox(0, (results, sent) => this.#send({ kind: 'probes', results }, sent));

  /** `onProbes` is told of what it has probed for all. */
  constructor(
    slot: number,
    startedAt: number,
    process: WorkerProcessPort,
    onProbes: (results: readonly ProbeResult[]) => void,
  ) {
    this.slot = slot;
    this.startedAt = startedAt;
    this.#process = process;
    this.#onProbes = onProbes;
    process.on('message', (message: FromWorker) => this.#receive(message));
    // A message to a worker that has just died: its exit is told below.
    process.on('error', () => {});
    this.exited = new Promise((resolve) => {
      process.on('exit', (code: number | null, signal: string | null) => {
        const exit = { code: code ?? undefined, signal: signal ?? undefined };
        this.#gone(exit);
        resolve(exit);
      });
    });
  }

  get pid(): number {
    return this.#process.process.pid ?? 0;
  }

  /** Never rejects: a worker that dies or says nothing has failed to start. */
  async start(message: Extract<ToWorker, { kind: 'start' }>): Promise<StartOutcome> {
    const timer = setTimeout(() => {
      this.#started.resolve({ ok: false, reason: `no answer for ${START_TIMEOUT_MS / 1000} s` });
    }, START_TIMEOUT_MS);
    await this.#online.promise;
    this.#send(message);
    const outcome = await this.#started.promise;
    clearTimeout(timer);
    if (outcome.ok) {
      this.generation = message.generation;
      if (this.#lastReload === 0) this.#settings = message.settings;
    }
    return outcome;
  }

  /** Resolves with undefined when the worker has taken the settings, else with the reason why not. */
  async reload(settings: Settings, generation: number): Promise<string | undefined> {
    if (this.state !== 'ready') return 'the worker is not running';
    const answer = Promise.withResolvers<ReloadAnswer>();
    const request = ++this.#requests;
    this.#reloads.set(request, answer.resolve);
    this.#lastReload = request;
    const before = this.#settings;
    this.#settings = undefined;
    const timer = setTimeout(
      () =>
        answer.resolve({
          has: undefined,
          reason: `a worker gave no answer for ${RELOAD_TIMEOUT_MS / 1000} s: reload again`,
        }),
      RELOAD_TIMEOUT_MS,
    );
    this.#send({ kind: 'reload', request, settings: settingsDelta(settings, before), generation });
    const { has, reason } = await answer.promise;
    clearTimeout(timer);
    this.#reloads.delete(request);
    // With another on its way behind it, nobody knows yet.
    if (this.#lastReload === request)
      this.#settings = has === 'new' ? settings : has === 'old' ? before : undefined;
    if (reason === undefined) this.generation = generation;
    return reason;
  }

  /** Resolves with undefined when the worker answers these challenges and no others, else with the reason why not. */
  async showChallenges(challenges: readonly AcmeChallenge[]): Promise<string | undefined> {
    const request = ++this.#requests;
    const answer = Promise.withResolvers<string | undefined>();
    this.#challenges.set(request, answer.resolve);
    const timer = setTimeout(
      () => answer.resolve(`no answer for ${CHALLENGES_TIMEOUT_MS / 1000} s`),
      CHALLENGES_TIMEOUT_MS,
    );
    this.#send({ kind: 'challenges', request, challenges });
    const reason = await answer.promise;
    clearTimeout(timer);
    this.#challenges.delete(request);
    return reason;
  }

  /** The worker's counts now, or the last ones it told when it does not answer in time. */
  async report(): Promise<WorkerReport | undefined> {
    return (await this.#ask('report', this.#reports)) ?? this.lastReport;
  }

  /** How things stand with it; undefined: it does not say so in time. */
  status(): Promise<ServerStatus | undefined> {
    return this.#ask('status', this.#statuses);
  }

  async #ask<T>(
    kind: 'report' | 'status',
    waiting: Map<number, (answer: T | undefined) => void>,
  ): Promise<T | undefined> {
    if (this.state !== 'ready' && this.state !== 'stopping') return undefined;
    const request = ++this.#requests;
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    waiting.set(request, resolve);
    const timer = setTimeout(resolve, REPORT_TIMEOUT_MS, undefined);
    this.#send({ kind, request });
    const answer = await promise;
    clearTimeout(timer);
    waiting.delete(request);
    return answer;
  }

  setTicketKeys(keys: readonly string[]): void {
    if (this.state === 'ready') this.#send({ kind: 'ticket-keys', keys });
  }

  setStaple(staple: Staple): void {
    if (this.state === 'ready') this.#send({ kind: 'staple', staple });
  }

  /** From now on it sends the probes of all workers. */
  probeForAll(): void {
    if (this.state === 'ready') this.#send({ kind: 'probe-for-all' });
  }

  takeProbes(results: readonly ProbeResult[]): void {
    if (this.state === 'ready') this.#probes.add(results);
  }

  /**
   * Asks whether it still comes round to its messages, to be called at intervals; gives how many times in a row it had not answered before.
   * Calls are counted, and not time: when the whole machine sleeps, nobody has missed anything.
   */
  ping(): number {
    // A start and a reload may keep it busy for long; they have bounds of their own.
    const isBound = (this.state === 'ready' || this.state === 'stopping') && this.#reloads.size === 0;
    if (isBound && this.#isPinged && !this.#isDebugged) return ++this.#missedPings;
    this.#missedPings = 0;
    if (!isBound || this.#isPinged) return 0;
    this.#isPinged = true;
    this.#send({ kind: 'ping' });
    return 0;
  }

  reopenLogs(): void {
    if (this.state !== 'gone') this.#send({ kind: 'reopen-logs' });
  }

  /** Asks it to finish what is in flight and exit. */
  stop(): void {
    if (this.state === 'gone') return;
    this.state = 'stopping';
    this.#send({ kind: 'stop' });
  }

  kill(): void {
    if (this.state !== 'gone') this.#process.process.kill('SIGKILL');
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'online':
        this.#online.resolve();
        return;
      case 'started':
        if (this.state === 'starting') this.state = 'ready';
        this.#started.resolve({ ok: true, listeners: message.listeners });
        return;
      case 'start-failed':
        this.#started.resolve({ ok: false, reason: message.reason });
        return;
      case 'reloaded':
        this.#reloads.get(message.request)?.({ has: 'new', reason: undefined });
        return;
      case 'reload-failed':
        this.#reloads.get(message.request)?.({ has: 'old', reason: message.reason });
        return;
      case 'challenges-taken':
        this.#challenges.get(message.request)?.(undefined);
        return;
      case 'probes':
        this.#onProbes(message.results);
        return;
      case 'pong':
        this.#isPinged = false;
        this.#isDebugged = message.isDebugged;
        return;
      case 'report':
        this.lastReport = message.report;
        this.#reports.get(message.request)?.(message.report);
        return;
      case 'status':
        this.#statuses.get(message.request)?.(message.status);
        return;
      case 'stopped':
        this.lastReport = message.report;
        return;
    }
  }

  #gone(exit: WorkerExit): void {
    this.state = 'gone';
    const reason = describeExit(exit);
    this.#started.resolve({ ok: false, reason });
    this.#online.resolve();
    const lost = `a worker ${reason} before it had the new settings: reload again`;
    for (const settle of this.#reloads.values()) settle({ has: undefined, reason: lost });
    for (const settle of this.#challenges.values()) settle(reason);
    for (const settle of this.#reports.values()) settle(undefined);
    for (const settle of this.#statuses.values()) settle(undefined);
  }

  /** `sent`: called when the channel has taken it, or will not any more. */
  #send(message: ToWorker, sent?: () => void): void {
    this.#process.send(message, undefined, undefined, sent);
  }
}

/** For logs: `exited with code 1`, `was killed by SIGKILL`. */
export function describeExit(exit: WorkerExit): string {
  return exit.signal === undefined ? `exited with code ${exit.code}` : `was killed by ${exit.signal}`;
}

/** Why the worker has not taken the settings, and which it has now; undefined: nobody knows. */
interface ReloadAnswer {
  readonly has: 'new' | 'old' | undefined;
  readonly reason: string | undefined;
}

/** Loading the code on a busy machine and making a TLS context for each of many certificates. */
const START_TIMEOUT_MS = 60_000;
/** Making tables and TLS contexts anew; a worker that needs longer is stuck. */
const RELOAD_TIMEOUT_MS = 30_000;
/** It waits behind a reload. */
const CHALLENGES_TIMEOUT_MS = RELOAD_TIMEOUT_MS;
/** Whoever asked for metrics gives up after 10 s. */
const REPORT_TIMEOUT_MS = 2_000;
