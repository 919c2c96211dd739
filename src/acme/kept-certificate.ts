import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { AcmeSettings, CertificateSettings } from '../core/settings.ts';
import { certificateNames } from '../tls/certificate-facts.ts';
import { isCovered } from '../tls/certificate-host.ts';
import type { IssuedPair } from '../tls/local-authority.ts';
import type { AcmeFailure } from './acme-failure.ts';
import { pauseAfter, renewalTime, type Standing, type SuggestedWindow, shortestInterval } from './renewal.ts';
import { pairFile } from './storage.ts';
import { temporaryCertificate } from './temporary-certificate.ts';

/** How it stands with one certificate; plain data. */
export interface KeptStatus {
  readonly hosts: readonly string[];
  readonly state: 'temporary' | 'obtained';
  /** Orders that failed since the last that did not, and why the last one did; '' when none did. */
  readonly failures: number;
  readonly reason: string;
  /** Milliseconds since the epoch; 0: as soon as may be. */
  readonly nextAttempt: number;
}

/**
 * One certificate that is kept: what is served of it, and when something is to be done. Times are milliseconds since the epoch.
 *
 *   temporary ──obtained──► obtained ──renewal time──► due ──obtained──► …     failed: due again after a pause
 */
export class KeptCertificate {
  readonly settings: AcmeSettings;
  /** From 0 to 1, drawn once: where in a window of renewal its time lies. */
  readonly #chance: number;
  #pair: IssuedPair | undefined;
  #standing: Standing | undefined;
  #temporary: IssuedPair | undefined;
  #suggested: SuggestedWindow | undefined;
  #failures = 0;
  #reason = '';
  #nextAttempt = 0;
  /** Whoever issues certificates that are due at once is not asked without end. */
  #earliest = 0;
  /** When the CA is to be asked for its window of renewal. */
  nextQuestion = 0;

  constructor(settings: AcmeSettings, chance: number) {
    this.settings = settings;
    this.#chance = chance;
  }

  get pair(): IssuedPair | undefined {
    return this.#pair;
  }

  get nextAttempt(): number {
    return this.#nextAttempt;
  }

  /** End of validity of what was obtained; undefined: nothing yet. */
  get notAfter(): number | undefined {
    return this.#standing?.notAfter;
  }

  /** Of what is there; what is not there is due anyway. */
  get wantsQuestion(): boolean {
    return this.#pair !== undefined && this.#failures === 0;
  }

  status(): KeptStatus {
    return {
      hosts: this.settings.hosts,
      state: this.#pair === undefined ? 'temporary' : 'obtained',
      failures: this.#failures,
      reason: this.#reason,
      nextAttempt: this.#nextAttempt,
    };
  }

  /** What is served: the pair that was obtained last, however old, or else a temporary one. */
  served(now: number): CertificateSettings {
    const { hosts, vips, isDefault } = this.settings;
    const file = pairFile(this.settings);
    if (this.#pair === undefined) this.#temporary ??= temporaryCertificate(hosts, now);
    return { hosts, vips, isDefault, certFile: file, keyFile: file, ...(this.#pair ?? this.#temporary!) };
  }

  /** `at`: when it was issued; undefined: it was found in the storage. Throws when the pair is none. */
  obtained(pair: IssuedPair, at: number | undefined): void {
    const standing = standingOf(pair, this.settings.hosts);
    this.#standing = standing;
    this.#earliest = at === undefined ? 0 : at + shortestInterval(standing);
    this.#pair = pair;
    this.#temporary = undefined;
    this.#suggested = undefined;
    this.#failures = 0;
    this.#reason = '';
    this.nextQuestion = 0;
    this.#plan();
  }

  failed(failure: AcmeFailure, now: number): void {
    this.#failures += 1;
    this.#reason = failure.message;
    const isRateLimited = failure.problem === 'rateLimited';
    this.#nextAttempt = now + pauseAfter(this.#failures, failure.retryAfterMs, isRateLimited, this.#chance);
  }

  /** The CA's window of renewal; undefined: it does not say. */
  suggested(window: SuggestedWindow | undefined): void {
    this.#suggested = window;
    if (this.#failures === 0) this.#plan();
  }

  #plan(): void {
    const wanted = renewalTime(this.#standing, this.settings.renewBeforeMs, this.#suggested, this.#chance);
    this.#nextAttempt = Math.max(wanted, this.#earliest);
  }
}

function standingOf({ cert, key }: IssuedPair, hosts: readonly string[]): Standing {
  const leaf = new X509Certificate(cert);
  if (!leaf.checkPrivateKey(createPrivateKey(key)))
    throw new Error('the certificate does not belong to its key');
  const names = new Set(certificateNames(leaf));
  return {
    notBefore: leaf.validFromDate.getTime(),
    notAfter: leaf.validToDate.getTime(),
    coversHosts: hosts.every((host) => isCovered(host, names)),
  };
}
