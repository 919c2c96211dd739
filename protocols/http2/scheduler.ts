import { URGENCIES } from './priority.ts';
import type { Http2Stream } from './stream.ts';

/**
 * Whose data goes next, among streams that have some and a window for it (RFC 9218, section 10): the most urgent first; of
 * equals, one that is not incremental until it has no more, incremental ones a frame each in turn.
 */
export class Scheduler {
  readonly #byUrgency: Http2Stream[][] = Array.from({ length: URGENCIES }, () => []);
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  add(stream: Http2Stream): void {
    if (stream.isScheduled) return;
    stream.isScheduled = true;
    this.#byUrgency[stream.priority.urgency]!.push(stream);
    this.#size += 1;
  }

  remove(stream: Http2Stream): void {
    if (!stream.isScheduled) return;
    stream.isScheduled = false;
    const equals = this.#byUrgency[stream.priority.urgency]!;
    equals.splice(equals.indexOf(stream), 1);
    this.#size -= 1;
  }

  /** The stream to send one frame of; undefined: there is none. */
  get next(): Http2Stream | undefined {
    if (this.#size === 0) return undefined;
    for (const equals of this.#byUrgency) {
      if (equals.length > 0) return equals[0];
    }
    return undefined;
  }

  /** The stream that was next has sent a frame and has more. */
  yield(stream: Http2Stream): void {
    const equals = this.#byUrgency[stream.priority.urgency]!;
    if (stream.priority.incremental && equals.length > 1) equals.push(equals.shift()!);
  }
}
