import type { AcceptedSession } from './callback-points.ts';
import type { BoundListener } from './server.ts';
import type { Session, SessionState } from './session.ts';

/** What a program may want to be asked and told about connections, as Go's `net/http` has it; all of it may be left out. */
export interface SessionHooks {
  /**
   * Told of every state that a connection takes, the first (`new`) at its accept. One that throws costs nobody anything but a line of the
   * event log.
   */
  readonly connState?: (session: Session, state: SessionState) => void | Promise<void>;
  /** Asked once for each listener, when it is open: what `session.context` of its connections begins as. What it throws is thrown to who opens. */
  readonly baseContext?: (listener: BoundListener) => unknown;
  /** Asked for each connection at its accept: its `session.context`. One that throws costs this connection. */
  readonly connContext?: (session: AcceptedSession, base: unknown) => unknown;
}
