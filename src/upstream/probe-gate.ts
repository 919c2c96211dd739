/** Who wants to begin a probe. */
export interface GatedProbe {
  begin(): void;
}

/**
 * Bounds how many probes are under way at a time, because each is a socket: when ten thousand instances take connections and answer
 * nothing, they wait for their turn, and what is known of them gets older than the interval.
 */
export class ProbeGate {
  readonly #most: number;
  #underWay = 0;
  /** In the order in which they asked. */
  readonly #waiting = new Set<GatedProbe>();

  constructor(most: number = MAX_PROBES) {
    this.#most = most;
  }

  /** Begins it now, or when others have ended. One that waits already goes on waiting. */
  ask(probe: GatedProbe): void {
    if (this.#underWay >= this.#most) {
      this.#waiting.add(probe);
      return;
    }
    this.#underWay += 1;
    probe.begin();
  }

  /** One that had begun is over. */
  ended(): void {
    this.#underWay -= 1;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.ask(next);
  }

  /** It does not want to begin any more. */
  forget(probe: GatedProbe): void {
    this.#waiting.delete(probe);
  }
}

/** At 5 ms each, two hundred thousand instances a second; against hosts that say nothing, two hundred. */
export const MAX_PROBES = 1024;
