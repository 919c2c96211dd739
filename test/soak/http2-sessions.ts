import { HTTP2_MISDEEDS } from './http2-misdeeds.ts';
import { openHttp2, playSession, type Step, type Target } from './http2-session.ts';
import { playSteady } from './http2-steady.ts';
import type { Http2Misdeed } from './http2-way.ts';

/** Hosts by the version that their cluster speaks. What is asked of the first ones makes backends misbehave. */
export const FRAGILE_HOSTS = { 'http/1.1': 'shop.example', h2c: 'shop-h2c.example' } as const;
export const STEADY_HOSTS = { 'http/1.1': 'steady.example', h2c: 'steady-h2c.example' } as const;

/** Of so many sessions one behaves. */
const STEADY_EVERY = 8;
const COMBINATIONS = (['http', 'https'] as const).flatMap((scheme) =>
  (['http/1.1', 'h2c'] as const).map((backend) => ({ scheme, backend })),
);

/** What HTTP/2 sessions have come to, in one process of the soak. */
export class Http2Sessions {
  /** Answers that clients that behave have not got. */
  readonly faults: string[] = [];
  steady = 0;
  readonly #steps: Map<string, readonly Step[]> = new Map();
  readonly #begun: Map<string, number> = new Map();
  readonly #played: Map<string, number> = new Map();

  /**
   * Plays the `index`th of an endless row: each way in turn, and then each of them over TLS and plain, and to backends of both
   * versions; and between them clients that behave, at clusters that nobody harms.
   */
  async play(index: number, ports: readonly number[]): Promise<void> {
    const turn = Math.floor(index / STEADY_EVERY);
    if (index % STEADY_EVERY === 0) await this.#playSteady(turn, ports);
    else await this.#playMisdeed(index - turn - 1, ports);
  }

  /** Ways that were begun at least ten times and never got to their ending: they do not test what they say. */
  get neverPlayed(): readonly string[] {
    const often = [...this.#begun].filter(([name, count]) => count >= 10 && !this.#played.has(name));
    return often.map(([name]) => name);
  }

  async #playSteady(turn: number, ports: readonly number[]): Promise<void> {
    const { scheme, backend } = COMBINATIONS[turn % COMBINATIONS.length]!;
    const target = { scheme, authority: STEADY_HOSTS[backend] };
    const faults = await playSteady(openHttp2(ports, target), target);
    this.steady += 1;
    if (this.faults.length < 20) this.faults.push(...faults);
  }

  async #playMisdeed(turn: number, ports: readonly number[]): Promise<void> {
    const misdeed = HTTP2_MISDEEDS[turn % HTTP2_MISDEEDS.length]!;
    const round = Math.floor(turn / HTTP2_MISDEEDS.length);
    const { scheme, backend } = COMBINATIONS[round % COMBINATIONS.length]!;
    const hosts = misdeed.isContagious ? FRAGILE_HOSTS : STEADY_HOSTS;
    const target = { scheme, authority: hosts[backend] };
    const name = `${misdeed.name} (${scheme}, ${backend})`;
    count(this.#begun, name);
    const isPlayed = await playSession(
      openHttp2(ports, target),
      this.#stepsOf(name, misdeed, target),
      misdeed.ending,
    );
    if (isPlayed) count(this.#played, name);
  }

  /** Made once for each way: they cost more than playing them. */
  #stepsOf(name: string, misdeed: Http2Misdeed, target: Target): readonly Step[] {
    let steps = this.#steps.get(name);
    if (steps === undefined) {
      steps = misdeed.steps(target);
      this.#steps.set(name, steps);
    }
    return steps;
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
