import type { Socket } from 'node:net';
import { FrameBlocks } from './frame-blocks.ts';
import { WriteProgress } from './write-progress.ts';

/**
 * Writes what an HTTP/2 engine sends, and knows by when the peer must have taken some of it. Any progress counts: a slow peer is not a
 * dead one.
 */
export class FrameWriter {
  readonly output: FrameBlocks;
  readonly progress: WriteProgress;
  /** When what is written must have moved, milliseconds on the clock of the deadlines; infinity while nothing waits. */
  dueAt = Number.POSITIVE_INFINITY;
  readonly #socket: Socket;
  readonly #arm: () => number;

  /** `arm` gives the time by which the peer must have taken something, from now, and sees to it that `isStuck` is asked then. */
  constructor(socket: Socket, arm: () => number) {
    this.output = new FrameBlocks(socket);
    this.progress = new WriteProgress(socket);
    this.#socket = socket;
    this.#arm = arm;
  }

  /** Writes all that there is. */
  flush(): void {
    // Node tells `drain` only when much was pending.
    if (this.#socket.writableLength === 0) this.drained();
    this.output.flush();
    if (this.#socket.writableLength > 0 && this.dueAt === Number.POSITIVE_INFINITY) this.#await();
  }

  drained(): void {
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  /** At the due time: whether the peer has taken nothing. Else it has as long again, for what still waits. */
  isStuck(): boolean {
    this.drained();
    if (this.#socket.writableLength === 0) return false;
    if (!this.progress.hasAdvanced) return true;
    this.#await();
    return false;
  }

  #await(): void {
    this.progress.mark();
    this.dueAt = this.#arm();
  }
}
