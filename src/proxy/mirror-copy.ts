import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import { UNSHARED } from '../../protocols/http/output.ts';
import type { Breaker } from '../balance/breaker.ts';
import type { Cluster } from '../balance/cluster.ts';
import type { Instance } from '../balance/instance.ts';
import type { Clock } from '../core/clock.ts';
import type { ExchangeError } from '../core/errors.ts';
import type { UpstreamTimeouts } from '../core/settings.ts';
import { isStatusIn } from '../core/status-ranges.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type {
  ForwardRequest,
  Repeat,
  UpstreamConnection,
  UpstreamSink,
  UpstreamStream,
} from '../core/upstream.ts';
import type { ConnectWaiter, InstancePool } from '../upstream/instance-pool.ts';
import type { Pools } from '../upstream/pools.ts';
import type { Probers } from '../upstream/probers.ts';
import { recordFailedAttempt } from './failed-attempt.ts';
import { MirroredBody, type MirrorMemory } from './mirrored-body.ts';

/** Who has the copies of a process. */
export interface MirrorOwner extends MirrorMemory {
  readonly pools: Pools;
  readonly probers: Probers;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** All of the request is there. True: `send` will be called, never within this call. */
  complete(copy: MirrorCopy): boolean;
  over(copy: MirrorCopy): void;
}

/** What is copied, and within which bounds. */
export interface MirroredFacts {
  readonly request: ForwardRequest;
  readonly id: string;
  /** What a cluster with `hashOn` goes by. */
  readonly key: number;
  readonly timeouts: UpstreamTimeouts;
  readonly maxBodyBytes: number;
}

/**
 * The copy of one request, from the begin of its body to the end of an answer that nobody reads:
 *
 *   collecting ─► complete ─► connecting ─► sent ─► answered
 *        └───────────┴─► skipped     └─────────┴──► failed
 *
 * It is tried once. To the second cluster's health and breaker it is a request like others.
 */
export class MirrorCopy implements UpstreamSink, ConnectWaiter {
  readonly #owner: MirrorOwner;
  readonly #cluster: Cluster;
  readonly #facts: MirroredFacts;
  readonly #body: MirroredBody;
  #trailers: HeaderList = [];
  #phase: 'collecting' | 'complete' | 'connecting' | 'sent' | 'over' = 'collecting';
  #breaker: Breaker | undefined = undefined;
  #instance: Instance | undefined = undefined;
  #pool: InstancePool | undefined = undefined;
  #stream: UpstreamStream | undefined = undefined;
  /** Clock.now() of the attempt, and of the head of the answer. */
  #begunAt = 0;
  #respondedAt = 0;
  #status = 0;
  #discardedBytes = 0;

  constructor(owner: MirrorOwner, cluster: Cluster, facts: MirroredFacts) {
    this.#owner = owner;
    this.#cluster = cluster;
    this.#facts = facts;
    this.#body = new MirroredBody(owner, facts.maxBodyBytes);
    if (facts.request.bodyLength > facts.maxBodyBytes) this.#end('skipped');
  }

  // The original.

