/**
 * One account for all the senseless work that a connection causes, each kind of which is harmless once and a flood when it goes on:
 * rapid resets (CVE-2023-44487) and those that we are made to send (CVE-2025-8671), pings, settings, empty frames, priorities, window
 * updates (CVE-2019-9511 to 9518).
 *
 * What is due is not charged: data that we send calls for window updates and for the pings by which clients measure it. Points are
 * taken back with time, and a few with each answer; data takes none back, or a large download, or an octet of a body in front of each
 * reset, would pay for a flood of resets.
 */
export class GlitchAccount {
  readonly #limit: number;
  readonly #perMs: number;
  #points = 0;
  /** Window updates and pings that are due. */
  #due = 0;
  #now = Number.NEGATIVE_INFINITY;

  /** `limit`: points at which a connection is ended; all of them are forgiven in ten seconds. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#perMs = limit / FORGIVEN_IN_MS;
  }

  get points(): number {
    return this.#points;
  }

  /** More than may be. */
  get isOverdrawn(): boolean {
    return this.#points > this.#limit;
  }

  /** Time passes: `now` in milliseconds of any clock that does not go back. */
  advance(now: number): void {
    if (this.#points > 0) this.#points = Math.max(0, this.#points - (now - this.#now) * this.#perMs);
    this.#now = now;
  }

  /** Gives the points that went to the account; 0: it was due. */
  charge(kind: GlitchKind): number {
    if (this.#due > 0 && (kind === 'window-update' || kind === 'ping')) {
      this.#due -= 1;
      return 0;
    }
    const points = GLITCH_POINTS[kind];
    this.#points += points;
    return points;
  }

  /** A frame of data was sent. */
  dataSent(): void {
    this.#due = Math.min(MAX_DUE, this.#due + DUE_PER_DATA_FRAME);
  }

  /** A request was answered in full. */
  answered(): void {
    if (this.#points > 0) this.#points = Math.max(0, this.#points - POINTS_PER_ANSWER);
  }
}

/** What each kind costs, by what it costs us: a stream that comes to nothing has been routed and has asked a backend. */
export const GLITCH_POINTS = {
  /** A stream that the peer resets before its answer is complete. */
  reset: 4,
  /** A stream above the limit of concurrent ones. */
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

/** For the windows of stream and connection, and a ping. */
const DUE_PER_DATA_FRAME = 3;
/** What is due stays so, but cannot be saved up. */
const MAX_DUE = 1000;
const POINTS_PER_ANSWER = 2;
const FORGIVEN_IN_MS = 10_000;
