import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import type { ClusterFacts, Exchange, InstanceFacts, TenantFacts } from './exchange.ts';
import type { RedirectStatus } from './redirect-status.ts';
import type { RequestFacts, RequestTarget } from './request-facts.ts';
import type { Session, TlsSession } from './session.ts';
import type { RawStream } from './stream.ts';

/**
 * The nine places in the life of a session and an exchange where modules run (BFE's HandleAccept … HandleFinish), and
 * the five answers. What a handler can read is in its type: no tenant before `foundTenant`, no response before
 * `readResponse`. Where there is something to answer, a handler may answer later, by a promise; nothing else of the exchange, the
 * stream or the session goes on then. The points that only tell have nothing that could wait for them.
 *
 *   accept ─► handshake ─► { beforeLocation ─► foundTenant ─► afterLocation ─► forward+ ─► readResponse ─► requestFinish }* ─► finish
 *
 * A stream has no request to look at and gets no answer. Two of the points have a handler of their own for it:
 *
 *   accept ─► handshake ─► forwardStream+ ─► streamFinish ─► finish
 */
export interface CallbackPoints {
  /** A connection was accepted; nothing was read, but for the PROXY header of a load balancer. */
  accept(session: AcceptedSession): SessionAnswer | PromiseLike<SessionAnswer>;
  /** A TLS handshake completed; nothing was read. */
  handshake(session: SecuredSession): SessionAnswer | PromiseLike<SessionAnswer>;
  /** A request head arrived; nothing was looked up. */
  beforeLocation(exchange: ReceivedExchange): Answer | PromiseLike<Answer>;
  /** The tenant is known. */
  foundTenant(exchange: TenantExchange): Answer | PromiseLike<Answer>;
  /** Route and cluster are known. Not called for a redirect or fixed response target. */
  afterLocation(exchange: LocatedExchange): Answer | PromiseLike<Answer>;
  /** An instance was chosen; called before each attempt, with the request as it was before the first one. */
  forward(exchange: ForwardedExchange): Answer | PromiseLike<Answer>;
  /** A final response head arrived from the instance; nothing of it was sent to the client. */
  readResponse(exchange: AnsweredExchange): Answer | PromiseLike<Answer>;
  /** The exchange is over, well or badly. Called once for every exchange for which beforeLocation was called. */
  requestFinish(exchange: FinishedExchange): void;
  /**
   * As `forward`, for a stream: an instance was chosen; called before each attempt. Nothing was read but, with `passthrough`, the
   * ClientHello.
   */
  forwardStream(stream: ForwardedStream): SessionAnswer | PromiseLike<SessionAnswer>;
  /** As `requestFinish`, for a stream: both its sides are gone. Called once for each. */
  streamFinish(stream: FinishedStream): void;
  /** The connection is closed. Called once for every session for which accept was called. */
  finish(session: Session): void;
}

export type CallbackPoint = keyof CallbackPoints;

export const CALLBACK_POINTS: readonly CallbackPoint[] = [
  'accept',
  'handshake',
  'beforeLocation',
  'foundTenant',
  'afterLocation',
  'forward',
  'readResponse',
  'requestFinish',
  'forwardStream',
  'streamFinish',
  'finish',
];

/** Something is over, and that is told; there is nothing to answer. */
export type TellingPoint = 'requestFinish' | 'streamFinish' | 'finish';

/** Where handlers answer, at once or by a promise. */
export type AskingPoint = Exclude<CallbackPoint, TellingPoint>;

/**
 * A unit of policy. Handlers run in the order in which modules are listed; the first answer other than `continue` ends the
 * chain. A handler that throws, or whose promise rejects, costs its exchange a 500 (`module-failed`), or its session or stream its
 * connection, and nothing else.
 *
 * The functions below `refused` are for rules that depend on nothing but their arguments: the pipeline keeps their result while
 * a connection repeats its head, so they cost nothing per request. They are asked in the same order as handlers.
 */
