/** Largest window there may be (RFC 9113, section 6.9.1). */
export const MAX_WINDOW = 0x7fffffff;

/** What both windows of a connection begin with, and those of streams until SETTINGS say otherwise (RFC 9113, section 6.9.2). */
export const DEFAULT_WINDOW = 65_535;

/**
 * How much we may still send. It falls below zero only when the peer lowers SETTINGS_INITIAL_WINDOW_SIZE: of a window of 100
 * with 80 in flight, lowered to 30, −50 is left, and nothing may be sent before 51 were granted (section 6.9.2).
 */
export class SendWindow {
  #available: number;

  constructor(initial: number) {
    this.#available = initial;
  }

  get available(): number {
    return this.#available;
  }

  /** `bytes` were sent; never more than available. */
  take(bytes: number): void {
    this.#available -= bytes;
  }

  /** WINDOW_UPDATE, or a change of SETTINGS_INITIAL_WINDOW_SIZE (then possibly negative). False: the window would overflow. */
  grow(increment: number): boolean {
    const grown = this.#available + increment;
    if (grown > MAX_WINDOW) return false;
    this.#available = grown;
    return true;
  }
}

/**
 * How much the peer may still send. Two numbers: what it knows of (`available`), and what we have used since but not told it
 * yet. We tell it when that is half the window, which is one WINDOW_UPDATE for dozens of DATA frames, while the other half keeps
 * it sending meanwhile.
 */
export class ReceiveWindow {
  readonly #size: number;
  #available: number;
  #untold = 0;

  /** `size`: what the window is kept at; `told`: how much of it the peer knows of without a WINDOW_UPDATE. */
  constructor(size: number, told: number) {
    this.#size = size;
    this.#available = told;
    this.#untold = size - told;
  }

  /** What the peer knows it may send. */
  get available(): number {
    return this.#available;
  }

  /** `bytes` have arrived. False: more than the peer was allowed. */
  take(bytes: number): boolean {
    this.#available -= bytes;
    return this.#available >= 0;
  }

  /** `bytes` were used up. Gives the increment to announce now; 0: none yet. */
  release(bytes: number): number {
    this.#untold += bytes;
    return this.#untold * 2 < this.#size ? 0 : this.announce();
  }

  /** All that there is to announce; it counts as announced. */
  announce(): number {
    const increment = this.#untold;
    this.#untold = 0;
    this.#available += increment;
    return increment;
  }
}
