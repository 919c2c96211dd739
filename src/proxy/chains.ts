import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import {
  type Answer,
  CALLBACK_POINTS,
  type CallbackPoint,
  type CallbackPoints,
  CONTINUE,
  type Module,
  type RespondingExchange,
} from '../core/callback-points.ts';
import type { RequestFacts, RequestTarget } from '../core/request-facts.ts';
import type { Session } from '../core/session.ts';

/** Handlers by callback point, and the functions beside them, of modules in their order. */
export class Chains {
  /** False: what `rewriteResponse` makes of a response head depends on the exchange, and is not to be remembered. */
  readonly rewritesRepeatably: boolean;
  readonly modules: readonly Module[];
  readonly #handlers: { readonly [P in CallbackPoint]: readonly NamedHandler<P>[] };
  readonly #decides: boolean;
  readonly #rewritesTarget: boolean;
  readonly #watch: ModuleWatch;

  constructor(modules: readonly Module[], watch: ModuleWatch) {
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

  /** Runs a chain until a handler answers something else than `continue`; undefined: a handler threw (it was reported). */
  ask<P extends AskingPoint>(
    point: P,
    subject: Parameters<CallbackPoints[P]>[0],
  ): ReturnType<CallbackPoints[P]> | undefined {
    for (const { module, run } of this.#handlers[point] as readonly NamedHandler<AskingPoint>[]) {
      try {
        const answer = (run as (subject: unknown) => Answer)(subject);
        if (answer.kind === 'continue') continue;
        this.#watch.answered(module, point, answer.kind);
        return answer as ReturnType<CallbackPoints[P]>;
      } catch (error) {
        this.#watch.failed(module, point, error);
        return undefined;
      }
    }
    return CONTINUE as ReturnType<CallbackPoints[P]>;
  }

  /** Runs all handlers of a point that has no answer. */
  tell<P extends TellingPoint>(point: P, subject: Parameters<CallbackPoints[P]>[0]): void {
    for (const { module, run } of this.#handlers[point] as readonly NamedHandler<TellingPoint>[]) {
      try {
        (run as (subject: unknown) => void)(subject);
      } catch (error) {
        this.#watch.failed(module, point, error);
      }
    }
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
}

type TellingPoint = 'requestFinish' | 'streamFinish' | 'finish';
type AskingPoint = Exclude<CallbackPoint, TellingPoint>;

interface NamedHandler<P extends CallbackPoint> {
  readonly module: Module;
  readonly run: CallbackPoints[P];
}
