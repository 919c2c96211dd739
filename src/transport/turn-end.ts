/** What has something to send at the end of a turn of the event loop. */
export interface Flushable {
  /** Writes it. What it throws is reported by `crashed`. */
  flush(): void;
  crashed(error: unknown): void;
}

/**
 * The end of the current turn of the event loop, when all sockets that had something to read were read: who multiplexes writes only
 * then, so that what a turn brings for one connection, from however many others, makes one system call and one TLS record.
 */
export class TurnEnd {
  #waiting: Flushable[] = [];
  #running: Flushable[] = [];
  readonly #run = (): void => this.#flushAll();

  /** Once per turn and flushable is enough; whoever calls must see to that. */
  add(flushable: Flushable): void {
    if (this.#waiting.push(flushable) === 1) setImmediate(this.#run);
  }

  /** What is added meanwhile waits for the next turn: nobody can keep the loop from its sockets. */
  #flushAll(): void {
    const running = this.#waiting;
    this.#waiting = this.#running;
    this.#running = running;
    for (let i = 0; i < running.length; i++) {
      const flushable = running[i]!;
      try {
        flushable.flush();
      } catch (error) {
        flushable.crashed(error);
      }
    }
    running.length = 0;
  }
}

export const turnEnd: TurnEnd = new TurnEnd();
