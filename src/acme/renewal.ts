/**
 * When to ask the CA for a certificate: a state and rules, without clock, timer or chance. Times are milliseconds since the
 * epoch; `chance` is from 0 to 1.
 */

/** The validity of the certificate that is there. */
export interface Standing {
  readonly notBefore: number;
  readonly notAfter: number;
  /** It holds every host that is wanted. */
  readonly coversHosts: boolean;
}

/** When the CA would like it to be renewed (RFC 9773, section 4.2). */
export interface SuggestedWindow {
  readonly start: number;
  readonly end: number;
}

/** When the certificate should be renewed, if nothing goes wrong. */
export function renewalTime(
  standing: Standing | undefined,
  renewBeforeMs: number | undefined,
  suggested: SuggestedWindow | undefined,
  chance: number,
): number {
  if (standing === undefined || !standing.coversHosts) return 0;
  if (suggested !== undefined && renewBeforeMs === undefined)
    return suggested.start + (suggested.end - suggested.start) * chance;
  const { notBefore, notAfter } = standing;
  const leadMs = renewBeforeMs ?? (notAfter - notBefore) / 3;
  // The fleets of a CA's customers were often started at the same hour.
  return notAfter - leadMs * (1 + JITTER * chance);
}

/** The certificates of many hosts, obtained in one go, are not renewed in one go. */
const JITTER = 0.1;

/**
 * How long to wait after so many failures in a row: 1, 4, 16, 64 minutes, then 6 hours. Let's Encrypt allows five refused proofs
 * per host and hour; this makes four.
 */
export function pauseAfter(
  failures: number,
  retryAfterMs: number | undefined,
  isRateLimited: boolean,
  chance: number,
): number {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 4 ** (failures - 1), MAX_PAUSE_MS);
  const wantedMs = Math.max(pauseMs, isRateLimited ? RATE_LIMITED_PAUSE_MS : 0, retryAfterMs ?? 0);
  // A CA cannot make us wait until a certificate has ended unnoticed.
  return Math.min(wantedMs, MAX_RETRY_AFTER_MS) * (1 + JITTER * chance);
}

export const FIRST_PAUSE_MS = 60_000;
export const MAX_PAUSE_MS = 6 * 3_600_000;
export const RATE_LIMITED_PAUSE_MS = 3_600_000;
export const MAX_RETRY_AFTER_MS = 24 * 3_600_000;
