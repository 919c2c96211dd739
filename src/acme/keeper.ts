import type { Logger } from '../core/logger.ts';
import type { AcmeSettings, CertificateSettings } from '../core/settings.ts';
import type { IssuedPair } from '../tls/local-authority.ts';
import type { AccountKey } from './account-key.ts';
import { AcmeFailure } from './acme-failure.ts';
import { certificateId } from './certificate-id.ts';
import { AcmeClient } from './client.ts';
import { KeptCertificate, type KeptStatus } from './kept-certificate.ts';
import { type ObtainPorts, obtainCertificate } from './obtain-certificate.ts';
import { openAccountKey, pairFile, readPair, writePair } from './storage.ts';
import type { AcmeTransport } from './transport.ts';

export interface KeeperPorts extends Pick<ObtainPorts, 'now' | 'showChallenges'> {
  /** Ends early, by rejecting, when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 to 1. */
  chance(): number;
  /** To the CA of an entry; `ca` as in its settings. */
  transport(ca: string | undefined): AcmeTransport;
  /** There is a new pair: `certificates()` is to be asked, and what it says to be served. Settles when it is, or why not. */
  serve(): Promise<string | undefined>;
  readonly logger: Logger;
}

/**
 * Obtains and renews the certificates of a configuration, for as long as the process lives: one order at a time, the most urgent
 * first. A failure costs nothing but time: what is served stays, and the next attempt comes later.
 *
 *   idle ──keep()──► waiting ──due──► ordering, or asking when to renew ──► waiting …  ──stop()──► stopped
 */
export class CertificateKeeper {
  readonly #ports: KeeperPorts;
  readonly #stop = new AbortController();
  #kept: readonly KeptCertificate[] = [];
  /** Aborted when what is kept changes, so that the wait for the next event is counted anew. */
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #obtained = 0;
  #failed = 0;

  constructor(ports: KeeperPorts) {
    this.#ports = ports;
  }

