import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { openClient } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { type PlainMessage, takeMessage } from '../support/http1-message.ts';
import { startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

// Whatever the framing, however the bytes are cut, wherever the backend goes away: a client has either the whole response,
// byte for byte, or sees that it has not.

interface Scenario {
  readonly version: '1.0' | '1.1';
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly framing: 'sized' | 'chunked' | 'until-close';
  readonly bodyBytes: number;
  /** Where the backend's bytes are cut into writes; shares of their length. */
  readonly cuts: readonly number[];
  /** Share of the bytes after which the backend goes away, and how; undefined: it stays. */
  readonly leaves: { readonly after: number; readonly by: 'end' | 'reset' } | undefined;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });

const scenario: fc.Arbitrary<Scenario> = fc.record({
  version: fc.constantFrom('1.0', '1.1'),
  method: fc.constantFrom('GET', 'HEAD', 'POST'),
  framing: fc.constantFrom('sized', 'chunked', 'until-close'),
  bodyBytes: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 4000, max: 300_000 })),
  cuts: fc.array(share, { maxLength: 6 }),
  leaves: fc.option(fc.record({ after: share, by: fc.constantFrom('end', 'reset') }), { nil: undefined }),
});

test('a client never takes a piece of a response for the whole', async (t) => {
  let current: { readonly scenario: Scenario; readonly body: string } | undefined;
  const origin = await startOrigin(t, (connection) => {
    connection.ended.then(() => connection.socket.destroy());
    void answerRequests(connection, () => current!);
  });
  const front = await startFront(t, plainConfig([origin.address], '', 'health: { fail: 1000 }'));

  await fc.assert(
    fc.asyncProperty(scenario, async (scenario) => {
      const body = bodyOf(scenario.bodyBytes);
      current = { scenario, body };
      const client = await openClient(t, front.port());

      client.send(requestOf(scenario));
      const { message, isWhole } = await outcome(client, scenario);

      const expected = scenario.method === 'HEAD' ? '' : body;
      if (isWhole && message?.status === 200) {
        if (canPassForWhole(scenario)) assert.ok(expected.startsWith(message.body));
        else assert.equal(message.body, expected);
      } else if (isWhole) assert.equal(message?.status, 502);
      if (scenario.leaves === undefined) assert.deepEqual([isWhole, message?.status], [true, 200]);
      client.end();
      client.socket.destroy();
    }),
    { numRuns: 200 },
  );

  await front.settled();
});

/** The backend itself ends a body early where its end is the body's end: nobody can see that. */
function canPassForWhole({ framing, leaves }: Scenario): boolean {
  return framing === 'until-close' && leaves?.by === 'end';
}

/** The response as the client has it, and whether it must take it for whole. */
async function outcome(
  client: Peer,
  { method }: Scenario,
): Promise<{ readonly message: PlainMessage | undefined; readonly isWhole: boolean }> {
  const context = { isHeadAnswer: method === 'HEAD' };
  for (;;) {
    const ended = client.hasEnded;
    const reset = client.error !== undefined;
    const taken = takeMessage(client.text, { ...context, ended: ended && !reset });
    if (taken !== undefined) return { message: taken.message, isWhole: true };
    if (ended) return { message: undefined, isWhole: false };
    const { receivedBytes } = client;
    await client.until(() => client.receivedBytes > receivedBytes || client.hasEnded).catch(() => {});
  }
}

async function answerRequests(
  connection: Peer,
  wanted: () => { readonly scenario: Scenario; readonly body: string },
): Promise<void> {
  try {
    for (;;) {
      await connection.message();
      const { scenario, body } = wanted();
      if (!(await answer(connection, scenario, body))) return;
    }
  } catch {
    // The front end has closed.
  }
}

/** Whether the connection goes on. */
async function answer(connection: Peer, scenario: Scenario, body: string): Promise<boolean> {
  const { framing, method, cuts, leaves } = scenario;
  const text = responseOf(framing, method, body);
  const end = leaves === undefined ? text.length : Math.floor(leaves.after * text.length);
  const positions = cuts.map((cut) => Math.floor(cut * end)).sort((a, b) => a - b);
  let from = 0;
  for (const to of [...positions, end]) {
    if (to > from) connection.send(text.slice(from, to));
    from = to;
    await nextTurn();
  }
  if (leaves?.by === 'reset') connection.reset();
  else if (leaves !== undefined || framing === 'until-close') connection.socket.end();
  else return true;
  return false;
}

function responseOf(framing: Scenario['framing'], method: string, body: string): string {
  const head = 'HTTP/1.1 200 OK\r\nx-kind: chaos\r\n';
  const sent = method === 'HEAD' ? '' : body;
  if (framing === 'sized') return `${head}content-length: ${body.length}\r\n\r\n${sent}`;
  if (framing === 'until-close') return `${head}connection: close\r\n\r\n${sent}`;
  if (method === 'HEAD') return `${head}transfer-encoding: chunked\r\n\r\n`;
  const half = Math.floor(sent.length / 2);
  const chunks = [sent.slice(0, half), sent.slice(half)]
    .filter((chunk) => chunk !== '')
    .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return `${head}transfer-encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`;
}

function requestOf({ method, version }: Scenario): string {
  const body = method === 'POST' ? 'content-length: 5\r\n\r\nhello' : '\r\n';
  return `${method} / HTTP/${version}\r\nhost: shop.example\r\n${body}`;
}

/** Every position says where it is, so that a shift cannot go unnoticed. */
function bodyOf(bytes: number): string {
  let text = '';
  for (let i = 0; text.length < bytes; i++) text += `${i.toString(36)},`;
  return text.slice(0, bytes);
}
