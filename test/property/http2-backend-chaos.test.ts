import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { openClient } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { takeMessage } from '../support/http1-message.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { plainBlock } from '../support/http2-hpack.ts';
import type { Field } from '../support/http2-hpack-decoder.ts';
import { H2C, type Http2Backend, type Http2Request, startHttp2Origin } from '../support/http2-origin.ts';
import { data, goaway, headers, rstStream, settings } from '../support/http2-wire.ts';

// However an instance of HTTP/2 answers, narrows its windows and goes away, and whatever its clients speak: each client has the
// whole response, octet for octet, or sees that it has not.

const LEAVINGS = ['end', 'reset', 'NO_ERROR', 'CANCEL', 'REFUSED_STREAM', 'goaway', 'early-end'] as const;

interface Plan {
  readonly client: 'HTTP/1.1' | 'HTTP/2';
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly isSized: boolean;
  readonly interims: number;
  readonly hasTrailers: boolean;
  /** Of the body, octets. */
  readonly pieces: readonly number[];
  /** What SETTINGS say of the initial window behind the head; the one before comes back at once. */
  readonly window: number | undefined;
  /** The step at which the instance goes away: 0 is the head, then the pieces and the end; undefined: it stays. */
  readonly leaves: { readonly at: number; readonly by: (typeof LEAVINGS)[number] } | undefined;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  client: fc.constantFrom('HTTP/1.1', 'HTTP/2'),
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST'),
  isSized: fc.boolean(),
  interims: fc.nat({ max: 2 }),
  hasTrailers: fc.boolean(),
  pieces: fc.array(fc.oneof(fc.nat({ max: 200 }), fc.integer({ min: 4000, max: 60_000 })), { maxLength: 4 }),
  window: fc.option(fc.nat({ max: 70_000 }), { nil: undefined }),
  leaves: fc.option(fc.record({ at: fc.nat({ max: 5 }), by: fc.constantFrom(...LEAVINGS) }), {
    nil: undefined,
  }),
});

test('a client never takes a piece of a response of HTTP/2 for the whole', async (t) => {
  let current: Plan;
  let asked = 0;
  const origin = await startHttp2Origin(t, {
    script: (backend) => {
      backend.onWhole = (request) => void answer(backend, request, current).catch(() => {});
    },
  });
  const front = await startFront(t, plainConfig([origin.address], '', `${H2C}\nhealth: { fail: 1000 }`));

  await fc.assert(
    fc.asyncProperty(plan, async (plan) => {
      current = plan;
      const { status, body, isWhole } = await ask(t, front, plan);
      asked += 1;
      // A client may have the whole before its instance goes away, which is to be over for the next one.
      await front.until(() => front.exchanges.length === asked);

      const { method, leaves, pieces } = plan;
      const expected = method === 'HEAD' ? '' : bodyOf(pieces);
      if (isWhole && status === 200)
        assert.ok(canPassForWhole(plan) ? expected.startsWith(body) : body === expected);
      else if (isWhole) assert.equal(status, 502);
      if (leaves === undefined || leaves.at > lastStep(plan))
        assert.deepEqual([isWhole, status], [true, 200]);
    }),
    { numRuns: 200 },
  );

  await front.settled();
});

/** END_STREAM comes early where nothing has told the length: nobody can see that. */
function canPassForWhole({ isSized, leaves }: Plan): boolean {
  return !isSized && leaves?.by === 'early-end';
}

interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly isWhole: boolean;
}

async function ask(t: TestContext, front: TestFront, { client, method }: Plan): Promise<Outcome> {
  if (client === 'HTTP/1.1') return askHttp1(t, front, method);
  const peer = await openHttp2Client(t, front.port());
  const exchange = peer.request('/', { method, endStream: method !== 'POST' });
  if (method === 'POST') peer.send(data(exchange.streamId, 'hello', { endStream: true }));
  await peer.over(exchange);
  peer.peer.socket.destroy();
  return exchange;
}

