import type { Logger } from '../core/logger.ts';
import type { OcspSettings } from '../core/settings.ts';
import type { Staple, StapleStatus } from '../core/staple.ts';

/** What a keeper needs of the world. Times are milliseconds since the epoch. */
export interface StapleKeeperPorts {
  readonly logger: Logger;
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Asks the responder; resolves with its response, or the reason why there is none. */
  fetch(url: string, cert: string): Promise<Buffer | string>;
  /** What a response says, or why it cannot be believed. */
  judge(response: Buffer, cert: string, now: number): OcspJudgement | string;
  changed(staple: Staple): void;
}

interface OcspJudgement {
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: number;
  readonly until: number;
}

/** A certificate that may be stapled. */
export interface StapledCertificate {
  readonly file: string;
  /** PEM: leaf first, then its issuer where it is there. Parsed only when somebody is asked. */
  readonly cert: string;
  readonly hasIssuer: boolean;
  readonly fingerprint: string;
  /** Of the responder; undefined: the certificate names none. */
  readonly url: string | undefined;
  /** Clients refuse it without a staple. */
  readonly mustStaple: boolean;
  readonly ocsp: OcspSettings;
}

/**
 * Keeps the staple of one certificate fresh.
 *
 *   begin ─► asks ─good──► stapled ──half of its time is over──► asks …
 *              └─failed──► waits 1, 2, 4 … 60 minutes ─────────► asks …      what there was is sent to the end of its time
 *              └─revoked─► sends none, and waits as for a failure
 */
export class StapleKeeper {
  readonly #certificate: StapledCertificate;
  readonly #ports: StapleKeeperPorts;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #until = 0;
  #status: StapleStatus = { state: 'waiting' };
  #closed = false;

  constructor(certificate: StapledCertificate, ports: StapleKeeperPorts) {
    this.#certificate = certificate;
    this.#ports = ports;
  }

  get status(): StapleStatus {
    const { state } = this.#status;
    const isOver = state === 'stapled' && this.#until <= this.#ports.now();
    return isOver ? { ...this.#status, state: 'failing' } : this.#status;
  }

  begin(): void {
    const { ocsp, url, hasIssuer } = this.#certificate;
    if (ocsp.kind === 'off') this.#without('off', 'ocsp is off');
    else if (!hasIssuer)
      this.#without('none', 'the issuer is not in the certificate file, behind the certificate');
    else if (ocsp.kind === 'file') this.#takeFile(Buffer.from(ocsp.response, 'base64'));
    else if (url === undefined) this.#without('none', 'the certificate names no responder');
    else void this.#ask(url);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #without(state: 'off' | 'none', reason: string): void {
    this.#status = { state, reason };
    const { file, mustStaple } = this.#certificate;
    if (mustStaple)
      this.#ports.logger.warn(
        { file, reason },
        'a certificate says that it must be stapled and cannot be: it is served without, and some clients will refuse it',
      );
  }

  #takeFile(response: Buffer): void {
    const ports = this.#ports;
    const verdict = ports.judge(response, this.#certificate.cert, ports.now());
    const reason = typeof verdict === 'string' ? verdict : notGood(verdict.status);
    if (reason === undefined) this.#staple(response, verdict as OcspJudgement);
    else
      this.#fail(
        `the OCSP response in the file: ${reason}`,
        typeof verdict === 'object' && verdict.status === 'revoked',
      );
  }

  async #ask(url: string): Promise<void> {
    const { cert } = this.#certificate;
    const response = await this.#ports.fetch(url, cert);
    if (this.#closed) return;
    const now = this.#ports.now();
    const verdict = typeof response === 'string' ? response : this.#ports.judge(response, cert, now);
    const reason = typeof verdict === 'string' ? verdict : notGood(verdict.status);
    if (reason === undefined && typeof response === 'object' && typeof verdict === 'object') {
      this.#failures = 0;
      this.#staple(response, verdict);
      // Half of its time from when it was signed, so that a responder which is away has the other half to come back.
      const half = (verdict.until - verdict.thisUpdate) / 2;
      this.#askAgain(verdict.thisUpdate + half * this.#jitter() - now, url);
    } else {
      this.#fail(reason!, typeof verdict === 'object' && verdict.status === 'revoked');
      this.#failures += 1;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LAST_PAUSE_MS);
      this.#askAgain(pause * this.#jitter(), url);
    }
  }

  #askAgain(delayMs: number, url: string): void {
    const delay = Math.min(Math.max(delayMs, SHORTEST_MS), LONGEST_MS);
    this.#timer = setTimeout(() => void this.#ask(url), delay);
    this.#timer.unref();
  }

  /** Between 0.8 and 1.2: thousands of certificates that were begun together must not stay together. */
  #jitter(): number {
    return 0.8 + 0.4 * this.#ports.random();
  }

  #staple(response: Buffer, { until }: OcspJudgement): void {
    const { file, fingerprint } = this.#certificate;
    if (this.#status.reason !== undefined)
      this.#ports.logger.info({ file }, 'a certificate is stapled again');
    this.#until = until;
    this.#status = { state: 'stapled', until: new Date(until).toISOString() };
    this.#ports.changed({
      fingerprint,
      response: response.toString('base64'),
      until,
    });
  }

  /** Each reason is said once in a row. */
  #fail(reason: string, isRevoked: boolean): void {
    const { file, fingerprint, mustStaple } = this.#certificate;
    const before = this.status;
    if (isRevoked) {
      // What was good is not any more, whatever it says itself.
      this.#until = 0;
      this.#ports.changed({ fingerprint, response: undefined, until: 0 });
      this.#status = { state: 'revoked', reason };
    } else if (before.state === 'stapled') this.#status = { ...before, reason };
    else this.#status = { state: 'failing', reason };
    if (before.reason === reason && before.state === this.#status.state) return;
    const { logger } = this.#ports;
    if (isRevoked) logger.error({ file }, 'a certificate is revoked, says its responder: replace it');
    else if (mustStaple && this.#status.state === 'failing')
      logger.error(
        { file, reason },
        'a certificate must be stapled and no OCSP response can be had: some clients will refuse it',
      );
    else logger.warn({ file, reason }, 'no fresh OCSP response can be had for a certificate');
  }
}

function notGood(status: OcspJudgement['status']): string | undefined {
  if (status === 'good') return undefined;
  return status === 'revoked' ? 'the certificate is revoked' : 'the responder does not know the certificate';
}

const FIRST_PAUSE_MS = 60_000;
const LAST_PAUSE_MS = 60 * 60_000;
/** Between two questions about one certificate, whatever its responder says. */
const SHORTEST_MS = 30_000;
/** Timers of the platform hold 24 days. */
const LONGEST_MS = 7 * 24 * 60 * 60_000;
