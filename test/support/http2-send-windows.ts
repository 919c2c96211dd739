/** How much content the other side still takes, per stream and in all (RFC 9113, section 5.2). It is not checked for being legal. */
export class Http2SendWindows {
  #connection = DEFAULT_WINDOW;
  #initial = DEFAULT_WINDOW;
  /** What streams have beyond the initial window: negative where it was used. */
  readonly #streams: Map<number, number> = new Map();

  /** Octets that may be sent on a stream now. */
  room(streamId: number): number {
    return Math.min(this.#connection, this.#initial + (this.#streams.get(streamId) ?? 0));
  }

  use(streamId: number, octets: number): void {
    this.#connection -= octets;
    this.#streams.set(streamId, (this.#streams.get(streamId) ?? 0) - octets);
  }

  /** A WINDOW_UPDATE; stream 0 is the connection. */
  give(streamId: number, octets: number): void {
    if (streamId === 0) this.#connection += octets;
    else this.#streams.set(streamId, (this.#streams.get(streamId) ?? 0) + octets);
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE: holds for streams that are open, too. */
  initial(octets: number): void {
    this.#initial = octets;
  }
}

const DEFAULT_WINDOW = 65_535;
