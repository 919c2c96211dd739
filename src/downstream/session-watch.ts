import type { BoundListener } from '../core/server.ts';
import type { Session, SessionState, SessionWatcher } from '../core/session.ts';
import type { SessionHooks } from '../core/session-hooks.ts';

/** The hooks of an embedding program, with what they throw kept from everybody else. */
export class SessionWatch implements SessionWatcher {
  readonly #hooks: SessionHooks;
  readonly #failed: (hook: keyof SessionHooks, error: unknown) => void;

  /** `failed`: of hooks whose failure has nobody else to go to. */
  constructor(hooks: SessionHooks, failed: (hook: keyof SessionHooks, error: unknown) => void) {
    this.#hooks = hooks;
    this.#failed = failed;
  }

  /** What the connections of a listener share; throws what the program throws. */
  baseOf(listener: BoundListener): unknown {
    return this.#hooks.baseContext?.(listener);
  }

  /** A connection was accepted; false: it cannot be had, because its context cannot. */
  accepted(session: Session, base: unknown): boolean {
    const { connContext } = this.#hooks;
    try {
      session.context = connContext === undefined ? base : connContext(session, base);
    } catch (error) {
      this.#failed('connContext', error);
      return false;
    }
    session.watcher = this;
    this.changed(session, session.state);
    return true;
  }

  changed(session: Session, state: SessionState): void {
    const { connState } = this.#hooks;
    if (connState === undefined) return;
    try {
      // A promise that nobody looks at would end the process when it is rejected.
      connState(session, state)?.then(undefined, (error: unknown) => this.#failed('connState', error));
    } catch (error) {
      this.#failed('connState', error);
    }
  }
}
