import assert from 'node:assert/strict';
import type { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { type PlainMessage, takeMessage } from '../support/http1-message.ts';
import { type Http1Case, readHttp1Transcripts } from '../support/http1-transcripts.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

// The malformed messages of the transcripts, over real sockets and through the whole server, with every byte recorded that
// comes out on the other side. A front end that lets one of them through, or only its beginning in a form that its backend could
// take for a whole one, can be used to smuggle requests or to poison a neighbour's response (CWE-444).
//
// Cases with limits of their own are left out: their limits are smaller than a configuration may say.

const FAULTY = readHttp1Transcripts().filter(
  ({ events, directives }) => events.at(-1)?.startsWith('fault ') && !directives.has('limits'),
);

test('the transcripts hold malformed messages of both kinds', () => {
  assert.ok(FAULTY.filter(({ isResponse }) => !isResponse).length > 300);
  assert.ok(FAULTY.filter(({ isResponse }) => isResponse).length > 70);
});

for (const one of FAULTY.filter(({ isResponse }) => !isResponse)) {
  test(`${one.topic}: ${one.title}: nothing but clean requests reaches the origin`, async (t) => {
    await judgeRequest(t, one, (bytes) => [bytes]);
  });

  if (isBrokenInBody(one)) {
    test(`${one.topic}: ${one.title}, when its head was forwarded already: the origin never sees its end`, async (t) => {
      await judgeRequest(t, one, (bytes) => {
        const headEnd = bytes.indexOf('\r\n\r\n') + 4;
        return [bytes.subarray(0, headEnd), bytes.subarray(headEnd)];
      });
    });
  }
}

for (const one of FAULTY.filter(({ isResponse }) => isResponse)) {
  test(`${one.topic}: ${one.title}: the client is not fooled, and the connection is not used again`, async (t) => {
    await judgeResponse(t, one);
  });
}

/** Sends the case, in one piece or cut in two, past a front end with an idle connection to its origin. */
async function judgeRequest(
  t: TestContext,
  one: Http1Case,
  cut: (bytes: Buffer) => readonly Buffer[],
): Promise<void> {
  const clean = one.events.filter((event) => event === 'end').length;
  const { origin, front } = await startWarm(t);
  const warm = origin.connections[0]!;
  const warmLength = warm.text.length;
  const client = await openClient(t, front.port());

  const [first, second] = cut(one.bytes) as [Buffer, Buffer?];
  client.send(first);
  if (second !== undefined) {
    await warm.until(() => warm.text.includes('\r\n\r\n', warmLength), 'the head');
    client.send(second);
  }

  for (let i = 0; i < clean; i++) assert.equal((await client.message()).body, 'clean');
  const refusal = await client.message();
  assert.equal(`${refusal.status}`, one.events.at(-1)!.split(' ')[2]);
  assert.equal(refusal.headers.get('connection'), 'close');
  assert.equal(await client.untilEnded(), 'end');
  assert.equal(client.rest, '', 'nothing follows the refusal');
  client.end();
  await front.settled();
  const record = await recordOf(origin, front);
  assert.equal(record.whole, 1 + clean, origin.text);
  if (!isBrokenInBody(one)) assert.equal(record.rest, '', 'nothing of the malformed request went out');
  else if (second !== undefined) assert.notEqual(record.rest, '', 'its head had gone out');
}

/** Lets an origin answer with the case. */
async function judgeResponse(t: TestContext, one: Http1Case): Promise<void> {
  const origin = await startOrigin(t, (connection) => {
    if (origin.connections.length > 1) return answering(ok('clean'))(connection);
    connection.untilText('\r\n\r\n').then(() => {
      connection.send(one.bytes);
      if (one.directives.has('end')) connection.end();
    });
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const method = one.directives.get('request') ?? 'GET';
  const asked = one.directives.get('asked');

  client.send(
    requestText(`${method} /`, asked === undefined ? [] : ['Connection: upgrade', `Upgrade: ${asked}`]),
  );

  const head = one.events.find((event) => event.startsWith('head '));
  if (head === undefined) assert.equal((await finalMessage(client)).status, 502);
  else if (one.events.includes('end')) {
    const { status } = await finalMessage(client, method === 'HEAD');
    assert.equal(`${status}`, head.split(' ')[1]);
  } else {
    await client.untilEnded();
    assert.equal(takeMessage(client.rest, { ended: true }), undefined, 'what was cut does not look whole');
  }
  await origin.connections[0]!.untilEnded();
  const next = await openClient(t, front.port());
  next.send(requestText('GET /next'));
  assert.equal((await next.message()).body, 'clean');
  assert.equal(origin.connections.length, 2);
  front.assertNothingInFlight();
}

async function finalMessage(client: Peer, isHeadAnswer = false): Promise<PlainMessage> {
  for (;;) {
    const message = await client.message({ isHeadAnswer });
    if (message.status >= 200) return message;
  }
}

/** A front end with an idle connection to its origin: a byte that gets past it goes out at once. */
async function startWarm(t: TestContext): Promise<{ readonly origin: Origin; readonly front: TestFront }> {
  const origin = await startOrigin(t, answering(ok('clean')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  client.send(requestText('GET /warm'));
  assert.equal((await client.message()).body, 'clean');
  client.end();
  await client.closed;
  return { origin, front };
}

/** Stops the front end, so that no byte is under way any more, and reads what the origin got: whole requests, and what is none. */
async function recordOf(
  origin: Origin,
  front: TestFront,
): Promise<{ readonly whole: number; readonly rest: string }> {
  await front.server.stop();
  await Promise.all(origin.connections.map(({ closed }) => closed));
  let whole = 0;
  let rest = '';
  for (const { text } of origin.connections) {
    let at = 0;
    for (let taken = takeMessage(text); taken !== undefined; taken = takeMessage(text.slice(at))) {
      whole += 1;
      at += taken.length;
    }
    rest += text.slice(at);
  }
  return { whole, rest };
}

/** The last request had a head that could be forwarded. */
function isBrokenInBody({ events }: Http1Case): boolean {
  return events.findLastIndex((event) => event.startsWith('head ')) > events.lastIndexOf('end');
}
