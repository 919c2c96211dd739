import type { InstanceFacts } from '../core/exchange.ts';
import type { AddressSettings, HealthSettings, InstanceSettings } from '../core/settings.ts';
import { FailureWindow } from './failure-window.ts';
import { LatencyAverage } from './latency-average.ts';
import type { Outage } from './outage.ts';
import type { SlowStart } from './slow-start.ts';
import type { WaitingLine } from './waiting-line.ts';

export type InstanceState = 'healthy' | 'ejected';

/** What the instances of a cluster have in common, as of one snapshot. */
export interface SharedHealth {
  readonly slowStart?: SlowStart | undefined;
  readonly outage?: Outage | undefined;
  /** Exchanges that one may have at a time. */
  readonly maxRequests?: number | undefined;
  /** Those who wait for one that has room. */
  readonly line?: WaitingLine | undefined;
}

/**
 * One backend address of one cluster: its health and its load.
 *
 *              `fail` request failures or `fail` probe failures in a row, or too many of the requests of some time
 *   healthy ─────────────────────────────────────────────────────────────► ejected
 *      ▲                     `pass` probe successes in a row                  │
 *      └──────────────────────────────────────────────────────────────────────┘
 *
 * Requests and probes are counted apart: a health page that answers must not hide requests that fail, nor the other way
 * round. A request that was under way when its instance was ejected and ends well does not bring it back; probes do.
 *
 * The object outlives its snapshot: after a reload the new snapshot holds the same one, so that exchanges of both count
 * in the same place. It keeps no time of its own and starts no timers.
 */
export class Instance implements InstanceFacts {
  readonly cluster: string;
  readonly address: AddressSettings;
  /** Exchanges that have it now; increased by whoever sends them, and decreased by `leave`. */
  inFlight = 0;
  /** Of its answers; kept by the same. */
  readonly latency: LatencyAverage = new LatencyAverage();
  #subCluster = '';
  #weight = 1;
  #index = 0;
  #fail = 1;
  #pass = 1;
  #state: InstanceState = 'healthy';
  #ejectedAt: number | undefined = undefined;
  #ejections = 0;
  #since = Number.NEGATIVE_INFINITY;
  #slowStart: SlowStart | undefined = undefined;
  #outage: Outage | undefined = undefined;
  #maxRequests = Number.POSITIVE_INFINITY;
  #line: WaitingLine | undefined = undefined;
  #rate: FailureWindow | undefined = undefined;
  /** What it was made of, as text: a reload that changes nothing of it forgets no failures. */
  #rateKey: string | undefined = undefined;
  #isEjectedByRequests = false;
  #isProbedDown = false;
  #requestFailures = 0;
  #probeFailures = 0;
  #probeSuccesses = 0;

  constructor(
    cluster: string,
    settings: InstanceSettings,
    index: number,
    health: HealthSettings,
    subCluster = '',
    shared: SharedHealth = {},
  ) {
    this.cluster = cluster;
    this.address = settings;
    this.applySettings(settings, index, health, subCluster, shared);
  }

