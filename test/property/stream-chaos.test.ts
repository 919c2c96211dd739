import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { isEndAnnounced, watchEnd } from '../../src/transport/announced-end.ts';
import { startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';
import { openStream, startStreamFront, WAYS, type Way } from '../support/stream-front.ts';

/** What one of two peers does. */
type Step =
  | { readonly side: 0 | 1; readonly kind: 'send'; readonly bytes: number }
  | { readonly side: 0 | 1; readonly kind: 'end' | 'reset' | 'pause' | 'resume' }
  | { readonly side: 0 | 1; readonly kind: 'wait' };

const side = fc.constantFrom(0 as const, 1 as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      side,
      kind: fc.constant('send' as const),
      bytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 8000, max: 600_000 })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ side, kind: fc.constantFrom('pause' as const, 'resume' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ side, kind: fc.constant('wait' as const) }) },
  { weight: 2, arbitrary: fc.record({ side, kind: fc.constant('end' as const) }) },
  { weight: 1, arbitrary: fc.record({ side, kind: fc.constant('reset' as const) }) },
);

for (const way of WAYS) {
  test(`${way}: whatever two peers do, each gets the beginning of what the other sent, and an end only behind all of it`, async (t) => {
    const origin = await startOrigin(t);
    // An instance that resets before we have noticed that it has accepted is one that could not be connected to.
    const front = await startStreamFront(t, {
      instances: [origin.address],
      cluster: 'health: { fail: 1000 }',
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const client = new Actor(await openStream(t, front, way), way, 'c');
        const instance = new Actor(await origin.next(), 'listener', 'i');
        await front.until(() => front.upstreamConnections === 1, 'a stream that stands');
        const actors = [client, instance] as const;

        for (const taken of steps) await actors[taken.side].take(taken);
        for (const actor of actors) actor.finish();
        for (const actor of actors) await actor.peer.untilEnded();
        await front.settled();

        await client.check(instance);
        await instance.check(client);
        const stream = front.streams.at(-1)!;
        if (!client.hasReset && !instance.hasReset) {
          assert.equal(stream.error, undefined);
          assert.deepEqual([stream.bytesIn, stream.bytesOut], [client.sent.length, instance.sent.length]);
        }
      }),
      { numRuns: 60 },
    );
    assert.equal(front.upstreamConnections, 0);
  });
}

/** One peer, and what it has done. */
class Actor {
  readonly peer: Peer;
  readonly #way: Way;
  readonly #letter: string;
  sent = '';
  hasEnded = false;
  hasReset = false;

  constructor(peer: Peer, way: Way, letter: string) {
    this.peer = peer;
    if (way === 'terminated') watchEnd(peer.socket as TLSSocket);
    this.#way = way;
    this.#letter = letter;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'send':
        if (!this.#isGone && !this.hasEnded) this.#send(step.bytes);
        return;
      case 'end':
        this.#end();
        return;
      case 'reset':
        // Node cannot reset a socket whose end is under way (src/transport/reset-connection.ts).
        if (this.#isGone || (this.hasEnded && !this.peer.socket.writableFinished)) return;
        this.hasReset = true;
        // Over TLS an end without close_notify is as good.
        if (this.#way === 'terminated') this.peer.socket.destroy();
        else this.peer.reset();
        return;
      case 'pause':
        this.peer.socket.pause();
        return;
      case 'resume':
        this.peer.socket.resume();
        return;
      case 'wait':
        for (let i = 0; i < 3; i++) await new Promise((next) => setImmediate(next));
    }
  }

  /** Reads on, and ends what is not ended. */
  finish(): void {
    this.peer.socket.resume();
    this.#end();
  }

  /** What came is what the other has sent, or the beginning of it. */
  async check(other: Actor): Promise<void> {
    const { text } = this.peer;
    assert.ok(other.sent.startsWith(text), 'other bytes than were sent');
    if (this.hasReset || (await this.peer.ended) !== 'end' || !isEndAnnounced(this.peer.socket)) return;
    assert.ok(other.hasEnded, 'an end that nobody has sent');
    assert.equal(text.length, other.sent.length, 'an end before the end');
  }

  get #isGone(): boolean {
    return this.peer.socket.destroyed || this.hasReset;
  }

  #send(bytes: number): void {
    // No two pieces alike, so that none can take another's place.
    const piece = `${this.#letter}${this.sent.length.toString(36)}.`;
    const text = piece.repeat(Math.ceil(bytes / piece.length)).slice(0, bytes);
    this.sent += text;
    this.peer.send(text);
  }

  #end(): void {
    if (this.#isGone || this.hasEnded) return;
    this.hasEnded = true;
    this.peer.end();
  }
}
