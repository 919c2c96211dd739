import type { ExchangeSink } from '../core/body.ts';
import type { Answer } from '../core/callback-points.ts';
import type { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { ChainWait, type ChainWaiter } from './chain-wait.ts';
import type { Chains, PendingAnswer } from './chains.ts';
import type { Pipeline } from './pipeline.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * An exchange that stands still between two stages of the pipeline, because a module takes its time. Its body is not asked for, so the
 * driver holds what has come of it and reads no more; it keeps its snapshot, so a reload waits for it.
 *
 *   suspended ─► the next stage, or an answer        any ─► over: the client is gone
 */
export class Suspension implements ExchangeSink, ChainWaiter {
  readonly #pipeline: Pipeline;
  readonly #exchange: Exchange;
  readonly #chains: Chains;
  readonly #snapshot: Snapshot;
  readonly #goOn: () => void;
  #wait: ChainWait | undefined = undefined;
  #isOver = false;

  /** `goOn`: the stage behind the chain. */
  constructor(pipeline: Pipeline, exchange: Exchange, chains: Chains, snapshot: Snapshot, goOn: () => void) {
    this.#pipeline = pipeline;
    this.#exchange = exchange;
    this.#chains = chains;
    this.#snapshot = snapshot;
    this.#goOn = goOn;
  }

  begin(pending: PendingAnswer): void {
    this.#snapshot.enter();
    this.#exchange.attach(this);
    const { moduleTimeoutMs } = this.#snapshot.settings;
    this.#wait = new ChainWait(this.#pipeline, this.#exchange, this.#chains, moduleTimeoutMs, pending, this);
  }

  chainOver(answer: Answer | undefined, failure: ExchangeError): void {
    this.#isOver = true;
    if (answer?.kind === 'continue') this.#pipeline.resume(this.#exchange, this.#snapshot, this.#goOn);
    else this.#pipeline.conclude(this.#exchange, this.#chains, answer, failure);
    this.#snapshot.leave();
  }

  chainCrashed(fault: ExchangeError): void {
    this.requestFailed(fault);
    this.#exchange.cut(fault);
  }

  requestFailed(error: ExchangeError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wait!.leave();
    this.#exchange.error ??= error;
    this.#pipeline.finish(this.#exchange, this.#chains);
    this.#snapshot.leave();
  }

  /** Only of a request that was answered here: what is left of it is thrown away. */
  bodyData(): boolean {
    return true;
  }

  bodyEnd(): void {}

  writable(): void {}

  requestBatchEnd(): void {}
}
