import type { Family, Registry } from '../telemetry/registry.ts';
import type { AcmeStatus } from './acme-keeping.ts';

/** How it stands with the certificates that ACME keeps; a label is the first host of each. */
export class AcmeMetrics {
  readonly #orders: Family;
  readonly #failures: Family;
  readonly #nextAttempt: Family;

  constructor(registry: Registry) {
    this.#orders = registry.counter('portico_acme_orders_total', 'Orders at a CA, by their result.', [
      'result',
    ]);
    for (const result of ['ok', 'failed']) this.#orders.series([result]);
    this.#failures = registry.gauge(
      'portico_acme_failures',
      'Orders of a certificate that failed since the last that did not.',
      ['host'],
    );
    this.#nextAttempt = registry.gauge(
      'portico_acme_next_attempt_timestamp_seconds',
      'When a certificate is ordered next, Unix time.',
      ['host'],
    );
  }

  update({ kept, orders }: AcmeStatus): void {
    this.#orders.set(this.#orders.series(['ok']), orders.obtained);
    this.#orders.set(this.#orders.series(['failed']), orders.failed);
    this.#failures.clear();
    this.#nextAttempt.clear();
    for (const { hosts, failures, nextAttempt } of kept) {
      const [host = ''] = hosts;
      this.#failures.set(this.#failures.series([host]), failures);
      this.#nextAttempt.set(this.#nextAttempt.series([host]), Math.round(nextAttempt / 1000));
    }
  }
}