export interface Module {
  readonly name: string;
  /** Where the configuration has it, for the log; undefined for a module that a program brings. */
  readonly place?: string;
  readonly handlers?: Partial<CallbackPoints>;
  /** How long a handler of its may take for an answer by a promise, in milliseconds; absent: `moduleTimeout` of the configuration. */
  readonly timeoutMs?: number;
  /** Bytes that never became an exchange were answered or dropped; `session.error` says why. */
  readonly refused?: (session: Session) => void;
  /** Marks for the request: name, value, name, value … Pure. Asked when it is located, in turn with the conditions of modules. */
  readonly tag?: (request: RequestFacts) => readonly string[];
  /** What becomes of a request whose tenant is found. Pure. Asked after all `foundTenant` handlers; the route is known. */
  readonly decide?: (request: RequestFacts) => Answer;
  /** Host and path to forward. Pure. Called after `forward` handlers, with what they left. */
  readonly rewriteTarget?: (request: RequestFacts, target: RequestTarget) => RequestTarget;
  /** The header list to forward. Pure. Called after `forward` handlers, with what they left. */
  readonly rewriteRequest?: (
    session: Session,
    head: RequestHead,
    headers: HeaderList,
    request: RequestFacts,
  ) => HeaderList;
  /**
   * The header list to send to the client. Pure. Called after `readResponse` handlers, with what they left, and for answers of
   * our own to requests that were located.
   */
  readonly rewriteResponse?: (head: ResponseHead, headers: HeaderList) => HeaderList;
  /** As `rewriteResponse`, for rules that look at the exchange: called for each response, of which nothing is remembered then. */
  readonly rewriteEachResponse?: (
    exchange: RespondingExchange,
    head: ResponseHead,
    headers: HeaderList,
  ) => HeaderList;
  /** Called once, when the configuration that has made the module is gone and the last exchange under it is over. */
  readonly dispose?: () => void;
}

/** What a handler of an exchange wants to happen next. */
export type Answer =
  /** Go on. */
  | { readonly kind: 'continue' }
  /** Send this response instead. */
  | { readonly kind: 'respond'; readonly status: number; readonly headers: HeaderList; readonly body: string }
  | { readonly kind: 'redirect'; readonly url: string; readonly status: RedirectStatus }
  /** Stop here: send the response there is (403 when there is none), then close the session. */
  | { readonly kind: 'finish' }
  /** Send nothing: close the connection; on a multiplexed connection reset this stream only. */
  | { readonly kind: 'close' };

export type SessionAnswer = Extract<Answer, { kind: 'continue' | 'close' }>;

export const CONTINUE: { readonly kind: 'continue' } = Object.freeze({ kind: 'continue' });
export const CLOSE: { readonly kind: 'close' } = Object.freeze({ kind: 'close' });
/** A refusal by policy: it is answered as the error that it is in log and metrics. */
export const REFUSED: Extract<Answer, { kind: 'respond' }> = Object.freeze({
  kind: 'respond',
  status: 403,
  headers: Object.freeze([]),
  body: '',
});
export const FINISH: { readonly kind: 'finish' } = Object.freeze({ kind: 'finish' });

export type AcceptedSession = Omit<Session, 'tls'>;
export type SecuredSession = Session & { readonly tls: TlsSession };

type Facts = 'session' | 'head' | 'id' | 'receivedAt' | 'requestHeaders' | 'path' | 'closeAfter' | 'signal';

export type ReceivedExchange = Pick<Exchange, Facts>;
export type TenantExchange = ReceivedExchange & { readonly tenant: TenantFacts };
export type LocatedExchange = TenantExchange & { readonly route: string; readonly cluster: ClusterFacts };
export type ForwardedExchange = LocatedExchange & {
  readonly instance: InstanceFacts;
  readonly attempts: number;
};
export type AnsweredExchange = ForwardedExchange & { response: ResponseHead };
/** An exchange whose response is about to be sent; no instance where the answer is of our own. */
export type RespondingExchange = Readonly<
  Pick<Exchange, 'id' | 'session' | 'head' | 'cluster' | 'instance' | 'attempts'>
> & { readonly facts: RequestFacts };
/** Anything may be missing in an exchange that failed early. */
export type FinishedExchange = Readonly<
  Omit<
    Exchange,
    | 'attach'
    | 'receiveBody'
    | 'resumeBody'
    | 'inform'
    | 'respond'
    | 'upgrade'
    | 'write'
    | 'end'
    | 'cut'
    | 'closeAfter'
    | 'flush'
    | 'heldBody'
    | 'clientTimeouts'
    | 'clusterIdleMs'
    | 'signal'
    | 'over'
  >
>;

type StreamFacts = 'session' | 'id' | 'way' | 'serverName' | 'beganAt' | 'tenant';

export type ForwardedStream = Readonly<Pick<RawStream, StreamFacts>> & {
  readonly cluster: ClusterFacts;
  readonly instance: InstanceFacts;
  readonly attempts: number;
};
/** Anything may be missing in a stream that led nowhere. */
export type FinishedStream = Readonly<
  Pick<
    RawStream,
    | StreamFacts
    | 'cluster'
    | 'instance'
    | 'attempts'
    | 'bytesIn'
    | 'bytesOut'
    | 'waitedMs'
    | 'connectedAt'
    | 'finishedAt'
    | 'ending'
    | 'error'
  >
>;
