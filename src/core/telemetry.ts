import type { FinishedExchange, FinishedStream } from './callback-points.ts';
import type { ClusterFacts, InstanceFacts } from './exchange.ts';
import type { Session } from './session.ts';

/** Counting as a port: what the drivers and the pipeline report. Implementations must not throw and must be cheap. */
export interface Telemetry {
  sessionOpened(session: Session): void;
  sessionClosed(session: Session): void;
  /** A malformed request that never became an exchange; `session.error` holds the cause. */
  requestRefused(session: Session): void;
  exchangeStarted(): void;
  exchangeFinished(exchange: FinishedExchange): void;
  streamStarted(): void;
  streamFinished(stream: FinishedStream): void;
  /** A connection to an instance was opened, closed, or could not be opened. */
  upstreamOpened(instance: InstanceFacts): void;
  upstreamClosed(instance: InstanceFacts): void;
  upstreamFailed(instance: InstanceFacts): void;
  /** This process has probed it, and knows the result. */
  probeEnded(instance: InstanceFacts, ok: boolean): void;
  instanceEjected(instance: InstanceFacts): void;
  instanceRestored(instance: InstanceFacts): void;
  /** What became of the copy of a request that was meant for a second cluster. */
  mirrored(cluster: ClusterFacts, result: MirrorResult): void;
  /** A request or stream has waited for an instance with room, or was not allowed to. */
  queued(cluster: ClusterFacts, outcome: QueueOutcome): void;
  /** An attempt was made beside one that takes long; one of those has answered first. */
  hedged(cluster: ClusterFacts): void;
  hedgeWon(cluster: ClusterFacts): void;
  /** A client made us do senseless work on an HTTP/2 connection; `points` went to the connection's account. */
  glitch(kind: GlitchKind, points: number): void;
  /** A module gave an answer other than `continue`, or threw; `where`: a callback point, or another function of it. */
  moduleAnswered(module: string, where: string, answer: string): void;
  moduleFailed(module: string, where: string): void;
  /** So many calls at a callback point have taken so many milliseconds, by the one of them that was timed. */
  moduleTimed(module: string, point: string, ms: number, calls: number): void;
  /** An answer by a promise has taken so many milliseconds. */
  moduleWaited(module: string, point: string, ms: number): void;
}

/** Stable: docs/metrics.md has them. Each copy is counted once as one of the last three, and before that when it is `sent`. */
export type MirrorResult = (typeof MIRROR_RESULTS)[number];

export const MIRROR_RESULTS = ['sent', 'answered', 'failed', 'skipped'] as const;

/** `full`: as many waited as may. `timeout`: it waited too long. `left`: nobody wanted it any more. Stable: docs/metrics.md has them. */
export type QueueOutcome = 'served' | 'timeout' | 'full' | 'left';

/** What an HTTP/2 client may overdo. Stable: docs/metrics.md has them. */
export type GlitchKind = (typeof GLITCH_KINDS)[number];

export const GLITCH_KINDS = [
  /** A stream reset by the client. */
  'reset',
  /** A stream over the limit, refused. */
  'refused',
  /** A stream that we had to reset for what the client did on it. */
  'stream-error',
  'ping',
  'settings',
  /** DATA, HEADERS or CONTINUATION that brings nothing. */
  'empty-frame',
  'priority',
  'window-update',
] as const;

export const noTelemetry: Telemetry = {
  sessionOpened() {},
  sessionClosed() {},
  requestRefused() {},
  exchangeStarted() {},
  exchangeFinished() {},
  streamStarted() {},
  streamFinished() {},
  upstreamOpened() {},
  upstreamClosed() {},
  upstreamFailed() {},
  probeEnded() {},
  instanceEjected() {},
  instanceRestored() {},
  mirrored() {},
  queued() {},
  hedged() {},
  hedgeWon() {},
  glitch() {},
  moduleAnswered() {},
  moduleFailed() {},
  moduleTimed() {},
  moduleWaited() {},
};
