/**
 * When to ask the CA for a certificate: rules without clock, timer or chance. Times are milliseconds since the epoch; `chance` is
 * from 0 to 1.
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

/** When the certificate should be renewed, if nothing goes wrong: the earlier one of what the CA and the configuration say. */
export function renewalTime(
  standing: Standing | undefined,
  renewBeforeMs: number | undefined,
  suggested: SuggestedWindow | undefined,
  chance: number,
): number {
  if (standing === undefined || !standing.coversHosts) return 0;
  const { notBefore, notAfter } = standing;
  const lifeMs = notAfter - notBefore;
  const suggestedTime = suggested && suggested.start + (suggested.end - suggested.start) * chance;
  // A CA that suggests a time when it is too late, or none at all, is not followed.
  const defaultLeadMs = suggestedTime === undefined ? lifeMs / 3 : lifeMs * LAST_SHARE;
  const leadMs = Math.min(renewBeforeMs ?? defaultLeadMs, lifeMs * FIRST_SHARE);
  return Math.min(notAfter - leadMs * (1 + JITTER * chance), suggestedTime ?? Number.POSITIVE_INFINITY);
}

/** The certificates of many hosts, obtained in one go, are not renewed in one go. */
const JITTER = 0.1;
/** Of the life of a certificate: what must be left at least, whatever the CA suggests. */
const LAST_SHARE = 0.1;
/** And at most, whatever the configuration says: a new certificate must not be due at once. */
const FIRST_SHARE = 0.8;

/** Between two orders that end well: a day, or less for certificates that do not live long. */
export function shortestInterval({ notBefore, notAfter }: Standing): number {
  return Math.min((notAfter - notBefore) * LAST_SHARE, DAY_MS);
}

const DAY_MS = 24 * 3_600_000;

/**
 * How long to wait after so many failures in a row: 1, 4, 16, 64 minutes, then about 4 hours, then 6. Let's Encrypt allows five
 * refused proofs per host and hour; this makes four.
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

const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 6 * 3_600_000;
const RATE_LIMITED_PAUSE_MS = 3_600_000;
const MAX_RETRY_AFTER_MS = DAY_MS;
