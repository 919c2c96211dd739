import type { FinishedExchange, FinishedStream } from '../core/callback-points.ts';
import type { ClusterFacts, InstanceFacts } from '../core/exchange.ts';
import type { Session } from '../core/session.ts';
import type { GlitchKind, MirrorResult, QueueOutcome, Telemetry } from '../core/telemetry.ts';
import { ErrorCounter } from './error-counter.ts';
import { type ExchangeFamilies, ExchangeSeries } from './exchange-series.ts';
import { GlitchCounter } from './glitch-counter.ts';
import { HedgeCounter } from './hedge-counter.ts';
import { MirrorCounter } from './mirror-counter.ts';
import { ModuleCounter } from './module-counter.ts';
import { ProbeCounter } from './probe-counter.ts';
import { QueueCounter } from './queue-counter.ts';
import type { Family, Registry } from './registry.ts';
import { type ListenerFacts, SessionCounter } from './session-counter.ts';
import { StreamCounter } from './stream-counter.ts';
import { UpstreamCounter } from './upstream-counter.ts';

/**
 * What is counted where the traffic is. docs/metrics.md explains every name defined here.
 *
 * A reported exchange costs about 0.1 µs (bench/micro/metrics.ts), because every series is found by object
 * identity and counted in a typed array.
 */
export function createTelemetry(registry: Registry): TrafficTelemetry {
  return new TrafficMetrics(registry);
}

export interface TrafficTelemetry extends Telemetry {
  /** Tells which listeners are TLS, for the label `tls` of their sessions. Call before they open and at each reload. */
  describeListeners(listeners: readonly ListenerFacts[]): void;
}

class TrafficMetrics implements TrafficTelemetry {
  readonly #exchange: ExchangeFamilies;
  readonly #series: ExchangeSeries;
  readonly #inFlight: Family;
  readonly #errors: ErrorCounter;
  readonly #sessions: SessionCounter;
  readonly #upstream: UpstreamCounter;
  readonly #probes: ProbeCounter;
  readonly #mirrors: MirrorCounter;
  readonly #queue: QueueCounter;
  readonly #hedges: HedgeCounter;
  readonly #glitches: GlitchCounter;
  readonly #streams: StreamCounter;
  readonly #modules: ModuleCounter;

  constructor(registry: Registry) {
    this.#exchange = defineExchangeFamilies(registry);
    this.#series = new ExchangeSeries(this.#exchange);
    this.#inFlight = registry.gauge('portico_requests_in_flight', 'Requests begun and not yet finished.');
    this.#errors = new ErrorCounter(
      registry.counter('portico_errors_total', 'Requests that went wrong.', ['error', 'side']),
    );
    this.#sessions = new SessionCounter(registry);
    this.#upstream = new UpstreamCounter(registry);
    this.#probes = new ProbeCounter(registry);
    this.#mirrors = new MirrorCounter(registry);
    this.#queue = new QueueCounter(registry);
    this.#hedges = new HedgeCounter(registry);
    this.#glitches = new GlitchCounter(registry);
    this.#streams = new StreamCounter(registry);
    this.#modules = new ModuleCounter(registry, DURATION_BOUNDS_SECONDS);
  }

  describeListeners(listeners: readonly ListenerFacts[]): void {
    this.#sessions.describe(listeners);
  }

  sessionOpened(session: Session): void {
    this.#sessions.opened(session);
  }

  sessionClosed(session: Session): void {
    this.#sessions.closed(session);
  }

  requestRefused({ error }: Session): void {
    // Without an answer it was no request (a TLS handshake that failed): the session's end counts it.
    if (error === undefined || error.status === 0) return;
    this.#exchange.requests.add(this.#series.cluster().requests(undefined, 0, error.status), 1);
    this.#errors.count(error);
  }

  exchangeStarted(): void {
    this.#inFlight.add(0, 1);
  }

  exchangeFinished(exchange: FinishedExchange): void {
    this.#inFlight.add(0, -1);
    const families = this.#exchange;
    const series = this.#series.cluster(exchange.tenant, exchange.cluster);
    const version = exchange.head.version;
    const protocol = version === '1.1' ? 2 : version === '2' ? 3 : 1;
    families.requests.add(series.requests(exchange.instance, protocol, exchange.status), 1);
    families.duration.observe(series.duration, (exchange.finishedAt - exchange.receivedAt) / 1000);
    families.bytesIn.add(series.bytesIn, exchange.bytesIn);
    families.bytesOut.add(series.bytesOut, exchange.bytesOut);
    families.attempts.add(series.attempts, exchange.attempts);
    if (exchange.attempts > 1) families.retries.add(series.retries, exchange.attempts - 1);
    if (exchange.error !== undefined) this.#errors.count(exchange.error);
  }

  streamStarted(): void {
    this.#streams.started();
  }

  streamFinished(stream: FinishedStream): void {
    this.#streams.finished(stream);
  }

  upstreamOpened(instance: InstanceFacts): void {
    this.#upstream.opened(instance);
  }

  upstreamClosed(instance: InstanceFacts): void {
    this.#upstream.closed(instance);
  }

  upstreamFailed(instance: InstanceFacts): void {
    this.#upstream.failed(instance);
  }

  probeEnded(instance: InstanceFacts, ok: boolean): void {
    this.#probes.count(instance, ok);
  }

  instanceEjected(instance: InstanceFacts): void {
    this.#upstream.ejected(instance);
  }

  instanceRestored(instance: InstanceFacts): void {
    this.#upstream.restored(instance);
  }

  mirrored(cluster: ClusterFacts, result: MirrorResult): void {
    this.#mirrors.count(cluster, result);
  }

  queued(cluster: ClusterFacts, outcome: QueueOutcome): void {
    this.#queue.count(cluster, outcome);
  }

  hedged(cluster: ClusterFacts): void {
    this.#hedges.hedged(cluster);
  }

  hedgeWon(cluster: ClusterFacts): void {
    this.#hedges.won(cluster);
  }

  glitch(kind: GlitchKind, points: number): void {
    this.#glitches.count(kind, points);
  }

  moduleAnswered(module: string, where: string, answer: string): void {
    this.#modules.answered(module, where, answer);
  }

  moduleFailed(module: string, where: string): void {
    this.#modules.failed(module, where);
  }

  moduleTimed(module: string, point: string, ms: number, calls: number): void {
    this.#modules.timed(module, point, ms, calls);
  }

  moduleWaited(module: string, point: string, ms: number): void {
    this.#modules.waited(module, point, ms);
  }
}

function defineExchangeFamilies(registry: Registry): ExchangeFamilies {
  const byCluster = ['tenant', 'cluster'];
  return {
    requests: registry.counter('portico_requests_total', 'Requests finished, malformed ones included.', [
      ...byCluster,
      'instance',
      'protocol',
      'code',
    ]),
    duration: registry.histogram(
      'portico_request_duration_seconds',
      'From the complete request head to the end of the response.',
      byCluster,
      DURATION_BOUNDS_SECONDS,
    ),
    bytesIn: registry.counter('portico_request_body_bytes_total', 'Request body bytes received.', byCluster),
    bytesOut: registry.counter('portico_response_body_bytes_total', 'Response body bytes sent.', byCluster),
    attempts: registry.counter('portico_attempts_total', 'Attempts to reach an instance.', byCluster),
    retries: registry.counter('portico_retries_total', 'Attempts after the first of a request.', byCluster),
  };
}

/** From a local cache hit (1 ms) to the default response timeout (60 s). */
const DURATION_BOUNDS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