  bodyData(bytes: Buffer, start: number, end: number): void {
    if (this.#phase === 'collecting' && !this.#body.add(bytes, start, end)) this.#end('skipped');
  }

  bodyEnd(trailers: HeaderList): void {
    if (this.#phase !== 'collecting') return;
    this.#trailers = trailers;
    this.#phase = 'complete';
    if (!this.#owner.complete(this)) this.#end('skipped');
  }

  /** The exchange is over: a request that is not complete by now will never be. */
  originalOver(): void {
    if (this.#phase === 'collecting') this.#end('skipped');
  }

  // The copy.

  send(): void {
    if (this.#phase !== 'complete') return;
    const { clock, pools } = this.#owner;
    const cluster = this.#cluster;
    const now = clock.now();
    const { key, timeouts } = this.#facts;
    if (cluster.breaker?.allows(now) === false) {
      this.#end('skipped');
      return;
    }
    this.#breaker = cluster.breaker;
    const instance = cluster.choose([], false, key, now);
    if (instance === undefined) {
      this.#end('skipped');
      return;
    }
    this.#begunAt = now;
    this.#instance = instance;
    instance.inFlight += 1;
    this.#phase = 'connecting';
    this.#pool = pools.of(instance);
    const connection = this.#pool.take();
    if (connection === undefined) this.#pool.connect(timeouts, this);
    else this.connected(connection);
  }

  /** Lets go of everything, whatever the phase. */
  abandon(): void {
    if (this.#phase === 'connecting') this.#pool?.forget(this);
    this.#stream?.abort();
    this.#end(this.#phase === 'collecting' || this.#phase === 'complete' ? 'skipped' : 'failed');
  }

  connected(connection: UpstreamConnection): void {
    const { request, id, timeouts } = this.#facts;
    this.#phase = 'sent';
    this.#owner.telemetry.mirrored(this.#cluster, 'sent');
    const stream = connection.send(request, id, timeouts, this);
    this.#stream = stream;
    if (request.bodyLength !== 0) {
      // All of it is here, and bounded: whether more may follow at once does not matter.
      stream.sendData(this.#body.bytes, 0, this.#body.length, UNSHARED);
      stream.sendEnd(this.#trailers);
    }
    stream.flush();
  }

  connectFailed(): void {
    this.#end('failed', false);
  }

  interim(): void {}

  response(head: ResponseHead): void {
    const now = this.#owner.clock.now();
    this.#respondedAt = now;
    this.#status = head.status;
    if (this.#cluster.observesLatency) this.#instance?.latency.record(now - this.#begunAt, now);
  }

  /** What is large, or has no end, is cut off: the answer was there. */
  responseData(_bytes: Buffer, start: number, end: number): boolean {
    this.#discardedBytes += end - start;
    const age = this.#owner.clock.now() - this.#respondedAt;
    if (this.#discardedBytes > MAX_DISCARDED_BYTES || age > this.#facts.timeouts.idleMs) {
      this.#stream?.abort();
      this.responseEnd();
    }
    return true;
  }

  responseEnd(): void {
    const { failOn } = this.#cluster.settings.health;
    this.#end('answered', !isStatusIn(failOn, this.#status));
  }

  upstreamWritable(): void {}

  upstreamFailed(error: ExchangeError, repeat: Repeat): void {
    // Behind the head it had as long as any.
    if (this.#respondedAt !== 0 && error.name === 'response-timeout') {
      this.responseEnd();
      return;
    }
    // Requests that cross the closing of a connection say nothing about the instance.
    this.#end('failed', repeat === 'never' ? false : undefined);
  }

  responseBatchEnd(): void {}

  /** `isWell`: what this says about the instance; undefined: nothing. */
  #end(result: 'answered' | 'failed' | 'skipped', isWell?: boolean): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#stream = undefined;
    this.#body.release();
    this.#owner.over(this);
    this.#owner.telemetry.mirrored(this.#cluster, result);
    this.#tellInstance(isWell);
    this.#tellBreaker(isWell);
  }

  #tellInstance(isWell: boolean | undefined): void {
    const instance = this.#instance;
    if (instance === undefined) return;
    this.#instance = undefined;
    this.#judge(instance, isWell);
    instance.leave();
  }

  #judge(instance: Instance, isWell: boolean | undefined): void {
    const now = this.#owner.clock.now();
    if (isWell === true) instance.recordSuccess(now);
    if (isWell === false)
      recordFailedAttempt(instance, this.#cluster, this.#owner.probers, this.#begunAt, now);
  }

  #tellBreaker(isWell: boolean | undefined): void {
    const breaker = this.#breaker;
    if (breaker === undefined) return;
    this.#breaker = undefined;
    if (isWell === undefined) breaker.withdraw();
    else breaker.report(isWell && this.#status < 500, this.#owner.clock.now());
  }
}

/** More is not read: a new connection costs less. */
export const MAX_DISCARDED_BYTES = 256 * 1024;
