/**
 * How long an instance may be silent while requests are under way before it is asked by PING for a sign of life.
 *
 * Servers of gRPC (its C core, Go and Java, as they come) count the PINGs that follow another within five minutes while they have sent
 * nothing of a response, forgive two, and end the connection at the next, with all its streams: `too_many_pings`. So a silence is
 * asked about once, and a second time only for the sake of a new request, whose instance may have died since; that leaves them one to
 * forgive, for a PING that crosses a response. From then on it is asked as rarely as they want it.
 */
export class PingPace {
  /** PINGs since the instance last said something of a response. */
  #pings = 0;

  /** Of a silence that begins now, milliseconds. */
  get silenceMs(): number {
    return this.#pings === 0 ? SILENCE_MS : LONG_SILENCE_MS;
  }

  /** The same when a request is sent. */
  get requestMs(): number {
    return this.#pings < MAX_PINGS ? SILENCE_MS : LONG_SILENCE_MS;
  }

  /** A silence has been asked about, so a new request may shorten the wait. */
  get hasAsked(): boolean {
    return this.#pings > 0;
  }

  asked(): void {
    this.#pings += 1;
  }

  responded(): void {
    this.#pings = 0;
  }
}

const SILENCE_MS = 10_000;

/** Those five minutes, and what a network may add and take. */
const LONG_SILENCE_MS = 310_000;

/** In ten seconds of silence each. */
const MAX_PINGS = 2;
