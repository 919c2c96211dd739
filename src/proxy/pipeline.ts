import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { Cluster } from '../balance/cluster.ts';
import type { ExchangeSink } from '../core/body.ts';
import { BodyRoom } from '../core/body-room.ts';
import {
  type Answer,
  CLOSE,
  CONTINUE,
  type LocatedExchange,
  REFUSED,
  type RespondingExchange,
  type SecuredSession,
  type SessionAnswer,
  type TenantExchange,
} from '../core/callback-points.ts';
import type { Clock } from '../core/clock.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import type { ExchangeHandler } from '../core/exchange-handler.ts';
import { HttpChallenges } from '../core/http-challenges.ts';
import {
  errorAnswer,
  type LocalAnswer,
  localAnswer,
  moduleAnswer,
  ownFields,
  redirectAnswer,
  sendAnswer,
} from '../core/local-answer.ts';
import type { PendingSession } from '../core/pending-session.ts';
import type { Session } from '../core/session.ts';
import type { RawStream } from '../core/stream.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { SeenBody } from '../route/json-body.ts';
import type { FixedAnswer } from '../route/target.ts';
import type { Handler } from '../serve/handler.ts';
import { ServedExchange } from '../serve/served-exchange.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { Pools } from '../upstream/pools.ts';
import type { Probers } from '../upstream/probers.ts';
import { bodyTooLarge } from './body-cap.ts';
import { BodyWait } from './body-wait.ts';
import { MODULE_FAILED } from './chain-wait.ts';
import type { Chains, PendingAnswer } from './chains.ts';
import { Forward } from './forward.ts';
import { lastHopError } from './last-hop.ts';
import { Location } from './location.ts';
import { Mirrors } from './mirrors.ts';
import { SessionWait } from './session-wait.ts';
import type { Snapshot } from './snapshot.ts';
import { splitCluster } from './split-choice.ts';
import { StreamForward } from './stream-forward.ts';
import { Suspension } from './suspension.ts';

/**
 * The way of every exchange, whatever protocol carries it:
 *
 *   [beforeLocation] ─► tenant, route ─► [foundTenant] ─► decisions ─► [afterLocation] ─► Forward ─► [requestFinish]
 *
 * A stage that ends it answers, finishes, and nothing behind it runs.
 */
export class Pipeline implements ExchangeHandler {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly pools: Pools;
  readonly probers: Probers;
  readonly bodyRoom: BodyRoom = new BodyRoom();
  readonly mirrors: Mirrors;
  readonly challenges: HttpChallenges = new HttpChallenges();
  readonly telemetry: Telemetry;
  readonly internalError: (error: unknown) => void;
  readonly #handlers: Handlers;
  #snapshot: Snapshot;
  /** Exchanges begun and not finished. */
  #inFlight = 0;
  #streams = 0;
  #onEmpty: (() => void) | undefined = undefined;
  /** No read has brought what is done now, and none will be over behind it. */
  #isResuming = false;

