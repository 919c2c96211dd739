/** A module takes its time for a session. Whoever is given this calls `begin` in the same call, once. */
export interface PendingSession {
  readonly kind: 'pending';
  /** Has the waiter told, and never in this call. */
  begin(waiter: SessionWaiter): void;
  /** Nobody wants it any more: nothing is told. After it was told this does nothing. */
  leave(): void;
}

/** Who has the connection meanwhile. */
export interface SessionWaiter {
  /** False: it is to be closed. */
  answered(mayGoOn: boolean): void;
  /** `answered` threw: a fault of ours, which was reported, and costs this connection. */
  answerCrashed(): void;
}
