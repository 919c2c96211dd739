import type { Session } from '../core/session.ts';
import { ErrorCounter } from './error-counter.ts';
import type { Family, Registry } from './registry.ts';

/** What the label `tls` is taken from. */
export interface ListenerFacts {
  readonly text: string;
  readonly tls: boolean;
}

/** Client connections, by listener. */
export class SessionCounter {
  readonly #open: Family;
  readonly #total: Family;
  readonly #bytesIn: Family;
  readonly #bytesOut: Family;
  readonly #handshakes: Family;
  readonly #protocols: Family;
  readonly #errors: ErrorCounter;
  readonly #tls = new Map<string, boolean>();
  readonly #series = new Map<string, ListenerSeries>();

  constructor(registry: Registry) {
    const labels = ['listener', 'tls'];
    // Without `tls`: a reload may turn a listener's TLS on between a session's start and its end.
    this.#open = registry.gauge('portico_sessions_open', 'Client connections open.', ['listener']);
    this.#total = registry.counter('portico_sessions_total', 'Client connections accepted.', labels);
    this.#bytesIn = registry.counter(
      'portico_session_received_bytes_total',
      'Bytes received on client connections that have ended.',
      labels,
    );
    this.#bytesOut = registry.counter(
      'portico_session_sent_bytes_total',
      'Bytes sent on client connections that have ended.',
      labels,
    );
    this.#handshakes = registry.counter(
      'portico_tls_sessions_total',
      'Ended client connections on which a TLS handshake had completed.',
      ['listener', 'version', 'resumed'],
    );
    this.#protocols = registry.counter(
      'portico_protocol_sessions_total',
      'Ended client connections by the protocol spoken on them.',
      ['listener', 'protocol'],
    );
    this.#errors = new ErrorCounter(
      registry.counter('portico_session_errors_total', 'Client connections that ended by an error.', [
        'error',
        'side',
      ]),
    );
  }

  describe(listeners: readonly ListenerFacts[]): void {
    for (const listener of listeners) this.#tls.set(listener.text, listener.tls);
    this.#series.clear();
  }

  opened(session: Session): void {
    const series = this.#seriesOf(session.listener);
    this.#open.add(series.open, 1);
    this.#total.add(series.counts, 1);
  }

  closed(session: Session): void {
    const series = this.#seriesOf(session.listener);
    this.#open.add(series.open, -1);
    this.#bytesIn.add(series.counts, session.bytesIn);
    this.#bytesOut.add(series.counts, session.bytesOut);
    if (session.tls !== undefined) {
      const labels = [session.listener, session.tls.version, String(session.tls.resumed)];
      this.#handshakes.add(this.#handshakes.series(labels), 1);
    }
    this.#protocols.add(this.#protocols.series([session.listener, session.protocol]), 1);
    if (session.error !== undefined) this.#errors.count(session.error);
  }

  #seriesOf(listener: string): ListenerSeries {
    let series = this.#series.get(listener);
    if (series === undefined) {
      const tls = this.#tls.get(listener);
      const labels = [listener, tls === undefined ? '' : String(tls)];
      for (const family of [this.#bytesIn, this.#bytesOut]) family.series(labels);
      series = { open: this.#open.series([listener]), counts: this.#total.series(labels) };
      this.#series.set(listener, series);
    }
    return series;
  }
}

interface ListenerSeries {
  readonly open: number;
  /** For all counters: their series are made together, in the same order. */
  readonly counts: number;
}