  /** Takes over what a newer snapshot says; health and load stay. */
  applySettings(
    settings: InstanceSettings,
    index: number,
    health: HealthSettings,
    subCluster = '',
    shared: SharedHealth = {},
  ): void {
    this.#subCluster = subCluster;
    this.#weight = settings.weight;
    this.#index = index;
    this.#fail = health.fail;
    this.#pass = health.pass;
    this.#slowStart = shared.slowStart;
    this.#slowStart?.begin(this.#since);
    this.#outage = shared.outage;
    this.#maxRequests = shared.maxRequests ?? Number.POSITIVE_INFINITY;
    this.#line = shared.line;
    const rateKey = JSON.stringify(health.failRate);
    if (rateKey === this.#rateKey) return;
    this.#rateKey = rateKey;
    this.#rate = health.failRate && new FailureWindow(health.failRate);
  }

  /** It takes requests from now on. Not told of those that were there when the process began: nobody has a share that could be theirs. */
  begin(now: number): void {
    this.#since = now;
    this.#slowStart?.begin(now);
  }

  /** The pool it belongs to; '' in a cluster without. As of the newest snapshot, like the next two. */
  get subCluster(): string {
    return this.#subCluster;
  }

  get weight(): number {
    return this.#weight;
  }

  /** Less while it is in slow start. */
  effectiveWeight(now: number): number {
    return this.#weight * (this.#slowStart?.share(this.#since, now) ?? 1);
  }

  /** Position in its cluster. */
  get index(): number {
    return this.#index;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** Clock.now() since when it takes requests, for the last time; of no meaning while ejected. -Infinity: from the start of the process. */
  get since(): number {
    return this.#since;
  }

  get isHealthy(): boolean {
    return this.#state === 'healthy';
  }

  /** It may be chosen: healthy, or one of too many that are not. */
  get isUsable(): boolean {
    return this.#state === 'healthy' || this.#outage?.isPanic === true;
  }

  /** It may have one more exchange. */
  get hasRoom(): boolean {
    return this.inFlight < this.#maxRequests;
  }

  /** An exchange does not have it any more. Who waits for its room takes it within this call: what is to be said of its health comes first. */
  leave(): void {
    this.inFlight -= 1;
    this.#line?.roomFreed();
  }

  /** The ejection that lasts was for failures of requests, not of probes. */
  get isEjectedByRequests(): boolean {
    return this.#isEjectedByRequests;
  }

  /** What probes alone say of it: `fail` in a row have failed, and not `pass` in a row succeeded since. */
  get isProbedDown(): boolean {
    return this.#isProbedDown;
  }

  /** Clock.now() of the ejection that lasts; undefined while healthy. */
  get ejectedAt(): number | undefined {
    return this.#ejectedAt;
  }

  /** How often it was ejected. */
  get ejections(): number {
    return this.#ejections;
  }

  /** Requests that failed since the last one that did not. */
  get consecutiveFailures(): number {
    return this.#requestFailures;
  }

  /** Probe successes that are still missing before it is brought back; 0 while healthy. */
  get missingProbes(): number {
    return this.isHealthy ? 0 : Math.max(1, this.#pass - this.#probeSuccesses);
  }

  /** A request reached it and was answered, by then or later. */
  recordSuccess(now: number): void {
    this.#requestFailures = 0;
    this.#rate?.record(true, now);
  }

  /** A request failed in a way that is the instance's fault. True when this ejected it. */
  recordFailure(now: number): boolean {
    this.#requestFailures += 1;
    const isTooOften = this.#rate?.record(false, now) === true;
    if (this.#state === 'ejected' || (this.#requestFailures < this.#fail && !isTooOften)) return false;
    // The next failure asks again.
    if (this.#outage?.mayEject === false) return false;
    this.#eject(now, true);
    return true;
  }

  /**
   * The outcome of a probe; says what it changed. `isDown`: what is made of it by the process that sent the probe, which may have seen
   * more of them; absent: it is judged here.
   */
  recordProbe(ok: boolean, now: number, isDown?: boolean): 'ejected' | 'restored' | undefined {
    this.#probeFailures = ok ? 0 : this.#probeFailures + 1;
    this.#probeSuccesses = ok ? this.#probeSuccesses + 1 : 0;
    this.#isProbedDown = isDown ?? this.#judgeProbes();
    if (this.#state === 'healthy') {
      if (!this.#isProbedDown) return undefined;
      this.#eject(now, false);
      return 'ejected';
    }
    const isBack = this.#isEjectedByRequests ? this.#probeSuccesses >= this.#pass : ok;
    if (this.#isProbedDown || !isBack) return undefined;
    this.#restore(now);
    return 'restored';
  }

  #judgeProbes(): boolean {
    return this.#isProbedDown ? this.#probeSuccesses < this.#pass : this.#probeFailures >= this.#fail;
  }

  #eject(now: number, byRequests: boolean): void {
    this.#state = 'ejected';
    this.#ejectedAt = now;
    this.#ejections += 1;
    this.#probeSuccesses = 0;
    this.#isEjectedByRequests = byRequests;
    this.#outage?.ejected(byRequests);
  }

  #restore(now: number): void {
    this.#state = 'healthy';
    this.#ejectedAt = undefined;
    this.#requestFailures = 0;
    this.#rate?.clear();
    this.#outage?.restored(this.#isEjectedByRequests);
    this.#isEjectedByRequests = false;
    this.begin(now);
    this.#line?.roomFreed();
  }
}
