import type { Instance } from './instance.ts';
import type { SlowStart } from './slow-start.ts';

/** The weights of a balancer's instances: those of the file, less for who is warming up. */
export class EffectiveWeights {
  /** Copied: an instance's weight may change under a snapshot that still serves its last exchanges. */
  readonly full: readonly number[];
  readonly #instances: readonly Instance[];
  readonly #slowStart: SlowStart | undefined;
  readonly #reduced: number[];

  constructor(instances: readonly Instance[], slowStart: SlowStart | undefined) {
    this.#instances = instances;
    this.#slowStart = slowStart;
    this.full = instances.map(({ weight }) => weight);
    this.#reduced = [...this.full];
  }

  /** `full` itself while nobody is warming up; good until the next call. `now`: Clock.now(). Allocates nothing. */
  at(now: number): readonly number[] {
    const slowStart = this.#slowStart;
    if (slowStart === undefined || !slowStart.isOn(now)) return this.full;
    for (let i = 0; i < this.full.length; i++)
      this.#reduced[i] = this.full[i]! * slowStart.share(this.#instances[i]!.since, now);
    return this.#reduced;
  }
}
