/**
 * One account for all the senseless work that a connection causes, each kind of which is harmless once and a flood when it goes on:
 * rapid resets (CVE-2023-44487) and those that we are made to send (CVE-2025-8671), pings, settings, empty frames, priorities, window
 * updates (CVE-2019-9511 to 9518). Points are taken back with time and with useful work, so a busy connection may do more of
 * what belongs to being busy, and one that does nothing else is ended soon.
 */
export class GlitchAccount {
  readonly #limit: number;
  readonly #perMs: number;
  #points = 0;
  #now = Number.NEGATIVE_INFINITY;

  /** `limit`: points at which a connection is ended; all of them are forgiven in ten seconds. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#perMs = limit / FORGIVEN_IN_MS;
  }

  get points(): number {
    return this.#points;
  }

  /** Time passes: `now` in milliseconds of any clock that does not go back. */
  advance(now: number): void {
    if (this.#points > 0) this.#points = Math.max(0, this.#points - (now - this.#now) * this.#perMs);
    this.#now = now;
  }

  /** False: that was too much. */
  charge(kind: GlitchKind): boolean {
    this.#points += GLITCH_POINTS[kind];
    return this.#points <= this.#limit;
  }

  /**
   * A frame of data was sent, which is what a peer's updates and pings belong to, or a request was answered. Data that comes earns
   * nothing: an octet of it in front of each reset would pay for a flood of them.
   */
  earn(): void {
    if (this.#points > 0) this.#points = Math.max(0, this.#points - EARNED_POINTS);
  }
}

/** What each kind costs, by what it costs us: a stream that comes to nothing has been routed and has asked a backend. */
export const GLITCH_POINTS = {
  /** A stream that the peer resets before its answer is complete. */
  reset: 4,
  /** A stream above the limit of concurrent ones, or behind the last GOAWAY. */
  refused: 4,
  /** A stream that the peer's fault makes us reset. */
  'stream-error': 4,
  ping: 1,
  settings: 2,
  /** DATA, HEADERS or CONTINUATION without payload that ends nothing. */
  'empty-frame': 2,
  priority: 1,
  'window-update': 1,
} as const;

export type GlitchKind = keyof typeof GLITCH_POINTS;

const EARNED_POINTS = 2;
const FORGIVEN_IN_MS = 10_000;
