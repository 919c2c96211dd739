import type { Logger } from '../core/logger.ts';
import type { CertificateStatus } from '../telemetry/admin-status.ts';

/** Warns of certificates that are about to end: at each level once, whatever is reloaded meanwhile. */
export class ExpiryWarnings {
  readonly #logger: Logger;
  /** By fingerprint: the lowest level that was said. */
  #said = new Map<string, number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** All that are served now; to be called once a day, and whenever they change. */
  check(certificates: readonly CertificateStatus[]): void {
    const said = new Map<string, number>();
    for (const { fingerprint, file, hosts, notAfter, daysLeft } of certificates) {
      const level = LEVELS_DAYS.find((days) => daysLeft < days);
      if (level === undefined) continue;
      const before = this.#said.get(fingerprint);
      said.set(fingerprint, Math.min(level, before ?? level));
      if (before !== undefined && before <= level) continue;
      const fields = { file, hosts: hosts.slice(0, MAX_HOSTS), notAfter, daysLeft };
      if (level === 0) this.#logger.error(fields, 'a certificate has expired and is still served: renew it');
      else
        this.#logger.warn(
          fields,
          `a certificate ends in less than ${level} ${level === 1 ? 'day' : 'days'}: renew it`,
        );
    }
    this.#said = said;
  }
}

/** Whole days left, from the last on. */
const LEVELS_DAYS: readonly number[] = [0, 1, 7, 14, 30];
/** A certificate can hold a hundred; the file says which it is. */
const MAX_HOSTS = 3;
