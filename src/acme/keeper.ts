import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Logger } from '../core/logger.ts';
import type { AcmeSettings, CertificateSettings } from '../core/settings.ts';
import { certificateNames } from '../tls/certificate-facts.ts';
import { isCovered } from '../tls/certificate-host.ts';
import type { IssuedPair } from '../tls/local-authority.ts';
import { AcmeFailure } from './acme-failure.ts';
import { AcmeClient } from './client.ts';
import { type ObtainPorts, obtainCertificate } from './obtain-certificate.ts';
import { pauseAfter, renewalTime, type Standing } from './renewal.ts';
import { openAccountKey, pairFile, readPair, writePair } from './storage.ts';
import { temporaryCertificate } from './temporary-certificate.ts';
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

/** How it stands with one certificate; plain data. */
export interface KeptCertificate {
  readonly hosts: readonly string[];
  readonly state: 'temporary' | 'obtained';
  /** Orders that failed since the last that did not. */
  readonly failures: number;
  /** Milliseconds since the epoch; 0: as soon as may be. */
  readonly nextAttempt: number;
}

/**
 * Obtains and renews the certificates of a configuration, for as long as the process lives: one order at a time, the most urgent
 * first. A failure costs nothing but time: what is served stays, and the next attempt comes later.
 *
 *   idle ──update()──► waiting ──due──► ordering ──► waiting …  ──stop()──► stopped
 */
export class CertificateKeeper {
  readonly #ports: KeeperPorts;
  readonly #stop = new AbortController();
  #entries: readonly Entry[] = [];
  /** Aborted when the entries change, so that the wait for the next one is counted anew. */
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

