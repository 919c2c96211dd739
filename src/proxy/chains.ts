import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import {
  type Answer,
  type AskingPoint,
  CALLBACK_POINTS,
  type CallbackPoint,
  type CallbackPoints,
  CONTINUE,
  type Module,
  type RespondingExchange,
  type TellingPoint,
} from '../core/callback-points.ts';
import type { RequestFacts, RequestTarget } from '../core/request-facts.ts';
import type { Session } from '../core/session.ts';
import { CallSample } from './call-sample.ts';

/** Handlers by callback point, and the functions beside them, of modules in their order. */
export class Chains {
  /** False: what `rewriteResponse` makes of a response head depends on the exchange, and is not to be remembered. */
  readonly rewritesRepeatably: boolean;
  readonly modules: readonly Module[];
  readonly #handlers: { readonly [P in CallbackPoint]: readonly NamedHandler<P>[] };
  readonly #decides: boolean;
  readonly #rewritesTarget: boolean;
  readonly #watch: ModuleWatch;
  readonly #hasFailed: boolean;

  /** `hasFailed`: a module has failed before anything was decided, at its tags, and nothing may be decided without them. */
  constructor(modules: readonly Module[], watch: ModuleWatch, hasFailed = false) {
    this.#hasFailed = hasFailed;
    this.modules = modules;
    this.#watch = watch;
    this.#decides = modules.some(({ decide }) => decide !== undefined);
    this.#rewritesTarget = modules.some(({ rewriteTarget }) => rewriteTarget !== undefined);
    this.rewritesRepeatably = modules.every(({ rewriteEachResponse }) => rewriteEachResponse === undefined);
    this.#handlers = Object.fromEntries(
      CALLBACK_POINTS.map((point) => [
        point,
        modules.flatMap((module) => {
          const run = module.handlers?.[point];
          return run === undefined ? [] : [{ module, run: run.bind(module.handlers) }];
        }),
      ]),
    ) as unknown as { [P in CallbackPoint]: NamedHandler<P>[] };
  }

  /** Whether anything hangs on a point: then, and only then, `ask` or `tell` is worth a call. */
  has(point: CallbackPoint): boolean {
    return this.#handlers[point].length > 0;
  }

  /**
   * Runs a chain until a handler answers something else than `continue`, or not yet; undefined: a handler threw (it was reported).
   * `from`: the first handler that is asked.
   */
  ask<P extends AskingPoint>(
    point: P,
    subject: Parameters<CallbackPoints[P]>[0],
    from = 0,
  ): Answer | PendingAnswer | undefined {
    const handlers: readonly NamedHandler<AskingPoint>[] = this.#handlers[point];
    const isTimed = SAMPLED.next();
    for (let i = from; i < handlers.length; i++) {
      const { module, run } = handlers[i]!;
      try {
        const began = isTimed ? this.#watch.now() : 0;
        const answer = (run as (subject: unknown) => Answer | PromiseLike<Answer>)(subject);
        if (isTimed) this.#watch.timed(module, point, this.#watch.now() - began);
        if ((answer as Answer).kind === 'continue') continue;
        if (isPromise(answer)) return { kind: 'pending', module, point, answer, next: i + 1 };
        this.#watch.answered(module, point, answer.kind);
        return answer;
      } catch (error) {
        this.#watch.failed(module, point, error);
        return undefined;
      }
    }
    return CONTINUE;
  }

  /** A handler has answered late: goes on behind it, if it says so. */
  answered(
    { module, point, next }: PendingAnswer,
    subject: unknown,
    answer: Answer,
  ): Answer | PendingAnswer | undefined {
    try {
      if (answer.kind === 'continue')
        return this.ask(point, subject as Parameters<CallbackPoints[AskingPoint]>[0] & never, next);
      this.#watch.answered(module, point, answer.kind);
      return answer;
    } catch (error) {
      this.#watch.failed(module, point, error);
      return undefined;
    }
  }

  /** A handler has taken so long for an answer by a promise, good or bad. */
  waited({ module, point }: PendingAnswer, ms: number): void {
    this.#watch.waited(module, point, ms);
  }

  /** A handler that was to answer late has failed at it. */
  failed({ module, point }: PendingAnswer, error: unknown): void {
    this.#watch.failed(module, point, error);
  }

  /** Runs all handlers of a point that has no answer. */
  tell<P extends TellingPoint>(point: P, subject: Parameters<CallbackPoints[P]>[0]): void {
    const isTimed = SAMPLED.next();
    for (const { module, run } of this.#handlers[point] as readonly NamedHandler<TellingPoint>[]) {
      try {
        const began = isTimed ? this.#watch.now() : 0;
        const result = (run as (subject: unknown) => unknown)(subject);
        if (isTimed) this.#watch.timed(module, point, this.#watch.now() - began);
        if (result !== undefined) this.#hear(module, point, result);
      } catch (error) {
        this.#watch.failed(module, point, error);
      }
    }
  }

  /** Nobody waits for what an `async` function does about the end of something; but its failure must not end the process. */
  #hear(module: Module, point: TellingPoint, result: unknown): void {
    void Promise.resolve(result).catch((error) => this.#watch.failed(module, point, error));
  }

  /** Tells all modules of bytes that never became an exchange. */
  refused(session: Session): void {
    for (const module of this.modules) {
      try {
        module.refused?.(session);
      } catch (error) {
        this.#watch.failed(module, 'refused', error);
      }
    }
  }

  /** The first module that does not let the request go on, with its answer; undefined: a module threw (it was reported). */
  decide(request: RequestFacts): Decision | undefined {
    if (this.#hasFailed) return undefined;
    if (!this.#decides) return GO_ON;
    for (const module of this.modules) {
      try {
        const answer = module.decide?.(request) ?? CONTINUE;
        if (answer.kind !== 'continue') return { module, answer };
      } catch (error) {
        this.#watch.failed(module, 'decide', error);
        return undefined;
      }
    }
    return GO_ON;
  }

  /** A decision, which may be a remembered one, is carried out. */
  decided({ module, answer }: Decision): void {
    if (module !== undefined) this.#watch.answered(module, 'decide', answer.kind);
  }

  /** Where to forward; undefined: a module threw (it was reported). */
  rewriteTarget(request: RequestFacts, target: RequestTarget): RequestTarget | undefined {
    if (!this.#rewritesTarget) return target;
    let rewritten = target;
    for (const module of this.modules) {
      try {
        rewritten = module.rewriteTarget?.(request, rewritten) ?? rewritten;
      } catch (error) {
        this.#watch.failed(module, 'rewriteTarget', error);
        return undefined;
      }
    }
    return rewritten;
  }

  /** The headers to forward; undefined: a module threw (it was reported). */
  rewriteRequest(
    session: Session,
    head: RequestHead,
    headers: HeaderList,
    request: RequestFacts,
  ): HeaderList | undefined {
    let rewritten = headers;
    for (const module of this.modules) {
      try {
        rewritten = module.rewriteRequest?.(session, head, rewritten, request) ?? rewritten;
      } catch (error) {
        this.#watch.failed(module, 'rewriteRequest', error);
        return undefined;
      }
    }
    return rewritten;
  }

  /** The headers to send to the client; undefined: a module threw (it was reported). */
  rewriteResponse(exchange: RespondingExchange, head: ResponseHead): HeaderList | undefined {
    let rewritten = head.headers;
    for (const module of this.modules) {
      try {
        rewritten = module.rewriteResponse?.(head, rewritten) ?? rewritten;
        rewritten = module.rewriteEachResponse?.(exchange, head, rewritten) ?? rewritten;
      } catch (error) {
        this.#watch.failed(module, 'rewriteResponse', error);
        return undefined;
      }
    }
    return rewritten;
  }
}

/** What becomes of a request, and who says so; without a module it goes on. */
export interface Decision {
  readonly module: Module | undefined;
  readonly answer: Answer;
}

const GO_ON: Decision = Object.freeze({ module: undefined, answer: CONTINUE });

/** A callback point, or one of the other functions of modules. */
type ModuleFunction =
  | CallbackPoint
  | 'refused'
  | 'tag'
  | 'decide'
  | 'rewriteTarget'
  | 'rewriteRequest'
  | 'rewriteResponse';

/** Told of what is not ordinary; must not throw. */
export interface ModuleWatch {
  /** The module let a session or an exchange not go on. */
  answered(module: Module, where: ModuleFunction, answer: Answer['kind']): void;
  failed(module: Module, where: ModuleFunction, error: unknown): void;
  /** A call has taken so many milliseconds; one of `SAMPLE`, chosen by chance. Of an answer by a promise: until there was the promise. */
  timed(module: Module, point: CallbackPoint, ms: number): void;
  /** From the call to the end of a promise, each; or until it was given up. */
  waited(module: Module, point: AskingPoint, ms: number): void;
  /** Milliseconds, as `Clock.now`. */
  now(): number;
}

/** What a handler has promised. */
export interface PendingAnswer {
  readonly kind: 'pending';
  readonly module: Module;
  readonly point: AskingPoint;
  readonly answer: PromiseLike<Answer>;
  /** The handler of the chain that is asked after it. */
  readonly next: number;
}

export function isPromise(answer: Answer | PromiseLike<Answer>): answer is PromiseLike<Answer> {
  return (answer as { kind?: unknown }).kind === undefined && 'then' in answer;
}

const SAMPLED = new CallSample(1);

interface NamedHandler<P extends CallbackPoint> {
  readonly module: Module;
  readonly run: CallbackPoints[P];
}