  /** Orders that ended well, and that did not. */
  get orders(): { readonly obtained: number; readonly failed: number } {
    return { obtained: this.#obtained, failed: this.#failed };
  }

  status(): KeptStatus[] {
    return this.#kept.map((kept) => kept.status());
  }

  /** What will be kept for these, with what the storage has of it. What is kept already with equal settings stays the same. */
  prepare(wanted: readonly AcmeSettings[]): KeptCertificate[] {
    const known = new Map(this.#kept.map((kept) => [JSON.stringify(kept.settings), kept]));
    return wanted.map((settings) => known.get(JSON.stringify(settings)) ?? this.#fromStorage(settings));
  }

  /** What is served for these, or for those that are kept now. */
  certificates(kept: readonly KeptCertificate[] = this.#kept): CertificateSettings[] {
    return kept.map((one) => one.served(this.#ports.now()));
  }

  /** From now on these are kept, and no others. */
  keep(kept: readonly KeptCertificate[]): void {
    this.#kept = kept;
    this.#wake.abort();
    for (const { pair, settings } of kept) {
      if (pair === undefined)
        this.#ports.logger.warn(
          { hosts: settings.hosts },
          'a temporary certificate, which nobody trusts, is served until the CA has issued',
        );
    }
    if (kept.length > 0) this.#running ??= this.#run();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
  }

  #fromStorage(settings: AcmeSettings): KeptCertificate {
    const kept = new KeptCertificate(settings, this.#ports.chance());
    try {
      const pair = readPair(settings);
      if (pair !== undefined) kept.obtained(pair, undefined);
    } catch (error) {
      const fields = { hosts: settings.hosts, file: pairFile(settings), reason: (error as Error).message };
      this.#ports.logger.warn(fields, 'the stored certificate cannot be used, and is obtained anew');
    }
    return kept;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      const now = this.#ports.now();
      const due = earliest(this.#kept, ({ nextAttempt }) => nextAttempt);
      const asked = earliest(
        this.#kept.filter(({ wantsQuestion }) => wantsQuestion),
        ({ nextQuestion }) => nextQuestion,
      );
      if (due !== undefined && due.nextAttempt <= now) await this.#attempt(due);
      else if (asked !== undefined && asked.nextQuestion <= now) await this.#ask(asked);
      else {
        const next = Math.min(
          due?.nextAttempt ?? now + MAX_WAIT_MS,
          asked?.nextQuestion ?? now + MAX_WAIT_MS,
        );
        await this.#pause(Math.min(next - now, MAX_WAIT_MS));
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await this.#ports.wait(ms, this.#wake.signal);
    } catch {
      // Woken up: the loop looks again.
    }
  }

  async #attempt(kept: KeptCertificate): Promise<void> {
    const { settings } = kept;
    const { hosts } = settings;
    const { logger, now } = this.#ports;
    try {
      const pair = await this.#obtain(kept);
      kept.obtained(pair, now());
      this.#obtained += 1;
      const dates = { notAfter: isoText(kept.notAfter!), renewal: isoText(kept.nextAttempt) };
      logger.info({ hosts, ...dates }, 'certificate obtained');
      this.#store(settings, pair);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#attemptFailed(kept, error);
      return;
    }
    const refusal = await this.#ports.serve().catch((error: unknown) => unexpected(error).message);
    if (refusal === undefined) logger.info({ hosts }, 'certificate served');
    else logger.error({ hosts, reason: refusal }, 'the new certificate is not served: reload');
  }

  /** It is served all the same: what was issued counts against the limits of the CA. */
  #store(settings: AcmeSettings, pair: IssuedPair): void {
    try {
      writePair(settings, pair);
    } catch (error) {
      const { message: reason, advice } = error instanceof AcmeFailure ? error : unexpected(error);
      const { hosts } = settings;
      this.#ports.logger.error(
        { hosts, reason, advice },
        'the new certificate is lost when this process ends',
      );
    }
  }

  #attemptFailed(kept: KeptCertificate, error: unknown): void {
    const failure = error instanceof AcmeFailure ? error : unexpected(error);
    const now = this.#ports.now();
    kept.failed(failure, now);
    this.#failed += 1;
    const { hosts } = kept.settings;
    const { message: reason, advice } = failure;
    const retryInSeconds = Math.round((kept.nextAttempt - now) / 1000);
    const served = describeServed(kept.notAfter, now);
    this.#ports.logger.error({ hosts, reason, advice, served, retryInSeconds }, 'certificate not obtained');
  }

  #obtain({ settings, pair }: KeptCertificate): Promise<IssuedPair> {
    const { now, wait, showChallenges } = this.#ports;
    const accountKey = openAccountKey(settings);
    const ports = { now, showChallenges, wait: (ms: number) => wait(ms, this.#stop.signal) };
    const replaces = pair && certificateId(pair.cert);
    return obtainCertificate(settings, replaces, this.#client(settings, accountKey), accountKey, ports);
  }

  /** Asks the CA when it would like a certificate to be renewed. That it does not answer is nothing to worry about. */
  async #ask(kept: KeptCertificate): Promise<void> {
    const { now, logger } = this.#ports;
    const { settings, pair } = kept;
    let pauseMs = QUESTION_PAUSE_MS;
    try {
      const id = pair && certificateId(pair.cert);
      const answer = id && (await this.#client(settings, openAccountKey(settings)).renewalWindow(id));
      if (answer) {
        kept.suggested(answer.value);
        pauseMs = Math.min(Math.max(answer.retryAfterMs ?? pauseMs, MIN_QUESTION_PAUSE_MS), MAX_WAIT_MS);
        logger.debug({ hosts: settings.hosts, renewal: isoText(kept.nextAttempt) }, 'time of renewal');
      }
    } catch (error) {
      const { message: reason } = error as Error;
      logger.debug({ hosts: settings.hosts, reason }, 'the CA does not say when to renew');
    }
    kept.nextQuestion = now() + pauseMs;
  }

  #client(settings: AcmeSettings, accountKey: AccountKey): AcmeClient {
    const { transport, now } = this.#ports;
    return new AcmeClient(settings.directory, accountKey, transport(settings.ca), this.#stop.signal, now);
  }
}

/** A clock that is set meanwhile is noticed within a day. */
const MAX_WAIT_MS = 24 * 3_600_000;
/** When the CA does not say itself how often it wants to be asked; RFC 9773, section 4.3.2 makes it say. */
const QUESTION_PAUSE_MS = 6 * 3_600_000;
const MIN_QUESTION_PAUSE_MS = 60_000;

function earliest(
  kept: readonly KeptCertificate[],
  time: (one: KeptCertificate) => number,
): KeptCertificate | undefined {
  return kept.toSorted((a, b) => time(a) - time(b))[0];
}

/** What clients see while an order fails. */
function describeServed(notAfter: number | undefined, now: number): string {
  if (notAfter === undefined) return 'a temporary certificate, which nobody trusts';
  return `the certificate of before, which ${notAfter > now ? 'ends' : 'ended'} ${isoText(notAfter)}`;
}

function unexpected(error: unknown): AcmeFailure {
  const { stack, message } = error instanceof Error ? error : new Error(String(error));
  return new AcmeFailure(`a fault in Portico: ${stack ?? message}`, 'please report it');
}

function isoText(ms: number): string {
  return new Date(ms).toISOString();
}
