import type { SocketOutput } from './socket-output.ts';
import { type Flushable, turnEnd } from './turn-end.ts';

/** Writes an output at the end of the turn, however often that is asked for in it. */
export class OutputFlush implements Flushable {
  readonly #output: SocketOutput;
  readonly #owner: Pick<Flushable, 'crashed'>;
  #isDue = false;

  /** `owner` is told of a fault of ours. */
  constructor(output: SocketOutput, owner: Pick<Flushable, 'crashed'>) {
    this.#output = output;
    this.#owner = owner;
  }

  atTurnEnd(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    turnEnd.add(this);
  }

  /** An output that was discarded meanwhile holds nothing. */
  flush(): void {
    this.#isDue = false;
    this.#output.flush();
  }

  crashed(error: unknown): void {
    this.#owner.crashed(error);
  }
}
