import type { Priority } from './priority.ts';

/**
 * Priorities that were told for streams before they are opened (RFC 9218, section 7.1). Those of streams that the client has skipped
 * then, or that were refused, nobody asks for: they are forgotten when others need their room.
 */
export class EarlyPriorities {
  readonly #byStream: Map<number, Priority> = new Map();

  /** Keeps the newest word on a stream above `highestId`. False: there are as many as `room` already. */
  keep(streamId: number, priority: Priority, highestId: number, room: number): boolean {
    const byStream = this.#byStream;
    if (byStream.size >= room && !byStream.has(streamId)) {
      for (const id of byStream.keys()) if (id <= highestId) byStream.delete(id);
      if (byStream.size >= room) return false;
    }
    byStream.set(streamId, priority);
    return true;
  }

  /** For a stream that is opened. */
  take(streamId: number): Priority | undefined {
    if (this.#byStream.size === 0) return undefined;
    const priority = this.#byStream.get(streamId);
    this.#byStream.delete(streamId);
    return priority;
  }
}
