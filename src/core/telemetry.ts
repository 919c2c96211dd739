import type { FinishedExchange } from './callback-points.ts';
import type { InstanceFacts } from './exchange.ts';
import type { Session } from './session.ts';

/** Counting as a port: what the drivers and the pipeline report. Implementations must not throw and must be cheap. */
export interface Telemetry {
  sessionOpened(session: Session): void;
  sessionClosed(session: Session): void;
  /** A malformed request that never became an exchange; `session.error` holds the cause. */
  requestRefused(session: Session): void;
  exchangeStarted(): void;
  exchangeFinished(exchange: FinishedExchange): void;
  /** A connection to an instance was opened, closed, or could not be opened. */
  upstreamOpened(instance: InstanceFacts): void;
  upstreamClosed(instance: InstanceFacts): void;
  upstreamFailed(instance: InstanceFacts): void;
  instanceEjected(instance: InstanceFacts): void;
  instanceRestored(instance: InstanceFacts): void;
}

export const noTelemetry: Telemetry = {
  sessionOpened() {},
  sessionClosed() {},
  requestRefused() {},
  exchangeStarted() {},
  exchangeFinished() {},
  upstreamOpened() {},
  upstreamClosed() {},
  upstreamFailed() {},
  instanceEjected() {},
  instanceRestored() {},
};