  kept(): KeptCertificate[] {
    return this.#entries.map(({ settings, pair, failures, nextAttempt }) => ({
      hosts: settings.hosts,
      state: pair === undefined ? 'temporary' : 'obtained',
      failures,
      nextAttempt,
    }));
  }

  /** What is to be served for these: the pair that was obtained last, or else a temporary one. Reads the storage. */
  prepare(wanted: readonly AcmeSettings[]): PreparedCertificates {
    const entries = wanted.map((settings) => this.#entryFor(settings));
    return { entries, certificates: entries.map((entry) => this.#certificateOf(entry)) };
  }

  /** What is served of those that are kept now. */
  certificates(): CertificateSettings[] {
    return this.#entries.map((entry) => this.#certificateOf(entry));
  }

  /** From now on these are kept, and no others. */
  keep({ entries }: PreparedCertificates): void {
    this.#entries = entries;
    this.#wake.abort();
    if (entries.length > 0) this.#running ??= this.#run();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
  }

  #entryFor(settings: AcmeSettings): Entry {
    const key = JSON.stringify(settings);
    const known = this.#entries.find((entry) => entry.key === key);
    if (known !== undefined) return known;
    const pair = this.#readStored(settings);
    const entry: Entry = { key, settings, pair, temporary: undefined, failures: 0, nextAttempt: 0 };
    entry.nextAttempt = renewalTime(
      standingOf(entry),
      settings.renewBeforeMs,
      undefined,
      this.#ports.chance(),
    );
    return entry;
  }

  #readStored(settings: AcmeSettings): IssuedPair | undefined {
    const fields = { file: pairFile(settings), hosts: settings.hosts };
    try {
      const pair = readPair(settings);
      if (pair === undefined || new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key)))
        return pair;
      this.#ports.logger.warn(
        fields,
        'the stored certificate does not belong to its key, and is obtained anew',
      );
    } catch (error) {
      const reason = (error as Error).message;
      this.#ports.logger.warn(
        { ...fields, reason },
        'the stored certificate cannot be read, and is obtained anew',
      );
    }
    return undefined;
  }

  #certificateOf(entry: Entry): CertificateSettings {
    const { hosts, isDefault } = entry.settings;
    const file = pairFile(entry.settings);
    if (entry.pair === undefined) entry.temporary ??= temporaryCertificate(hosts, this.#ports.now());
    return { hosts, isDefault, certFile: file, keyFile: file, ...(entry.pair ?? entry.temporary!) };
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      const next = this.#entries.toSorted((a, b) => a.nextAttempt - b.nextAttempt)[0];
      const waitMs = next === undefined ? MAX_WAIT_MS : next.nextAttempt - this.#ports.now();
      if (waitMs > 0) await this.#pause(Math.min(waitMs, MAX_WAIT_MS));
      else await this.#attempt(next!);
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await this.#ports.wait(ms, this.#wake.signal);
    } catch {
      // Woken up: the loop looks again.
    }
  }

  async #attempt(entry: Entry): Promise<void> {
    const { settings } = entry;
    const { logger, now, chance } = this.#ports;
    const { hosts } = settings;
    try {
      const pair = await this.#obtain(settings);
      writePair(settings, pair);
      entry.pair = pair;
      entry.failures = 0;
      this.#obtained += 1;
      const standing = standingOf(entry)!;
      entry.nextAttempt = renewalTime(standing, settings.renewBeforeMs, undefined, chance());
      const dates = { notAfter: isoText(standing.notAfter), renewal: isoText(entry.nextAttempt) };
      logger.info({ hosts, ...dates }, 'certificate obtained');
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#failed += 1;
      entry.failures += 1;
      const failure = error instanceof AcmeFailure ? error : unexpected(error);
      const isRateLimited = failure.problem === 'rateLimited';
      const pauseMs = pauseAfter(entry.failures, failure.retryAfterMs, isRateLimited, chance());
      entry.nextAttempt = now() + pauseMs;
      logger.error(
        {
          hosts,
          reason: failure.message,
          advice: failure.advice,
          served: this.#describeServed(entry),
          retryInSeconds: Math.round(pauseMs / 1000),
        },
        'certificate not obtained',
      );
      return;
    }
    const refusal = await this.#ports.serve();
    if (refusal === undefined) logger.info({ hosts }, 'certificate served');
    else logger.error({ hosts, reason: refusal }, 'the new certificate is stored, but not served: reload');
  }

  #obtain(settings: AcmeSettings): Promise<IssuedPair> {
    const { now, wait, showChallenges, transport } = this.#ports;
    const { signal } = this.#stop;
    const accountKey = openAccountKey(settings);
    const client = new AcmeClient(settings.directory, accountKey, transport(settings.ca), signal, now);
    const ports = { now, showChallenges, wait: (ms: number) => wait(ms, signal) };
    return obtainCertificate(settings, undefined, client, accountKey, ports);
  }

  /** What clients see meanwhile. */
  #describeServed(entry: Entry): string {
    const standing = standingOf(entry);
    if (standing === undefined) return 'a temporary certificate that nobody trusts';
    const ends = standing.notAfter > this.#ports.now() ? 'ends' : 'ended';
    return `the certificate of before, which ${ends} ${isoText(standing.notAfter)}`;
  }
}

/** Entries that are ready to be kept, and their certificates. */
export interface PreparedCertificates {
  readonly entries: readonly Entry[];
  readonly certificates: readonly CertificateSettings[];
}

interface Entry {
  /** Equal for equal settings: an entry outlives a reload that does not touch it. */
  readonly key: string;
  readonly settings: AcmeSettings;
  pair: IssuedPair | undefined;
  temporary: IssuedPair | undefined;
  failures: number;
  nextAttempt: number;
}

/** A clock that is set meanwhile is noticed within a day. */
const MAX_WAIT_MS = 24 * 3_600_000;

function standingOf({ pair, settings }: Entry): Standing | undefined {
  if (pair === undefined) return undefined;
  const leaf = new X509Certificate(pair.cert);
  const names = new Set(certificateNames(leaf));
  return {
    notBefore: leaf.validFromDate.getTime(),
    notAfter: leaf.validToDate.getTime(),
    coversHosts: settings.hosts.every((host) => isCovered(host, names)),
  };
}

function unexpected(error: unknown): AcmeFailure {
  const { stack, message } = error instanceof Error ? error : new Error(String(error));
  return new AcmeFailure(`a fault in Portico: ${stack ?? message}`, 'please report it');
}

function isoText(ms: number): string {
  return new Date(ms).toISOString();
}
