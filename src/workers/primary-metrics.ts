import type { ClusterSettings } from '../core/settings.ts';
import type { CertificateStatus } from '../telemetry/admin-status.ts';
import { HealthMetrics } from '../telemetry/health-metrics.ts';
import { ProcessMetrics } from '../telemetry/process-metrics.ts';
import { type Family, Registry, type RegistrySnapshot } from '../telemetry/registry.ts';
import { countsOnly, mergeSnapshots } from '../telemetry/snapshot-merge.ts';
import type { AcmeStatus } from './acme-keeping.ts';
import { AcmeMetrics } from './acme-metrics.ts';
import type { WorkerReport } from './messages.ts';

/** What the primary knows when it is asked for metrics. */
interface FleetFacts {
  /** Of the workers that live. */
  readonly reports: readonly WorkerReport[];
  /** Workers that accept connections. */
  readonly ready: number;
  /** Of the settings in use. */
  readonly clusters: readonly ClusterSettings[];
  readonly certificates: readonly Pick<CertificateStatus, 'hosts' | 'file' | 'notAfter' | 'ocsp'>[];
  readonly acme: AcmeStatus;
}

/** What only the primary can count, and the counts of workers that are gone. */
export class PrimaryMetrics {
  readonly #registry = new Registry();
  readonly #process = new ProcessMetrics(this.#registry, 'primary');
  readonly #health = new HealthMetrics(this.#registry);
  readonly #reloads: Family;
  readonly #renewals: Family;
  readonly #refusedFiles: Family;
  readonly #ticketKeys: Family;
  readonly #generation: Family;
  readonly #lastReload: Family;
  readonly #restarts: Family;
  readonly #workers: Family;
  readonly #certificates: Family;
  readonly #staples: Family;
  readonly #acme: AcmeMetrics;
  #retired: RegistrySnapshot = { families: [] };

  constructor(version: string) {
    const registry = this.#registry;
    const build = registry.gauge('portico_build_info', 'Always 1; the labels tell what runs.', [
      'version',
      'node',
    ]);
    build.set(build.series([version, process.versions.node]), 1);
    const started = registry.gauge('portico_start_time_seconds', 'When the primary was started, Unix time.');
    started.set(0, Math.round(performance.timeOrigin / 1000));
    this.#reloads = registry.counter('portico_reloads_total', 'Reloads asked for, by their result.', [
      'result',
    ]);
    for (const result of ['ok', 'failed']) this.#reloads.series([result]);
    this.#renewals = registry.counter(
      'portico_file_renewals_total',
      'Times that watched files had changed, by whether they were taken.',
      ['result'],
    );
    for (const result of ['ok', 'failed']) this.#renewals.series([result]);
    this.#refusedFiles = registry.gauge(
      'portico_files_refused',
      'Pairs and other watched files that have changed and are not good.',
    );
    this.#ticketKeys = registry.counter(
      'portico_ticket_key_changes_total',
      'Times that the keys of TLS session tickets were changed.',
    );
    this.#generation = registry.gauge('portico_config_generation', 'Configurations taken since the start.');
    this.#generation.set(0, 1);
    this.#lastReload = registry.gauge(
      'portico_config_loaded_timestamp_seconds',
      'When the configuration in use was taken, Unix time.',
    );
    this.#restarts = registry.counter(
      'portico_worker_restarts_total',
      'Workers started again after a death.',
    );
    this.#workers = registry.gauge('portico_workers_ready', 'Workers that accept connections.');
    this.#staples = registry.gauge(
      'portico_ocsp_staples',
      'Certificates by how it stands with their OCSP responses.',
      ['state'],
    );
    this.#certificates = registry.gauge(
      'portico_certificate_expiry_timestamp_seconds',
      'When the certificate of a host ends, Unix time.',
      ['host', 'file'],
      'min',
    );
    this.#acme = new AcmeMetrics(registry);
  }

  reloaded(ok: boolean): void {
    this.#reloads.add(this.#reloads.series([ok ? 'ok' : 'failed']), 1);
  }

  filesRenewed(ok: boolean): void {
    this.#renewals.add(this.#renewals.series([ok ? 'ok' : 'failed']), 1);
  }

  ticketKeysChanged(): void {
    this.#ticketKeys.add(0, 1);
  }

  filesRefused(groups: number): void {
    this.#refusedFiles.set(0, groups);
  }

  /** `at`: milliseconds since the epoch. */
  configurationTaken(generation: number, at: number): void {
    this.#generation.set(0, generation);
    this.#lastReload.set(0, Math.round(at / 1000));
  }

  workerRestarted(): void {
    this.#restarts.add(0, 1);
  }

  workerRetired(metrics: RegistrySnapshot): void {
    this.#retired = mergeSnapshots([this.#retired, countsOnly(metrics)]);
  }

  /** Everything: the workers' counts, those of workers past, and the primary's own. */
  snapshot({ reports, ready, clusters, certificates, acme }: FleetFacts): RegistrySnapshot {
    this.#acme.update(acme);
    this.#process.update();
    this.#workers.set(0, ready);
    // Nothing is known of clusters that nobody has spoken of.
    this.#health.update(
      reports.length === 0 ? NONE : clusters,
      reports.flatMap(({ troubles }) => troubles),
    );
    this.#certificates.clear();
    this.#staples.clear();
    for (const { hosts, file, notAfter, ocsp } of certificates) {
      this.#staples.add(this.#staples.series([ocsp.state]), 1);
      for (const host of hosts) {
        this.#certificates.set(this.#certificates.series([host, file]), Date.parse(notAfter) / 1000);
      }
    }
    // The living first: gauges are described by them, and the past has none.
    const living = reports.map(({ metrics }) => metrics);
    return mergeSnapshots([...living, this.#retired, this.#registry.snapshot()]);
  }
}

const NONE: readonly ClusterSettings[] = Object.freeze([]);