  constructor(
    snapshot: Snapshot,
    pools: Pools,
    probers: Probers,
    deadlines: Deadlines,
    telemetry: Telemetry,
    internalError: (error: unknown) => void,
    handlers: Handlers = NO_HANDLERS,
  ) {
    this.#handlers = handlers;
    this.#snapshot = snapshot;
    this.pools = pools;
    this.probers = probers;
    this.deadlines = deadlines;
    this.clock = deadlines.clock;
    this.mirrors = new Mirrors(pools, probers, this.clock, telemetry, internalError);
    this.telemetry = telemetry;
    this.internalError = internalError;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves when none is left: what a client has said last in a tunnel may outlive its connection. */
  async emptied(): Promise<void> {
    while (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
  }

  /** Connections that are relayed as they are. */
  get streams(): number {
    return this.#streams;
  }

  /** From the next exchange on. */
  takeSnapshot(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
  }

  accepted(session: Session): SessionAnswer | PendingSession {
    return this.#snapshot.chains.has('accept') ? this.#askAbout('accept', session) : CONTINUE;
  }

  secured(session: Session): SessionAnswer | PendingSession {
    return this.#snapshot.chains.has('handshake') ? this.#askAbout('handshake', session) : CONTINUE;
  }

  #askAbout(point: 'accept' | 'handshake', session: Session): SessionAnswer | PendingSession {
    const snapshot = this.#snapshot;
    const answer = snapshot.chains.ask(point, session as SecuredSession);
    if (answer?.kind === 'continue') return CONTINUE;
    return answer?.kind === 'pending' ? new SessionWait(this, session, snapshot, answer) : CLOSE;
  }

  received(exchange: Exchange): void {
    this.#inFlight += 1;
    this.telemetry.exchangeStarted();
    const snapshot = this.#snapshot;
    try {
      this.#locate(exchange, snapshot);
    } catch (error) {
      this.#crashed(exchange, snapshot, error);
    }
  }

  /** Its body has come, or is too large for any condition: it is located anew, and this holds. */
  goOnWithBody(exchange: Exchange, snapshot: Snapshot, body: SeenBody): void {
    try {
      const location = snapshot.locate(exchange, this.clock, body);
      exchange.facts = location;
      this.#goOn(exchange, location);
      location.subject.forgetBody();
    } catch (error) {
      this.#crashed(exchange, snapshot, error);
    }
  }

  /** Goes on with a stage that something was waited for. */
  resume(exchange: Exchange, snapshot: Snapshot, stage: () => void): void {
    this.#isResuming = true;
    try {
      stage();
    } catch (error) {
      this.#crashed(exchange, snapshot, error);
    } finally {
      this.#isResuming = false;
    }
  }

  #crashed(exchange: Exchange, snapshot: Snapshot, error: unknown): void {
    this.internalError(error);
    const fault = exchangeError('internal-error', 'a fault in Portico');
    const { chains } = exchange.facts instanceof Location ? exchange.facts : snapshot;
    if (exchange.status === 0) this.#refuse(exchange, chains, fault);
    else {
      if (exchange.finishedAt === 0) this.finish(exchange, chains);
      exchange.cut(fault);
    }
  }

  /** Nobody waits for an answer: all that is left to do is to count it, and to say so. */
  abandoned(exchange: Exchange): void {
    this.#inFlight += 1;
    this.telemetry.exchangeStarted();
    this.finish(exchange, this.#snapshot.chains);
  }

  streamed(stream: RawStream): void {
    this.#streams += 1;
    this.telemetry.streamStarted();
    this.#snapshot.enter();
    new StreamForward(this, stream, this.#snapshot).begin();
  }

  refused(session: Session): void {
    this.#snapshot.chains.refused(session);
  }

  closed(session: Session): void {
    const { chains } = this.#snapshot;
    if (chains.has('finish')) chains.tell('finish', session);
  }

  #locate(exchange: Exchange, snapshot: Snapshot): void {
    if (this.challenges.isPending) {
      // Before everything: neither a redirect to https nor a policy may keep a certificate authority off.
      const answer = this.challenges.answerTo(exchange);
      if (answer !== undefined) {
        this.#respond(exchange, snapshot.chains, 200, CHALLENGE_HEADERS, answer);
        return;
      }
    }
    if (snapshot.chains.has('beforeLocation')) {
      const answer = snapshot.chains.ask('beforeLocation', exchange);
      if (answer?.kind !== 'continue') {
        this.#halt(exchange, snapshot.chains, snapshot, answer, () => this.#find(exchange, snapshot));
        return;
      }
    }
    this.#find(exchange, snapshot);
  }

  /** Tenant and route. */
  #find(exchange: Exchange, snapshot: Snapshot): void {
    if (exchange.head.path === '*') {
      // Server-wide OPTIONS is about us, not about a resource (RFC 9110, section 9.3.7).
      this.#respond(exchange, snapshot.chains, 200, [], '');
      return;
    }
    const location = snapshot.locate(exchange, this.clock);
    exchange.facts = location;
    snapshot.enter();
    exchange.tenant = location.tenant;
    if (!location.wantsBody) this.#goOn(exchange, location);
    else if (exchange.head.bodyLength > snapshot.settings.limits.conditionBodyBytes)
      this.goOnWithBody(exchange, snapshot, TOO_LARGE);
    else if (!new BodyWait(this, exchange, location).begin())
      this.#refuse(exchange, location.chains, exchangeError('bodies-full', 'too many bodies are waited for'));
  }