async function askHttp1(t: TestContext, front: TestFront, method: string): Promise<Outcome> {
  const client = await openClient(t, front.port());
  const body = method === 'POST' ? 'content-length: 5\r\n\r\nhello' : '\r\n';
  client.send(`${method} / HTTP/1.1\r\nhost: shop.example\r\n${body}`);
  const isHeadAnswer = method === 'HEAD';
  let rest = client.rest;
  for (;;) {
    const taken = takeMessage(rest, { isHeadAnswer });
    const status = taken === undefined ? 0 : Number(taken.message.startLine.split(' ')[1]);
    if (taken !== undefined && status < 200) {
      await client.message();
      rest = client.rest;
    } else if (taken !== undefined || client.hasEnded) {
      client.socket.destroy();
      return { status, body: taken?.message.body ?? '', isWhole: taken !== undefined };
    } else {
      const { receivedBytes } = client;
      await client.until(() => client.receivedBytes > receivedBytes || client.hasEnded);
      rest = client.rest;
    }
  }
}

/** The end has a step of its own where it is not in the last piece. */
function lastStep({ method, pieces }: Plan): number {
  return method === 'HEAD' ? 0 : pieces.length + 1;
}

async function answer(backend: Http2Backend, request: Http2Request, plan: Plan): Promise<void> {
  const { method, isSized, interims, hasTrailers, pieces, window, leaves } = plan;
  const { streamId } = request;
  const body = bodyOf(pieces);
  for (let i = 0; i < interims; i++) backend.send(headers(streamId, plainBlock([[':status', '103']])));
  if (leaves?.at === 0) return leave(backend, streamId, leaves.by);
  const fields: Field[] = [[':status', '200']];
  if (isSized) fields.push(['content-length', `${body.length}`]);
  backend.send(headers(streamId, plainBlock(fields), { endStream: method === 'HEAD' }));
  if (window !== undefined)
    backend.send(settings([['INITIAL_WINDOW_SIZE', window]]), settings([['INITIAL_WINDOW_SIZE', 65_535]]));
  if (method === 'HEAD') return;
  let from = 0;
  for (const [i, octets] of pieces.entries()) {
    if (leaves?.at === i + 1) return leave(backend, streamId, leaves.by);
    await sendPiece(backend, request, body.slice(from, from + octets));
    from += octets;
    await nextTurn();
  }
  if (leaves?.at === pieces.length + 1) return leave(backend, streamId, leaves.by);
  if (hasTrailers) backend.send(headers(streamId, plainBlock([['x-sum', '1']]), { endStream: true }));
  else backend.send(data(streamId, '', { endStream: true }));
}

async function sendPiece(backend: Http2Backend, request: Http2Request, piece: string): Promise<void> {
  const { windows } = backend;
  const { streamId } = request;
  for (let at = 0; at < piece.length; ) {
    await backend.until(() => windows.room(streamId) > 0 || request.reset !== undefined);
    if (request.reset !== undefined) return;
    const octets = Math.min(windows.room(streamId), 16_384, piece.length - at);
    windows.use(streamId, octets);
    backend.send(data(streamId, piece.slice(at, at + octets)));
    at += octets;
  }
}

function leave(backend: Http2Backend, streamId: number, by: (typeof LEAVINGS)[number]): void {
  if (by === 'end') backend.peer.socket.end();
  else if (by === 'reset') backend.peer.reset();
  else if (by === 'goaway') backend.send(goaway(streamId, 'INTERNAL_ERROR')).peer.socket.end();
  else if (by === 'early-end') backend.send(data(streamId, '', { endStream: true }));
  else backend.send(rstStream(streamId, by));
}

/** Every position says where it is, so that a shift cannot go unnoticed. */
function bodyOf(pieces: readonly number[]): string {
  const octets = pieces.reduce((sum, piece) => sum + piece, 0);
  let text = '';
  for (let i = 0; text.length < octets; i++) text += `${i.toString(36)},`;
  return text.slice(0, octets);
}
