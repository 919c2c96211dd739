import { MAX_RECENT_RESETS } from './limits.ts';

/**
 * Streams that one side has reset while the other may still have been sending: what crosses a reset of ours is ignored, what
 * comes behind the peer's own is its fault (RFC 9113, section 5.1). The oldest are forgotten.
 */
export class RecentResets {
  readonly #byPeer: Map<number, boolean> = new Map();

  add(id: number, byPeer: boolean): void {
    this.#byPeer.set(id, byPeer);
    if (this.#byPeer.size <= MAX_RECENT_RESETS) return;
    const [oldest] = this.#byPeer.keys();
    this.#byPeer.delete(oldest!);
  }

  /** Who reset the stream; undefined: nobody that we know of. */
  by(id: number): 'peer' | 'us' | undefined {
    const byPeer = this.#byPeer.get(id);
    return byPeer === undefined ? undefined : byPeer ? 'peer' : 'us';
  }
}