  /** What becomes of an exchange that is located. */
  #goOn(exchange: Exchange, location: Location): void {
    const { chains, tenant } = location;
    if (tenant !== undefined && chains.has('foundTenant')) {
      const answer = chains.ask('foundTenant', exchange as TenantExchange);
      if (answer?.kind !== 'continue') {
        this.#halt(exchange, chains, location.snapshot, answer, () => this.#decide(exchange, location));
        return;
      }
    }
    this.#decide(exchange, location);
  }

  /** What modules decide, then where the route leads. */
  #decide(exchange: Exchange, location: Location): void {
    const { chains, tenant, route } = location;
    if (tenant !== undefined && !this.#mayGoOn(exchange, location)) return;
    if (route === undefined) {
      this.#refuse(exchange, chains, location.error!);
      return;
    }
    exchange.route = route.pattern;
    const { target } = route;
    if (target.kind === 'handler') {
      this.#serve(exchange, chains, target.handler);
      return;
    }
    if (target.kind === 'redirect' || target.kind === 'respond') {
      const { maxBodyBytes = Number.POSITIVE_INFINITY } = location.snapshot.settings.limits;
      if (exchange.head.bodyLength > maxBodyBytes) this.#refuse(exchange, chains, bodyTooLarge(maxBodyBytes));
      else this.#respondFixed(exchange, chains, target);
      return;
    }
    if (location.endsHere) {
      const error = lastHopError(exchange.head);
      if (error === undefined) this.#respond(exchange, chains, 200, [], '');
      else this.#refuse(exchange, chains, error);
      return;
    }
    const cluster = target.kind === 'cluster' ? target.cluster : splitCluster(target.split, location);
    exchange.cluster = cluster;
    exchange.clientTimeouts = cluster.settings.clientTimeouts;
    exchange.clusterIdleMs = cluster.settings.timeouts.idleMs;
    if (chains.has('afterLocation')) {
      const answer = chains.ask('afterLocation', exchange as LocatedExchange);
      if (answer?.kind !== 'continue') {
        this.#halt(exchange, chains, location.snapshot, answer, () =>
          this.#forward(exchange, location, cluster),
        );
        return;
      }
    }
    this.#forward(exchange, location, cluster);
  }

  #forward(exchange: Exchange, location: Location, cluster: Cluster): void {
    new Forward(this, exchange, location, cluster, !this.#isResuming).begin();
  }

  /** What modules think of a request whose tenant is found. False: it is answered. */
  #mayGoOn(exchange: Exchange, location: Location): boolean {
    const { chains } = location;
    location.decision ??= chains.decide(location);
    const { decision } = location;
    if (decision?.answer.kind === 'continue') return true;
    if (decision !== undefined) {
      chains.decided(decision);
      exchange.answeredBy = decision.module?.place ?? '';
      exchange.route = location.routeText;
    }
    this.#conclude(exchange, chains, decision?.answer as Ending | undefined);
    return false;
  }

  /** A chain does not simply go on: its exchange is answered, or waits and then perhaps goes on with a stage. */
  #halt(
    exchange: Exchange,
    chains: Chains,
    snapshot: Snapshot,
    answer: Ending | PendingAnswer | undefined,
    goOn: () => void,
  ): void {
    if (answer?.kind === 'pending') new Suspension(this, exchange, chains, snapshot, goOn).begin(answer);
    else this.#conclude(exchange, chains, answer);
  }

  #conclude(exchange: Exchange, chains: Chains, answer: Ending | undefined): void {
    exchange.attach(IGNORED);
    this.conclude(exchange, chains, answer);
  }

  // What stages and Forward share.

  /** A module has decided, or failed (undefined, as `failure` says): answers, and finishes the exchange. */
  conclude(
    exchange: Exchange,
    chains: Chains,
    answer: Ending | undefined,
    failure: ExchangeError = MODULE_FAILED,
  ): void {
    switch (answer?.kind) {
      case undefined:
        this.#sendFailure(exchange, failure);
        break;
      case 'respond':
        if (answer === REFUSED) this.sendError(exchange, chains, DENIED);
        else
          this.#send(exchange, chains, moduleAnswer(answer, exchange.head, exchange.id, this.clock.wall()));
        break;
      case 'redirect':
        this.#send(exchange, chains, redirectAnswer(answer, exchange.id, this.clock.wall()));
        break;
      case 'finish':
        exchange.closeAfter();
        this.sendError(exchange, chains, DENIED);
        break;
      case 'close':
        // In this order, because the cut may be the end of the session.
        exchange.error ??= DENIED;
        this.finish(exchange, chains);
        exchange.cut(exchange.error);
        return;
    }
    this.finish(exchange, chains);
  }

  /** Answers with an error's status, and keeps the first error for the log. */
  sendError(exchange: Exchange, chains: Chains, error: ExchangeError, headers: HeaderList = []): void {
    exchange.error ??= error;
    this.#send(
      exchange,
      chains,
      errorAnswer(error, exchange.head.headers, exchange.id, this.clock.wall(), headers),
    );
  }

  /** A module has failed: nothing of what modules do is asked for again. */
  #sendFailure(exchange: Exchange, error: ExchangeError): void {
    exchange.error ??= error;
    sendAnswer(exchange, errorAnswer(error, exchange.head.headers, exchange.id, this.clock.wall()));
  }

  /** A response of our own, with what modules add to it. */
  #send(exchange: Exchange, chains: Chains, answer: LocalAnswer): void {
    sendAnswer(exchange, (exchange.facts && this.#rewritten(exchange, chains, answer)) ?? answer);
  }

  /** Undefined where a module fails at it: then it goes out as it is, because the next answer would fare no better. */
  #rewritten(exchange: Exchange, chains: Chains, { head, body }: LocalAnswer): LocalAnswer | undefined {
    const headers = chains.rewriteResponse(exchange as RespondingExchange, head);
    return headers && { head: head.withHeaders(headers), body };
  }

  /** The exchange is over: modules and counters are told. */
  finish(exchange: Exchange, chains: Chains): void {
    this.#inFlight -= 1;
    exchange.finishedAt = this.clock.now();
    exchange.heldBody?.forget();
    exchange.over();
    if (chains.has('requestFinish')) chains.tell('requestFinish', exchange);
    this.telemetry.exchangeFinished(exchange);
    // Before the location an exchange is over in the call that has brought it, or keeps the snapshot by its suspension.
    (exchange.facts as Location | undefined)?.snapshot.leave();
    if (this.#inFlight === 0) this.#onEmpty?.();
  }

  /** Both sides of a stream are gone. */
  finishStream(stream: RawStream, snapshot: Snapshot): void {
    this.#streams -= 1;
    stream.finishedAt = this.clock.now();
    if (snapshot.chains.has('streamFinish')) snapshot.chains.tell('streamFinish', stream);
    this.telemetry.streamFinished(stream);
    snapshot.leave();
    stream.finish();
  }

  #refuse(exchange: Exchange, chains: Chains, error: ExchangeError): void {
    exchange.attach(IGNORED);
    this.sendError(exchange, chains, error);
    this.finish(exchange, chains);
  }

  /** Settings name only handlers that there are, but a reload may have come from a program that has taken one away. */
  #serve(exchange: Exchange, chains: Chains, name: string): void {
    const handler = this.#handlers.find(name);
    if (handler === undefined) {
      this.#refuse(exchange, chains, exchangeError('handler-failed', `there is no handler ${name}`));
      return;
    }
    new ServedExchange(exchange, {
      ownFields: ({ id }) => ownFields(id, this.clock.wall()),
      sendError: (failed, error) => this.sendError(failed, chains, error),
      finish: (finished) => this.finish(finished, chains),
      handlerFailed: (_, error) => this.#handlers.failed(name, error),
    }).begin(handler);
  }

  #respondFixed(exchange: Exchange, chains: Chains, fixed: FixedAnswer): void {
    this.#respond(exchange, chains, fixed.status, fixed.headers, fixed.body);
  }

  #respond(exchange: Exchange, chains: Chains, status: number, headers: HeaderList, body: string): void {
    exchange.attach(IGNORED);
    this.#send(exchange, chains, localAnswer(status, headers, body, exchange.id, this.clock.wall()));
    this.finish(exchange, chains);
  }
}

/** What ends an exchange. */
export type Ending = Exclude<Answer, { kind: 'continue' }>;

/** The handlers of an embedding program, by the names that routes call them. */
export interface Handlers {
  find(name: string): Handler | undefined;
  /** Told of each that threw. */
  failed(name: string, error: unknown): void;
}

const NO_HANDLERS: Handlers = Object.freeze({ find: () => undefined, failed() {} });

const DENIED: ExchangeError = exchangeError('denied-by-module', 'refused by policy');

/** A body that no condition is shown. */
const TOO_LARGE: SeenBody = Object.freeze({ whole: undefined });

/** RFC 8555, section 8.3. */
const CHALLENGE_HEADERS: HeaderList = ['content-type', 'application/octet-stream'];

/** For exchanges that are answered in the call that brings them: nothing of the client's side is of interest any more. */
const IGNORED: ExchangeSink = Object.freeze({
  bodyData: () => true,
  bodyEnd() {},
  writable() {},
  requestBatchEnd() {},
  requestFailed() {},
});
