import { setTimeout as sleep } from 'node:timers/promises';
import type { CertificateKeeper } from '../acme/keeper.ts';
import type { KeptCertificate, KeptStatus } from '../acme/kept-certificate.ts';
import type { AcmeChallenge } from '../core/acme-challenge.ts';
import type { Logger } from '../core/logger.ts';
import type { AcmeSettings, CertificateSettings } from '../core/settings.ts';

export interface AcmeKeepingPorts {
  readonly logger: Logger;
  readonly version: string;
  /** Settles when every worker answers these and no others, or why one does not. */
  showChallenges(challenges: readonly AcmeChallenge[]): Promise<string | undefined>;
  /** There are new certificates to be served; settles when they are, or why not. */
  serve(): Promise<string | undefined>;
}

/**
 * The certificates that ACME keeps, as the primary sees them. The room behind it is loaded when a configuration asks for it the
 * first time: its library takes a tenth of a second.
 */
export class AcmeKeeping {
  readonly #ports: AcmeKeepingPorts;
  #keeper: CertificateKeeper | undefined;

  constructor(ports: AcmeKeepingPorts) {
    this.#ports = ports;
  }

  /** What will be kept for these; nothing is, before `keep`. */
  async prepare(wanted: readonly AcmeSettings[]): Promise<readonly KeptCertificate[]> {
    if (wanted.length === 0 && this.#keeper === undefined) return [];
    this.#keeper ??= await this.#load();
    return this.#keeper.prepare(wanted);
  }

  keep(kept: readonly KeptCertificate[]): void {
    this.#keeper?.keep(kept);
  }

  /** What is to be served for these, or for those that are kept now. */
  certificates(kept?: readonly KeptCertificate[]): readonly CertificateSettings[] {
    return this.#keeper?.certificates(kept) ?? [];
  }

  /** How it stands with each, and how often orders ended well and not. */
  status(): AcmeStatus {
    return { kept: this.#keeper?.status() ?? [], orders: this.#keeper?.orders ?? { obtained: 0, failed: 0 } };
  }

  async stop(): Promise<void> {
    await this.#keeper?.stop();
  }

  async #load(): Promise<CertificateKeeper> {
    const { logger, version, showChallenges, serve } = this.#ports;
    const [{ CertificateKeeper: Keeper }, { httpsTransport }, { AcmeFailure }] = await Promise.all([
      import('../acme/keeper.ts'),
      import('../acme/https-transport.ts'),
      import('../acme/acme-failure.ts'),
    ]);
    return new Keeper({
      logger,
      serve,
      now: () => Date.now(),
      chance: () => Math.random(),
      wait: (ms, signal) => sleep(ms, undefined, { signal }),
      transport: (ca) => httpsTransport(ca, `portico/${version}`),
      async showChallenges(challenges) {
        const reason = await showChallenges(challenges);
        // One that goes on answering does no harm: nobody asks any more.
        if (reason === undefined || challenges.length === 0) return;
        throw new AcmeFailure(
          `a worker does not answer the challenge: ${reason}`,
          'see what the log says of workers',
        );
      },
    });
  }
}

export interface AcmeStatus {
  readonly kept: readonly KeptStatus[];
  readonly orders: { readonly obtained: number; readonly failed: number };
}
