import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { eachRequest, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

// Whatever becomes of a shared connection - answers cut anywhere, an instance that dies anywhere, closes, falls silent - a client has
// the answer to its own request, or an error, and never another's. (Of an instance that answers what nobody asked while others
// are waiting nobody can tell; that is the risk the documentation names.)

/** What an instance does when it is asked. */
interface Deed {
  readonly framing: 'sized' | 'chunked' | 'until-close';
  readonly padding: number;
  readonly cut: number;
  readonly ending: 'stay' | 'close' | 'die-before' | 'die-within' | 'die-after' | 'silence';
}

const deed: fc.Arbitrary<Deed> = fc.record({
  framing: fc.constantFrom('sized', 'sized', 'sized', 'chunked', 'until-close'),
  padding: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
  cut: fc.double({ min: 0, max: 1, noNaN: true }),
  ending: fc.oneof(
    { weight: 12, arbitrary: fc.constant('stay' as const) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        'close',
        'close',
        'die-before',
        'die-within',
        'die-after',
        'die-after',
        'silence',
      ),
    },
  ),
});

test('an answer goes to whom it is for, whatever becomes of the connection it shares', async (t) => {
  let deeds: readonly Deed[] = [];
  let asked = 0;
  let shared = 0;
  /** Those that have done with answering: who answers again after leaving one out mixes the answers up himself. */
  const mute = new WeakSet<Peer>();
  const origin = await startOrigin(
    t,
    eachRequest((request, connection) => {
      const path = request.startLine.split(' ')[1]!;
      const { framing, padding, cut, ending } = deeds[asked++ % deeds.length]!;
      if (connection.rest !== '') shared += 1;
      if (mute.has(connection)) return;
      if (framing === 'until-close' || ending !== 'stay') mute.add(connection);
      if (ending === 'silence') return;
      const text = answerOf(path, framing, padding, ending === 'close');
      const at = Math.floor(cut * text.length);
      if (ending === 'die-before') connection.socket.destroy();
      else if (ending === 'die-within') connection.send(text.slice(0, at)).socket.destroySoon();
      else {
        connection.send(text.slice(0, at));
        connection.send(text.slice(at));
        if (framing === 'until-close' || ending === 'close') connection.end();
        else if (ending === 'die-after') connection.socket.destroySoon();
      }
    }),
  );
  const yaml = plainConfig(
    [origin.address],
    '',
    'pipelining: { depth: 6, maxWait: 20ms }\ntimeouts: { responseHeader: 100ms }\nhealth: { fail: 1000 }',
  );
  const front = await startFront(t, yaml);
  let answered = 0;
  let asking = 0;

  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 30 }), async (plan) => {
      deeds = plan;
      asked = 0;
      const clients = await Promise.all(Array.from({ length: 12 }, () => openClient(t, front.port())));
      for (let round = 0; round < 3; round++) {
        const paths = clients.map((_, i) => `/${asking++}/${i}`);
        clients.forEach((client, i) => {
          if (!client.hasEnded) client.send(requestText(`GET ${paths[i]}`));
        });
        for (const [i, client] of clients.entries()) {
          const answer = await client.message().catch(() => undefined);
          if (answer === undefined) continue;
          const whole = `${paths[i]}${'x'.repeat(PADDINGS.get(paths[i]!) ?? 0)}`;
          if (answer.status === 200) {
            assert.ok(
              answer.body === whole || (whole.startsWith(answer.body) && dies(plan)),
              answer.body.slice(0, 50),
            );
            answered += 1;
          } else assert.ok([502, 504].includes(answer.status));
        }
        await nextTurn();
      }
      for (const client of clients) client.socket.destroy();
    }),
    { numRuns: 30 },
  );

  await front.settled();
  assert.ok(shared > 100, `only ${shared} requests came before the one ahead of them was answered`);
  assert.ok(answered > asking / 2, `${answered} of ${asking} were answered`);
});

/** What belongs to a path, so that a second answer to it is the same. */
const PADDINGS = new Map<string, number>();

/** An answer whose end is the end of the connection is the shorter for the instance's death, and nobody can see it. */
function dies(plan: readonly Deed[]): boolean {
  return plan.some(({ framing }) => framing === 'until-close');
}

function answerOf(path: string, framing: Deed['framing'], padding: number, closes: boolean): string {
  const length = PADDINGS.get(path) ?? padding;
  PADDINGS.set(path, length);
  const body = `${path}${'x'.repeat(length)}`;
  const close = closes ? 'connection: close\r\n' : '';
  switch (framing) {
    case 'sized':
      return `HTTP/1.1 200 OK\r\n${close}content-length: ${body.length}\r\n\r\n${body}`;
    case 'chunked':
      return `HTTP/1.1 200 OK\r\n${close}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    case 'until-close':
      return `HTTP/1.1 200 OK\r\n${close}\r\n${body}`;
  }
}
