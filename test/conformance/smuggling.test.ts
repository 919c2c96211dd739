import assert from 'node:assert/strict';
import type { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { type PlainMessage, takeMessage } from '../support/http1-message.ts';
import { type Http1Case, readHttp1Transcripts } from '../support/http1-transcripts.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';
import { parseWireNotation } from '../support/wire-notation.ts';

// The malformed messages of the transcripts, over real sockets and through the whole server, with every byte recorded that
// comes out on the other side. A front end that lets one of them through, or only its beginning in a form that its backend could
// take for a whole one, can be used to smuggle requests or to poison a neighbour's response (CWE-444).
//
// Cases with limits of their own are left out: their limits are smaller than a configuration may say.

const TRANSCRIPTS = readHttp1Transcripts();
const FAULTY = TRANSCRIPTS.filter(
  ({ events, directives, bytes }) =>
    events.at(-1)?.startsWith('fault ') &&
    !directives.has('limits') &&
    // To the whole server the preface is the beginning of HTTP/2.
    !bytes.toString('latin1').startsWith('PRI * HTTP/2.0\r\n'),
);

/** Requests that are read to their end, and for the scheme of a plain port. */
const ACCEPTED = TRANSCRIPTS.filter(
  ({ events, isResponse, directives, bytes }) =>
    !isResponse &&
    directives.size === 0 &&
    /^(keep-alive|close)$/.test(events.at(-1) ?? '') &&
    !/^\S+ https:/i.test(bytes.toString('latin1')),
);

test('the transcripts hold malformed messages of both kinds, and good ones', () => {
  assert.ok(ACCEPTED.length > 100);
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

for (const one of ACCEPTED) {
  test(`${one.topic}: ${one.title}: what is accepted is forwarded in the one form that cannot be misread`, async (t) => {
    await judgeAccepted(t, one);
  });
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
  assert.equal(record.messages.length, 1 + clean, origin.text);
  if (!isBrokenInBody(one)) assert.equal(record.rest, '', 'nothing of the malformed request went out');
  else if (second !== undefined) assert.notEqual(record.rest, '', 'its head had gone out');
}

/** Sends the case, and compares what the origin gets with what the transcript says. */
async function judgeAccepted(t: TestContext, one: Http1Case): Promise<void> {
  const origin = await startOrigin(t, answering(ok('clean')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const expected = requestsIn(one);

  client.send(one.bytes);
  for (const { method } of expected) {
    const { status } = await finalMessage(client, method === 'HEAD');
    assert.ok(status < 300);
  }
  client.end();
  await front.settled();

  const record = await recordOf(origin, front);
  // OPTIONS * is about the server that it reaches.
  const forwarded = expected.filter(({ path }) => path !== '*');
  assert.equal(record.rest, '');
  assert.equal(record.messages.length, forwarded.length);
  for (const [i, { startLine, headers, body }] of record.messages.entries()) {
    const { method, path, authority, upgrade, data } = forwarded[i]!;
    assert.equal(startLine, `${method} ${path} HTTP/1.1`);
    // Without one, the address that was asked.
    assert.equal(headers.get('host'), authority || `127.0.0.1:${front.port()}`);
    assert.equal(body, data);
    assert.equal(headers.has('content-length') && headers.has('transfer-encoding'), false);
    assert.equal(headers.get('connection'), upgrade === '' ? undefined : 'upgrade');
    assert.equal(headers.get('upgrade'), upgrade === '' ? undefined : upgrade);
    for (const name of NEVER_FORWARDED) assert.equal(headers.has(name), false, name);
  }
}

const NEVER_FORWARDED = ['expect', 'http2-settings', 'keep-alive', 'proxy-connection', 'te', 'trailer'];

interface ExpectedRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly upgrade: string;
  data: string;
}

/** The requests that a transcript's events tell of. */
function requestsIn({ events }: Http1Case): ExpectedRequest[] {
  const requests: ExpectedRequest[] = [];
  for (const event of events) {
    const [, method, path, authority, , upgrade = ''] = HEAD_EVENT.exec(event) ?? [];
    if (method !== undefined) {
      requests.push({ method, path: path!, authority: textOf(authority!), upgrade, data: '' });
    } else if (event.startsWith('data ')) {
      requests.at(-1)!.data += textOf(event.slice('data '.length));
    }
  }
  return requests;
}

const HEAD_EVENT =
  /^head (\S+) (\S+) HTTP\/1\.[01] (.*?)( body=\S+)?(?: expects-continue)?(?: upgrade=(\S+))?$/;

function textOf(notation: string): string {
  return parseWireNotation(notation).toString('latin1');
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
): Promise<{ readonly messages: readonly PlainMessage[]; readonly rest: string }> {
  await front.server.stop();
  await Promise.all(origin.connections.map(({ closed }) => closed));
  const messages: PlainMessage[] = [];
  let rest = '';
  for (const { text } of origin.connections) {
    let at = 0;
    for (let taken = takeMessage(text); taken !== undefined; taken = takeMessage(text.slice(at))) {
      messages.push(taken.message);
      at += taken.length;
    }
    rest += text.slice(at);
  }
  return { messages, rest };
}

/** The last request had a head that could be forwarded. */
function isBrokenInBody({ events }: Http1Case): boolean {
  return events.findLastIndex((event) => event.startsWith('head ')) > events.lastIndexOf('end');
}
