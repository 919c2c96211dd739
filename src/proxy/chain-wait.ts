import type { Answer } from '../core/callback-points.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import { Deadline, type Expiring } from '../transport/deadlines.ts';
import type { Chains, PendingAnswer } from './chains.ts';
import type { Pipeline } from './pipeline.ts';

/** Who has an exchange, a stream or a session while a chain of handlers is waited for. */
export interface ChainWaiter {
  /** What the chain says in the end; undefined: a handler has failed, as `failure` says. */
  chainOver(answer: Answer | undefined, failure: ExchangeError): void;
  /** `chainOver` threw: a fault of ours, which was reported. It costs what has waited, and nobody else. */
  chainCrashed(fault: ExchangeError): void;
}

/**
 * The rest of a chain of which a handler, or one after the other, answers by a promise: until it is through, one is too slow, or `leave`.
 * What comes after that is late, and ignored.
 */
export class ChainWait implements Expiring {
  readonly #pipeline: Pipeline;
  readonly #subject: unknown;
  readonly #chains: Chains;
  readonly #timeoutMs: number;
  readonly #waiter: ChainWaiter;
  readonly #deadline: Deadline;
  /** Undefined: nothing is waited for any more. */
  #pending: PendingAnswer | undefined;
  /** Clock.now() when the handler was called. */
  #since = 0;

  /** `subject`: what handlers are asked about. `timeoutMs`: for each handler whose module has none of its own. */
  constructor(
    pipeline: Pipeline,
    subject: unknown,
    chains: Chains,
    timeoutMs: number,
    pending: PendingAnswer,
    waiter: ChainWaiter,
  ) {
    this.#pipeline = pipeline;
    this.#subject = subject;
    this.#chains = chains;
    this.#timeoutMs = timeoutMs;
    this.#waiter = waiter;
    this.#deadline = new Deadline(pipeline.deadlines, this);
    this.#pending = pending;
    this.#await(pending);
  }

  /** Nobody wants it any more. */
  leave(): void {
    this.#pending = undefined;
    this.#deadline.cancel();
  }

  expire(): void {
    const pending = this.#pending!;
    const detail = `module ${pending.module.name} gave no answer within ${this.#msFor(pending)} ms`;
    this.#waited(pending);
    this.#chains.failed(pending, new Error(detail));
    this.#end(undefined, exchangeError('module-timeout', detail));
  }

  #await(pending: PendingAnswer): void {
    this.#pending = pending;
    this.#since = this.#pipeline.clock.now();
    this.#deadline.set(this.#since + this.#msFor(pending));
    // What is no promise of the language may call back at once, twice, or throw: a promise around it does not.
    void Promise.resolve(pending.answer).then(
      (answer) => this.#answered(pending, answer),
      (error) => this.#rejected(pending, error),
    );
  }

  #msFor({ module }: PendingAnswer): number {
    return module.timeoutMs ?? this.#timeoutMs;
  }

  #answered(pending: PendingAnswer, answer: Answer): void {
    if (this.#pending !== pending) return;
    this.#waited(pending);
    const next = this.#chains.answered(pending, this.#subject, answer);
    if (next?.kind === 'pending') this.#await(next);
    else this.#end(next, MODULE_FAILED);
  }

  #rejected(pending: PendingAnswer, error: unknown): void {
    if (this.#pending !== pending) return;
    this.#waited(pending);
    this.#chains.failed(pending, error);
    this.#end(undefined, MODULE_FAILED);
  }

  #waited(pending: PendingAnswer): void {
    this.#chains.waited(pending, this.#pipeline.clock.now() - this.#since);
  }

  /** Called by the language or by the wheel, which are not to be thrown at. */
  #end(answer: Answer | undefined, failure: ExchangeError): void {
    this.leave();
    try {
      this.#waiter.chainOver(answer, failure);
    } catch (error) {
      this.#pipeline.internalError(error);
      this.#waiter.chainCrashed(exchangeError('internal-error', 'a fault in Portico'));
    }
  }
}

export const MODULE_FAILED: ExchangeError = exchangeError('module-failed', 'a module failed');
