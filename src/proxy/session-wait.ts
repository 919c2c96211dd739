import type { Answer } from '../core/callback-points.ts';
import type { PendingSession, SessionWaiter } from '../core/pending-session.ts';
import type { Session } from '../core/session.ts';
import { ChainWait, type ChainWaiter } from './chain-wait.ts';
import type { PendingAnswer } from './chains.ts';
import type { Pipeline } from './pipeline.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * A session that stands still at `accept` or `handshake`, because a module takes its time. Its driver has the connection meanwhile; it
 * keeps the snapshot whose modules are asked, so a reload waits for it.
 */
export class SessionWait implements PendingSession, ChainWaiter {
  readonly kind = 'pending';
  readonly #pipeline: Pipeline;
  readonly #session: Session;
  readonly #snapshot: Snapshot;
  readonly #pending: PendingAnswer;
  #waiter: SessionWaiter | undefined = undefined;
  /** Undefined: not yet, or not any more. */
  #wait: ChainWait | undefined = undefined;

  constructor(pipeline: Pipeline, session: Session, snapshot: Snapshot, pending: PendingAnswer) {
    this.#pipeline = pipeline;
    this.#session = session;
    this.#snapshot = snapshot;
    this.#pending = pending;
  }

  begin(waiter: SessionWaiter): void {
    this.#waiter = waiter;
    this.#snapshot.enter();
    const { chains, settings } = this.#snapshot;
    this.#wait = new ChainWait(
      this.#pipeline,
      this.#session,
      chains,
      settings.moduleTimeoutMs,
      this.#pending,
      this,
    );
  }

  leave(): void {
    if (this.#wait === undefined) return;
    this.#wait.leave();
    this.#wait = undefined;
    this.#snapshot.leave();
  }

  chainOver(answer: Answer | undefined): void {
    this.leave();
    this.#waiter!.answered(answer?.kind === 'continue');
  }

  chainCrashed(): void {
    this.#waiter!.answerCrashed();
  }
}
