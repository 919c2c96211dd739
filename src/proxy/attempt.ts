import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { Cluster } from '../balance/cluster.ts';
import type { Instance } from '../balance/instance.ts';
import type { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { timeoutsFor } from '../core/response-timeout.ts';
import { isStatusIn } from '../core/status-ranges.ts';
import type {
  ForwardRequest,
  Repeat,
  UpstreamConnection,
  UpstreamSink,
  UpstreamStream,
} from '../core/upstream.ts';
import type { ConnectWaiter, InstancePool } from '../upstream/instance-pool.ts';
import type { ChainWait } from './chain-wait.ts';
import { recordFailedAttempt } from './failed-attempt.ts';
import type { Pipeline } from './pipeline.ts';

/** Who has made an attempt, and is told what becomes of it. */
export interface AttemptOwner
  extends Pick<
    UpstreamSink,
    'interim' | 'responseData' | 'responseEnd' | 'upstreamWritable' | 'responseBatchEnd'
  > {
  /** Its stream is there, and has the head of the request; nothing of it has gone out. */
  sent(attempt: Attempt): void;
  connectFailed(attempt: Attempt, error: ExchangeError): void;
  response(attempt: Attempt, head: ResponseHead, isUpgrade: boolean): void;
  /** It has no stream any more. */
  upstreamFailed(attempt: Attempt, error: ExchangeError, repeat: Repeat): void;
}

/**
 * One sending of a request to one instance. It has a place there from its making to `leave`, and says then how the instance did.
 *
 *   [forward] ─► begin ─► connection ─► sent ─► response ─► left
 */
export class Attempt implements UpstreamSink, ConnectWaiter {
  readonly instance: Instance;
  /** Undefined: not yet, or not any more. */
  stream: UpstreamStream | undefined = undefined;
  /** Clock.now() when a new connection for it stood; 0: it had a kept one, or has none. */
  connectedAt = 0;
  readonly #owner: AttemptOwner;
  readonly #pipeline: Pipeline;
  readonly #exchange: Exchange;
  readonly #cluster: Cluster;
  /** Clock.now(), where the cluster wants to know how long it takes; else 0. */
  #beganAt: number;
  #request: ForwardRequest | undefined = undefined;
  #pool: InstancePool | undefined = undefined;
  /** It is among those who wait for a connection of the pool. */
  #isConnecting = false;
  /** Of the answer, whatever became of that. */
  #status = 0;
  /** Clock.now() of the answer, when it was taken; 0: none was. */
  #respondedAt = 0;
  #hasLeft = false;
  /** Modules think about the instance, and it has not begun. */
  #waiting: ChainWait | undefined = undefined;

  constructor(
    owner: AttemptOwner,
    pipeline: Pipeline,
    exchange: Exchange,
    cluster: Cluster,
    instance: Instance,
    beganAt: number,
  ) {
    this.#owner = owner;
    this.#pipeline = pipeline;
    this.#exchange = exchange;
    this.#cluster = cluster;
    this.instance = instance;
    this.#beganAt = beganAt;
    instance.inFlight += 1;
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Waits for modules, until it is let out or over. */
  await(waiting: ChainWait): void {
    this.#waiting = waiting;
  }

  /** Modules have answered. What was waited for until now was no affair of the instance. */
  letOut(now: number): void {
    this.#waiting = undefined;
    if (this.#beganAt !== 0) this.#beganAt = now;
  }

  /** Goes out on a connection that others share (`mayShare`) or that is kept (`mayReuse`), or waits for a new one. */
  begin(request: ForwardRequest, mayShare: boolean, mayReuse: boolean): void {
    const { timeouts } = this.#cluster.settings;
    const pool = this.#pipeline.pools.of(this.instance);
    this.#request = request;
    this.#pool = pool;
    const shared = mayShare ? pool.takeShared(request, timeouts) : undefined;
    const connection = shared ?? (mayReuse ? pool.take() : undefined);
    if (connection !== undefined) this.#send(connection);
    else {
      this.#isConnecting = true;
      pool.connect(timeouts, this);
    }
  }

  connected(connection: UpstreamConnection): void {
    this.#isConnecting = false;
    this.connectedAt = this.#pipeline.clock.now();
    this.#send(connection);
  }

  connectFailed(error: ExchangeError): void {
    this.#isConnecting = false;
    this.#owner.connectFailed(this, error);
  }

  interim(head: ResponseHead): void {
    this.#owner.interim(head);
  }

  response(head: ResponseHead, isUpgrade: boolean): void {
    this.#status = head.status;
    this.#owner.response(this, head, isUpgrade);
  }

  /** Its answer is the one for the client. */
  taken(now: number): void {
    this.#respondedAt = now;
    if (this.#cluster.observesLatency) this.instance.latency.record(now - this.#beganAt, now);
  }

  responseData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    return this.#owner.responseData(bytes, start, end, owner);
  }

  responseEnd(trailers: HeaderList): void {
    this.#owner.responseEnd(trailers);
  }

  upstreamWritable(): void {
    this.#owner.upstreamWritable();
  }

  upstreamFailed(error: ExchangeError, repeat: Repeat): void {
    this.stream = undefined;
    this.#owner.upstreamFailed(this, error, repeat);
  }

  responseBatchEnd(): void {
    this.#owner.responseBatchEnd();
  }

  /** Ends it without waiting for anything. */
  abort(blameless: boolean): void {
    if (this.#isConnecting) this.#pool!.forget(this);
    this.#isConnecting = false;
    this.stream?.abort();
    this.stream = undefined;
    this.#waiting?.leave();
    this.#waiting = undefined;
    this.leave(blameless);
  }

  /** Another has answered first. That is no fault, but it was slower than this, if it had begun. */
  lose(): void {
    const now = this.#pipeline.clock.now();
    if (this.#cluster.observesLatency && !this.isWaiting)
      this.instance.latency.recordAtLeast(now - this.#beganAt, now);
    this.abort(true);
  }

  /** It is over; `blameless`: not by a fault of the instance. Once more does nothing. */
  leave(blameless: boolean): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#judge(blameless);
    this.instance.leave();
  }

  #send(connection: UpstreamConnection): void {
    const exchange = this.#exchange;
    const timeouts = timeoutsFor(exchange.head, this.#cluster.settings.timeouts);
    this.stream = connection.send(this.#request!, exchange.id, timeouts, this);
    this.#owner.sent(this);
  }

  #judge(blameless: boolean): void {
    const { instance } = this;
    const { failOn } = this.#cluster.settings.health;
    const isRefused = failOn.length > 0 && this.#respondedAt !== 0 && isStatusIn(failOn, this.#status);
    if (blameless && !isRefused) {
      // Not with the head already: an instance that cuts every response off must not look well in between.
      if (this.#respondedAt !== 0) instance.recordSuccess(this.#respondedAt);
      return;
    }
    const { clock, probers } = this.#pipeline;
    recordFailedAttempt(instance, this.#cluster, probers, this.#beganAt, clock.now());
  }
}
