import type { Buffer } from 'node:buffer';
import { forwardableTrailers } from '../../protocols/http/forwardable-trailers.ts';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import { isIdempotent } from '../../protocols/http/method.ts';
import { isOpenEnded } from '../../protocols/http/open-ended.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { Breaker } from '../balance/breaker.ts';
import type { Cluster } from '../balance/cluster.ts';
import type { Instance } from '../balance/instance.ts';
import type { SubCluster } from '../balance/sub-cluster.ts';
import type { ExchangeSink } from '../core/body.ts';
import {
  type Answer,
  type AnsweredExchange,
  CONTINUE,
  type ForwardedExchange,
} from '../core/callback-points.ts';
import { type ErrorName, type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { RetryReason } from '../core/settings.ts';
import type { ForwardRequest, Repeat, UpstreamStream } from '../core/upstream.ts';
import { Deadline, type Expiring } from '../transport/deadlines.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { bodyTooLarge } from './body-cap.ts';
import { BodyCopy, isCopyNeeded } from './body-copy.ts';
import { ChainWait, type ChainWaiter } from './chain-wait.ts';
import type { PendingAnswer } from './chains.ts';
import { hashKey } from './hash-key.ts';
import { Hedge, type Hedging, isHedgeable } from './hedge.ts';
import { HeldResponse } from './held-response.ts';
import type { Location } from './location.ts';
import type { MirrorCopy } from './mirror-copy.ts';
import type { Ending, Pipeline } from './pipeline.ts';
import { type Pausing, RetryPause } from './retry-pause.ts';
import { noInstance, type RoomWait, type Waiting, waitForRoom } from './room-wait.ts';
import { keptPlace, withStickyCookie } from './sticky-choice.ts';

/**
 * One exchange on its way to a cluster and back: chooses an instance, sends the request, hands the response on, tries
 * again where that is safe. Bytes pass through in the call that brought them; backpressure goes the other way.
 *
 *   choose ─► connect ─► send ─► response ─► done
 *    │  ▲        │         │ nothing came back, may be repeated
 *    │  └────────┴─────────┘
 *    └► wait until an instance has room
 */
export class Forward implements ExchangeSink, AttemptOwner, Hedging, Waiting, Pausing, Expiring {
  readonly #pipeline: Pipeline;
  readonly #exchange: Exchange;
  readonly #location: Location;
  /** That of the route, or the one that stands in for it. */
  #cluster: Cluster;
  /** Until the head of a response; where the cluster bounds that. */
  #deadline: Deadline | undefined = undefined;
  /** It has let the request through, and wants to hear of it. */
  #breaker: Breaker | undefined = undefined;
  /** The request before the first attempt's `forward` handlers. */
  #unforwarded: { readonly headers: HeaderList; readonly path: string } | undefined = undefined;

  /** Undefined: before the first, between two, and when the last is over. */
  #attempt: Attempt | undefined = undefined;
  /** What is made beside it; where the cluster and the request allow that. */
  #hedge: Hedge | undefined = undefined;
  /**
   * Between two attempts, or before the first: all instances are full, or the next one is not to follow at once; or a module thinks about
   * a response.
   */
  #waiting: RoomWait | RetryPause | ChainWait | undefined = undefined;
  /** What comes behind the head that a module thinks about. */
  #held: HeldResponse | undefined = undefined;
  /** Why the attempt failed that the next one is to follow. */
  #before: ExchangeError | undefined = undefined;
  #subCluster: SubCluster | undefined = undefined;
  /** The request was considered for a copy. */
  #isMirrored = false;
  /** That copy, where there is one with a body. */
  #mirror: MirrorCopy | undefined = undefined;
  #tried: Instance[] = NONE;
  /** Clock.now() of the last choice, where the cluster wants to know; else 0. */
  #chosenAt = 0;
  /** The next attempt must not use a pooled connection: the last one died in our hands. */
  #needsFresh = false;
  /** How often the request was sent again because of how its connection ended. */
  #repeats = 0;

  #maxBodyBytes: number;
  /** The request body was asked for: it passes through but once. */
  #bodyBegun = false;
  /** What of it was sent, where the request may have to be sent again; until there is an answer. */
  #copy: BodyCopy | undefined = undefined;
  /** We are inside the read that brought the request; what is sent goes out when it is over. */
  #inRequestBatch: boolean;
  /** Of the last answer that an instance gave. */
  #status = 0;
  #responded = false;
  #tunnel = false;
  #clientEnded = false;
  #instanceEnded = false;
  #over = false;

  constructor(
    pipeline: Pipeline,
    exchange: Exchange,
    location: Location,
    cluster: Cluster,
    inRequestBatch: boolean,
  ) {
    this.#inRequestBatch = inRequestBatch;
    this.#pipeline = pipeline;
    this.#exchange = exchange;
    this.#location = location;
    this.#cluster = cluster;
    this.#maxBodyBytes = cluster.settings.maxBodyBytes ?? Number.POSITIVE_INFINITY;
  }

  begin(): void {
    this.#exchange.attach(this);
    if (this.#exchange.head.bodyLength > this.#maxBodyBytes) this.#refuseBody();
    else if (this.#cluster.breaker === undefined || this.#passBreaker()) {
      this.#cluster.budget.count();
      if (this.#cluster.settings.totalTimeoutMs !== undefined)
        this.#bound(this.#cluster.settings.totalTimeoutMs);
      if (this.#cluster.settings.hedge !== undefined && isHedgeable(this.#exchange.head))
        this.#hedge = new Hedge(this.#cluster.settings.hedge, this.#pipeline.deadlines, this);
      this.#tryInstance(false);
    }
  }

  /** An open breaker sends the request to the cluster that stands in, or refuses it. True: it goes on. */
  #passBreaker(): boolean {
    const now = this.#pipeline.clock.now();
    const { name, settings, breaker } = this.#cluster;
    const fallback = settings.breaker!.fallback;
    const other = fallback === undefined ? undefined : this.#location.snapshot.clusters.get(fallback);
    for (const cluster of [this.#cluster, other]) {
      if (cluster?.breaker?.allows(now) === false || cluster === undefined) continue;
      this.#cluster = cluster;
      this.#breaker = cluster.breaker;
      this.#exchange.cluster = cluster;
      return true;
    }
    const seconds = breaker!.retryAfterSeconds(now);
    this.#fail(exchangeError('breaker-open', `too many requests of cluster ${name} failed`), seconds);
    return false;
  }

  #bound(totalMs: number): void {
    this.#deadline = new Deadline(this.#pipeline.deadlines, this);
    this.#deadline.set(this.#exchange.receivedAt + totalMs);
  }

  /** There was no response head in all the time that there is. */
  expire(): void {
    const { name, settings } = this.#cluster;
    const { waitedMs, head, requestSentAt } = this.#exchange;
    const isFirst = this.#exchange.attempts - (this.#hedge?.count ?? 0) === 1 && this.#repeats === 0;
    // Only who has had the whole request all the time is to blame; a client that sends it slowly must not put anybody out of service.
    const hadAll = head.bodyLength === 0 || requestSentAt > 0;
    this.#abandon(!isFirst || waitedMs > 0 || !hadAll);
    this.#fail(
      exchangeError(
        'total-timeout',
        `no response of cluster ${name} within ${settings.totalTimeoutMs} ms in all`,
      ),
    );
  }

  // The client's side.

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    if (this.#exchange.bytesIn > this.#maxBodyBytes && !this.#tunnel) {
      this.#refuseBody();
      return true;
    }
    this.#mirror?.bodyData(bytes, start, end);
    const stream = this.#attempt?.stream;
    if (stream === undefined) {
      // Either it is over, or being sent again.
      this.#copy?.hold(bytes, start, end);
      return this.#copy === undefined;
    }
    this.#copy?.keep(bytes, start, end);
    return stream.sendData(bytes, start, end, owner);
  }

  bodyEnd(all: HeaderList): void {
    const trailers = forwardableTrailers(all);
    this.#copy?.end(trailers);
    this.#mirror?.bodyEnd(trailers);
    const stream = this.#attempt?.stream;
    if (stream === undefined) return;
    stream.sendEnd(trailers);
    if (!this.#tunnel) {
      this.#exchange.requestSentAt = this.#pipeline.clock.now();
      return;
    }
    this.#clientEnded = true;
    if (this.#instanceEnded) this.#finish();
  }

  writable(isAmple: boolean): void {
    this.#attempt?.stream?.resume(isAmple);
  }

  requestBatchEnd(): void {
    this.#inRequestBatch = false;
    this.#attempt?.stream?.flush();
  }

  requestFailed(error: ExchangeError): void {
    if (this.#over) return;
    this.#exchange.error ??= error;
    this.#abandon();
    this.#finish();
  }

  // The instance's side.

  connectFailed(attempt: Attempt, error: ExchangeError): void {
    this.#leave(attempt, false);
    if (this.#attempt !== undefined) return;
    // Nobody has seen the request, whatever it is.
    if (this.#mayRetry('connect-failure')) this.#retry(error);
    else this.#fail(error);
  }

  interim(head: ResponseHead): void {
    // 100 was our own business with the instance: the client got one from us when its body was wanted.
    if (head.status === 100) return;
    const rewritten = this.#location.snapshot.clientResponse(this.#exchange, this.#location, head);
    if (rewritten !== undefined) this.#exchange.inform(rewritten);
  }

  response(attempt: Attempt, head: ResponseHead, isUpgrade: boolean): void {
    const exchange = this.#exchange;
    const { chains } = this.#location;
    this.#status = head.status;
    if (!isUpgrade && this.#retriesStatus(attempt, head.status)) return;
    this.#deadline?.cancel();
    this.#hedge?.cancel();
    if (this.#isHedged) this.#win(attempt);
    exchange.respondedAt = this.#pipeline.clock.now();
    attempt.taken(exchange.respondedAt);
    this.#copy = undefined;
    exchange.response = head;
    if (chains.has('readResponse')) {
      const answer = chains.ask('readResponse', exchange as AnsweredExchange);
      if (answer?.kind === 'pending') {
        this.#held = new HeldResponse(isUpgrade);
        this.#waiting = this.#awaitChain(answer, (late, failure) => {
          this.#waiting = undefined;
          this.#respondLate(late, failure);
        });
        return;
      }
      if (!this.#mayRespond(answer)) return;
    }
    this.#respond(isUpgrade);
  }

  /** What modules say of a response. False: it is not sent. */
  #mayRespond(answer: Answer | undefined, failure?: ExchangeError): boolean {
    if (answer?.kind === 'finish') this.#exchange.closeAfter();
    else if (answer?.kind !== 'continue') {
      this.#conclude(answer, failure);
      return false;
    }
    return true;
  }

  /** Then with what has come meanwhile. */
  #respondLate(answer: Answer | undefined, failure: ExchangeError): void {
    const held = this.#held!;
    this.#held = undefined;
    if (!this.#mayRespond(answer, failure)) return;
    this.#respond(held.isUpgrade);
    if (this.#over) return;
    const mayGoOn = held.writeTo(this.#exchange);
    if (held.trailers !== undefined) this.responseEnd(held.trailers);
    else if (mayGoOn) this.#attempt?.stream?.resume(true);
    this.#exchange.flush();
  }

  #respond(isUpgrade: boolean): void {
    const exchange = this.#exchange;
    const { snapshot } = this.#location;
    const response = snapshot.clientResponse(exchange, this.#location, exchange.response!);
    if (response === undefined) {
      this.#conclude(undefined);
      return;
    }
    const { sticky } = this.#cluster;
    const answer =
      sticky === undefined
        ? response
        : withStickyCookie(sticky, this.#location, this.#attempt!.instance, response);
    exchange.response = answer;
    this.#responded = true;
    if (isUpgrade) {
      this.#tunnel = true;
      exchange.upgrade(answer);
    } else exchange.respond(answer);
  }

  responseData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    if (this.#held !== undefined) return this.#held.hold(bytes, start, end);
    return this.#exchange.write(bytes, start, end, owner);
  }

  responseEnd(trailers: HeaderList): void {
    const exchange = this.#exchange;
    if (this.#held !== undefined) {
      this.#held.trailers = trailers;
      // Its connection may be another's by now; but of a tunnel one direction alone has ended.
      if (!this.#held.isUpgrade) this.#attempt!.stream = undefined;
      return;
    }
    if (this.#tunnel) {
      this.#instanceEnded = true;
      if (this.#clientEnded) this.#finish();
      exchange.end([]);
      return;
    }
    this.#finish();
    exchange.end(trailers);
  }

  upstreamWritable(): void {
    this.#exchange.resumeBody();
  }

  upstreamFailed(attempt: Attempt, error: ExchangeError, repeat: Repeat): void {
    if (this.#isHedged) {
      this.#leave(attempt, repeat !== 'never');
      return;
    }
    this.#stopWaiting();
    const mayRepeat =
      repeat === 'any' || (repeat === 'idempotent' && isIdempotent(this.#exchange.head.method));
    const isComplete = !this.#bodyBegun || (repeat === 'any' && this.#copy?.isWhole === true);
    const reason = RETRY_REASONS.get(error.name);
    // Requests that cross a closing say nothing about the instance; refusing one over and over again does.
    const isBlameless = repeat !== 'never' && this.#repeats < MAX_REPEATS;
    if (mayRepeat && isComplete && this.#repeats < MAX_REPEATS) this.#repeat(attempt, repeat);
    else if (reason !== undefined && !this.#responded && this.#maySendAgain && this.#mayRetry(reason)) {
      this.#leave(attempt, isBlameless);
      this.#retry(error);
    } else {
      const isSilence = this.#isSilence(error);
      // What it does not offer at all must not let a client that asks for it put it out of service.
      this.#leave(attempt, isBlameless || isSilence || error.name === 'upgrade-not-offered');
      this.#copy = undefined;
      this.#fail(isSilence ? exchangeError('idle-timeout', error.detail) : error);
    }
  }

  responseBatchEnd(): void {
    this.#exchange.flush();
  }

  /**
   * Nothing came behind the head of an answer, or in a tunnel, and nothing was due: perhaps nothing has happened that would be worth a
   * word, which is nobody's fault. Of any other answer the rest is due, once the instance has the whole request.
   */
  #isSilence({ name }: ExchangeError): boolean {
    if (name !== 'response-timeout' || !this.#responded) return false;
    if (this.#tunnel || isOpenEnded(this.#exchange.response!.headers)) return true;
    return this.#bodyBegun && this.#exchange.requestSentAt === 0;
  }

  /** Whether another attempt may follow a failed one, and counts it. */
  #mayRetry(reason: RetryReason | number): boolean {
    const { budget, settings } = this.#cluster;
    const { on, attempts } = settings.retry;
    if (!on.includes(reason) || this.#exchange.attempts >= attempts) return false;
    return budget.take(this.#pipeline.clock.now());
  }

  /** An instance may have acted upon the request: a second time must do no harm, and all of it must be at hand. */
  get #maySendAgain(): boolean {
    const isSafe = isIdempotent(this.#exchange.head.method) || this.#cluster.settings.retry.unsafe;
    return isSafe && (!this.#bodyBegun || this.#copy?.isWhole === true);
  }

  /** True: the answer is thrown away, and another instance is asked. With no other one this is the best answer there is. */
  #retriesStatus(attempt: Attempt, status: number): boolean {
    if (status < 500 || !this.#cluster.settings.retry.on.includes(status) || !this.#maySendAgain)
      return false;
    if (this.#isHedged) {
      attempt.abort(false);
      this.#leave(attempt, false);
      return true;
    }
    const next = this.#choose([...this.#tried, attempt.instance], false);
    if (next === undefined || !this.#mayRetry(status)) return false;
    attempt.abort(false);
    this.#leave(attempt, false);
    this.#retry(undefined, next);
    return true;
  }

  /** Another attempt after one that has failed, as `before` says: at once, to `next`, or after a pause, to whoever is there then. */
  #retry(before: ExchangeError | undefined, next?: Instance): void {
    const { backoff } = this.#cluster;
    if (backoff === undefined) {
      this.#tryInstance(false, before, next);
      return;
    }
    const ms = backoff.pauseMs(this.#exchange.attempts);
    this.#before = before;
    this.#waiting = new RetryPause(this.#pipeline.deadlines, ms, this);
  }

  pauseOver(): void {
    this.#waiting = undefined;
    this.#tryInstance(false, this.#before);
  }

  /** Several attempts are under way: of one that fails the others take the place. */
  get #isHedged(): boolean {
    return this.#hedge !== undefined && this.#hedge.count > 0;
  }

  /** Makes one more attempt, at an instance that the request is not with and was not, if there is one and the budget allows it. */
  hedge(): void {
    const first = this.#attempt;
    // In line, in a pause, or not let out yet.
    if (first === undefined || first.isWaiting) return;
    const hedge = this.#hedge!;
    const instance = this.#choose([...this.#tried, first.instance, ...hedge.instances], false);
    if (instance === undefined || !this.#cluster.budget.take(this.#pipeline.clock.now())) return;
    const attempt = this.#newAttempt(instance);
    hedge.add(attempt);
    this.#ask(attempt);
  }

  /** It is not for modules to end what is under way elsewhere. */
  #withdraw(attempt: Attempt): void {
    this.#hedge!.remove(attempt);
    attempt.abort(true);
    this.#exchange.instance = this.#attempt!.instance;
    this.#exchange.attempts -= 1;
  }

  /** Of several attempts this one has answered first: it is the one, and the others are of no interest any more. */
  #win(attempt: Attempt): void {
    if (this.#hedge!.isWaiting) this.#exchange.attempts -= 1;
    if (this.#hedge!.settle(attempt, this.#attempt!)) this.#pipeline.telemetry.hedgeWon(this.#cluster);
    this.#follow(attempt);
  }

  /** What is told of the exchange is told of this one of several attempts. */
  #follow(attempt: Attempt): void {
    this.#attempt = attempt;
    this.#exchange.instance = attempt.instance;
    this.#exchange.connectedAt = attempt.connectedAt;
  }

  /** Sends again what its connection had no answer to; that is no attempt of its own. */
  #repeat(attempt: Attempt, repeat: Repeat): void {
    this.#repeats += 1;
    const tried = this.#tried;
    this.#leave(attempt, true);
    // Who refuses this request may do so again, and another instance may not; who let a connection die is as good as any.
    if (repeat !== 'any') {
      this.#tried = tried;
      this.#needsFresh = true;
    }
    this.#exchange.attempts -= 1;
    this.#tryInstance(true);
  }

  #choose(tried: readonly Instance[], allowTried: boolean): Instance | undefined {
    const { wantsTime, settings, sticky } = this.#cluster;
    if (wantsTime) this.#chosenAt = this.#pipeline.clock.now();
    const kept = sticky && keptPlace(sticky, this.#location, tried);
    if (kept !== undefined && kept.pool.weight > 0) {
      this.#subCluster ??= kept.pool;
      return kept.instance;
    }
    const key = settings.hashOn === undefined ? 0 : hashKey(settings.hashOn, this.#exchange);
    this.#subCluster ??= this.#cluster.enter(key);
    const chosen = this.#cluster.choose(tried, allowTried, key, this.#chosenAt, this.#subCluster);
    // While those on standby serve, they keep their clients too.
    return kept !== undefined && chosen !== undefined && sticky!.isStandby(chosen) ? kept.instance : chosen;
  }

  /** `before`: why the previous attempt failed. */
  #tryInstance(
    allowTried: boolean,
    before?: ExchangeError,
    instance: Instance | undefined = this.#choose(this.#tried, allowTried),
  ): void {
    const exchange = this.#exchange;
    if (instance === undefined) {
      const pool = this.#subCluster!;
      if (allowTried) this.#tried = NONE;
      this.#before = before;
      this.#waiting = waitForRoom(this.#pipeline, this.#cluster, pool, this.#tried, this, exchange);
      if (this.#waiting === undefined) this.#fail(before ?? noInstance(this.#cluster, pool));
      return;
    }
    this.#attempt = this.#newAttempt(instance);
    this.#ask(this.#attempt);
  }

  /** Asks modules of its instance; what they say holds at once, or when they have thought about it. */
  #ask(attempt: Attempt): void {
    this.#exchange.instance = attempt.instance;
    this.#exchange.attempts += 1;
    const answer = this.#askModules();
    if (answer?.kind === 'pending') this.#awaitModules(attempt, answer);
    else this.#sendAttempt(attempt, answer);
  }

  #awaitModules(attempt: Attempt, pending: PendingAnswer): void {
    const wait = this.#awaitChain(pending, (late, failure) => {
      attempt.letOut(this.#pipeline.clock.now());
      this.#sendAttempt(attempt, late, failure);
    });
    attempt.await(wait);
  }

  /** What modules say of an instance. */
  #sendAttempt(attempt: Attempt, answer: Answer | undefined, failure?: ExchangeError): void {
    const request = answer?.kind === 'continue' ? this.#rewrite() : undefined;
    const isHedge = attempt !== this.#attempt;
    if (request === undefined) {
      if (isHedge) this.#withdraw(attempt);
      else this.#conclude(answer?.kind === 'continue' ? undefined : answer, failure);
      return;
    }
    if (isHedge) {
      this.#pipeline.telemetry.hedged(this.#cluster);
      // Alone: behind another's answer it would be of no use.
      attempt.begin(request, false, true);
      this.#hedge!.arm();
      return;
    }
    if (this.#location.route!.mirror !== undefined && !this.#isMirrored) this.#beginMirror(request);
    // What is sent again is sent alone: nothing that others do can have it sent a third time.
    attempt.begin(request, this.#repeats === 0, !this.#needsFresh);
    this.#hedge?.arm();
  }

  #beginMirror(request: ForwardRequest): void {
    this.#isMirrored = true;
    const { mirrors } = this.#pipeline;
    this.#mirror = mirrors.begin(this.#location.route!.mirror!, request, this.#exchange);
  }

  #newAttempt(instance: Instance): Attempt {
    return new Attempt(this, this.#pipeline, this.#exchange, this.#cluster, instance, this.#chosenAt);
  }

  /** What goes to the instance; undefined: a module has failed. */
  #rewrite(): ForwardRequest | undefined {
    return this.#location.snapshot.forwardRequest(this.#exchange, this.#location);
  }

  /** What modules say of the instance that was chosen; undefined: one has failed. */
  #askModules(): Answer | PendingAnswer | undefined {
    const { chains } = this.#location;
    if (!chains.has('forward')) return CONTINUE;
    const exchange = this.#exchange;
    // What was made of the request for one instance is not for the next.
    this.#unforwarded ??= { headers: exchange.requestHeaders, path: exchange.path };
    exchange.requestHeaders = this.#unforwarded.headers;
    exchange.path = this.#unforwarded.path;
    return chains.ask('forward', exchange as ForwardedExchange);
  }

  /** A module takes its time. */
  #awaitChain(pending: PendingAnswer, chainOver: ChainWaiter['chainOver']): ChainWait {
    const { chains, snapshot } = this.#location;
    const { moduleTimeoutMs } = snapshot.settings;
    const chainCrashed = (fault: ExchangeError): void => {
      this.requestFailed(fault);
      this.#exchange.cut(fault);
    };
    const waiter = { chainOver, chainCrashed };
    return new ChainWait(this.#pipeline, this.#exchange, chains, moduleTimeoutMs, pending, waiter);
  }

  chooseAgain(): Instance | undefined {
    return this.#choose(this.#tried, false);
  }

  roomFound(instance: Instance): void {
    this.#waiting = undefined;
    // That of an attempt before: what was waited is behind it.
    this.#exchange.connectedAt = 0;
    this.#tryInstance(false, this.#before, instance);
  }

  waitedInVain(error: ExchangeError): void {
    this.#waiting = undefined;
    this.#fail(this.#before ?? error);
  }

  sent(attempt: Attempt): void {
    const exchange = this.#exchange;
    const stream = attempt.stream!;
    if (attempt.connectedAt !== 0 && attempt === this.#attempt) exchange.connectedAt = attempt.connectedAt;
    if (this.#bodyBegun) this.#sendBodyAgain(stream);
    else if (exchange.head.bodyLength !== 0) {
      this.#bodyBegun = true;
      if (isCopyNeeded(this.#cluster.settings, exchange.head.method)) this.#copy = new BodyCopy();
      exchange.receiveBody();
    }
    if (this.#inRequestBatch) return;
    stream.flush();
    // The client may have to be asked for its body.
    exchange.flush();
  }

  /** What the last attempt had of the body, then the rest from its source, which may have been held back meanwhile. */
  #sendBodyAgain(stream: UpstreamStream): void {
    const copy = this.#copy!;
    if (copy.sendTo(stream)) this.#exchange.resumeBody();
    // When the attempt before had all of it is no affair of this one.
    this.#exchange.requestSentAt = copy.hasEnded ? this.#pipeline.clock.now() : 0;
  }

  /** A module has decided; undefined: it failed, as `failure` says. */
  #conclude(answer: Ending | undefined, failure?: ExchangeError): void {
    this.#abandon();
    this.#over = true;
    this.#mirror?.originalOver();
    this.#deadline?.cancel();
    this.#tellBreaker();
    this.#pipeline.conclude(this.#exchange, this.#location.chains, answer, failure);
  }

  #refuseBody(): void {
    this.#abandon();
    this.#fail(bodyTooLarge(this.#maxBodyBytes));
  }

  /** Lets go of the instance's side without waiting for anything. */
  #abandon(blameless = true): void {
    this.#stopWaiting();
    this.#attempt?.abort(blameless);
    this.#attempt = undefined;
    this.#hedge?.abort();
  }

  #stopWaiting(): void {
    this.#waiting?.leave();
    this.#waiting = undefined;
    this.#held = undefined;
  }

  /**
   * The attempt is over, and its instance is not asked again; `blameless`: it is not its fault. One that was made beside it takes its
   * place.
   */
  #leave(attempt: Attempt, blameless: boolean): void {
    this.#tried = [...this.#tried, attempt.instance];
    if (attempt === this.#attempt) this.#attempt = this.#hedge?.takeFirst();
    else this.#hedge!.remove(attempt);
    if (this.#attempt !== undefined) this.#follow(this.#attempt);
    attempt.leave(blameless);
  }

  /** Answers of 5xx count as failures of the cluster, errors of clients and ours not at all. */
  #tellBreaker(): void {
    const breaker = this.#breaker;
    if (breaker === undefined) return;
    this.#breaker = undefined;
    const { error } = this.#exchange;
    const isFailure = error?.side === 'upstream' || this.#status >= 500;
    if (isFailure || this.#exchange.respondedAt !== 0) breaker.report(!isFailure, this.#pipeline.clock.now());
    else breaker.withdraw();
  }

  #fail(error: ExchangeError, retryAfterSeconds?: number): void {
    if (this.#over) return;
    const exchange = this.#exchange;
    exchange.error ??= error;
    if (this.#responded) {
      this.#finish();
      exchange.cut(error);
      return;
    }
    const retryAfter =
      retryAfterSeconds ??
      (error.status === 503 ? this.#cluster.retryAfterSeconds(this.#pipeline.clock.now()) : undefined);
    this.#pipeline.sendError(
      exchange,
      this.#location.chains,
      error,
      retryAfter === undefined ? [] : ['retry-after', String(retryAfter)],
    );
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#mirror?.originalOver();
    this.#deadline?.cancel();
    this.#hedge?.cancel();
    this.#attempt?.leave(true);
    this.#attempt = undefined;
    this.#tellBreaker();
    this.#pipeline.finish(this.#exchange, this.#location.chains);
  }
}

const NONE: Instance[] = [];

/** By what went wrong; what is not here is no reason to try again. */
const RETRY_REASONS: ReadonlyMap<ErrorName, RetryReason> = new Map([
  ['connection-lost', 'connection-lost'],
  ['response-timeout', 'timeout'],
  // With TLS 1.3 an instance refuses our certificate, or the lack of one, when the request is on its way.
  ['backend-tls-failed', 'connect-failure'],
]);

/** Repetitions of one request, so that an instance that refuses for ever, or dies under each, costs an error and no loop. */
const MAX_REPEATS = 3;
