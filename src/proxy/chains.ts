import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import {
  type Answer,
  CALLBACK_POINTS,
  type CallbackPoint,
  type CallbackPoints,
  CONTINUE,
  type Module,
} from '../core/callback-points.ts';
import type { Session } from '../core/session.ts';

/** The handlers of one snapshot by callback point, in the order of its modules. */
export class Chains {
  readonly #modules: readonly Module[];
  readonly #handlers: { readonly [P in CallbackPoint]: readonly NamedHandler<P>[] };
  readonly #onFailure: ModuleFailure;

  constructor(modules: readonly Module[], onFailure: ModuleFailure) {
    this.#modules = modules;
    this.#onFailure = onFailure;
    this.#handlers = Object.fromEntries(
      CALLBACK_POINTS.map((point) => [
        point,
        modules.flatMap((module) => {
          const run = module.handlers?.[point];
          return run === undefined ? [] : [{ module: module.name, run: run.bind(module.handlers) }];
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
        if (answer.kind !== 'continue') return answer as ReturnType<CallbackPoints[P]>;
      } catch (error) {
        this.#onFailure(module, point, error);
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
        this.#onFailure(module, point, error);
      }
    }
  }

  /** Tells all modules of bytes that never became an exchange. */
  refused(session: Session): void {
    for (const module of this.#modules) {
      try {
        module.refused?.(session);
      } catch (error) {
        this.#onFailure(module.name, 'refused', error);
      }
    }
  }

  /** The headers to forward; undefined: a module threw (it was reported). */
  rewriteRequest(session: Session, head: RequestHead, headers: HeaderList): HeaderList | undefined {
    let rewritten = headers;
    for (const module of this.#modules) {
      try {
        rewritten = module.rewriteRequest?.(session, head, rewritten) ?? rewritten;
      } catch (error) {
        this.#onFailure(module.name, 'rewriteRequest', error);
        return undefined;
      }
    }
    return rewritten;
  }

  /** The headers to send to the client; undefined: a module threw (it was reported). */
  rewriteResponse(head: ResponseHead, headers: HeaderList): HeaderList | undefined {
    let rewritten = headers;
    for (const module of this.#modules) {
      try {
        rewritten = module.rewriteResponse?.(head, rewritten) ?? rewritten;
      } catch (error) {
        this.#onFailure(module.name, 'rewriteResponse', error);
        return undefined;
      }
    }
    return rewritten;
  }
}

/** Told of each handler that threw, and where: a callback point, or one of the module's other functions. */
export type ModuleFailure = (
  module: string,
  point: CallbackPoint | 'refused' | 'rewriteRequest' | 'rewriteResponse',
  error: unknown,
) => void;

type TellingPoint = 'requestFinish' | 'streamFinish' | 'finish';
type AskingPoint = Exclude<CallbackPoint, TellingPoint>;

interface NamedHandler<P extends CallbackPoint> {
  readonly module: string;
  readonly run: CallbackPoints[P];
}
