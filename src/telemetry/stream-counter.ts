import type { FinishedStream } from '../core/callback-points.ts';
import type { Family, Registry } from './registry.ts';

/** Streams, by where they led. Most live long and all are counted at their end, so series are found by their labels. */
export class StreamCounter {
  readonly #open: Family;
  readonly #total: Family;
  readonly #bytesIn: Family;
  readonly #bytesOut: Family;
  readonly #attempts: Family;

  constructor(registry: Registry) {
    const labels = ['tenant', 'cluster'];
    this.#open = registry.gauge('portico_streams_open', 'Streams begun and not yet finished.');
    this.#total = registry.counter('portico_streams_total', 'Streams that have ended, by how.', [
      ...labels,
      'ending',
    ]);
    this.#bytesIn = registry.counter(
      'portico_stream_received_bytes_total',
      'Bytes received from clients on streams that have ended.',
      labels,
    );
    this.#bytesOut = registry.counter(
      'portico_stream_sent_bytes_total',
      'Bytes sent to clients on streams that have ended.',
      labels,
    );
    this.#attempts = registry.counter(
      'portico_stream_attempts_total',
      'Attempts to reach an instance for a stream.',
      labels,
    );
  }

  started(): void {
    this.#open.add(0, 1);
  }

  finished(stream: FinishedStream): void {
    this.#open.add(0, -1);
    const labels = [stream.tenant?.name ?? '', stream.cluster?.name ?? ''];
    this.#total.add(this.#total.series([...labels, stream.ending]), 1);
    this.#bytesIn.add(this.#bytesIn.series(labels), stream.bytesIn);
    this.#bytesOut.add(this.#bytesOut.series(labels), stream.bytesOut);
    this.#attempts.add(this.#attempts.series(labels), stream.attempts);
  }
}
