import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { plainBlock } from '../support/http2-hpack.ts';
import type { Field } from '../support/http2-hpack-decoder.ts';
import { H2C, type Http2Backend, type Http2Request, startHttp2Origin } from '../support/http2-origin.ts';
import { data, headers, rstStream, windowUpdate } from '../support/http2-wire.ts';
import { startOrigin } from '../support/origin.ts';

// What HTTP/2 instances are sent for clients of either version, and what these get.

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly trailers: ReadonlyMap<string, string> | undefined;
  readonly interim: readonly number[];
}

interface Question {
  readonly method?: string;
  readonly fields?: readonly Field[];
  /** Undefined: none, not even an empty one. */
  readonly body?: string;
  /** The client says how long it is. */
  readonly isSized?: boolean;
  readonly trailers?: readonly Field[];
}

type Ask = (question: Question) => Promise<Answer>;

const CLIENTS: Readonly<Record<string, (t: TestContext, front: TestFront) => Promise<Ask>>> = {
  'HTTP/1.1': http1Client,
  'HTTP/2': http2Client,
};

for (const [version, connect] of Object.entries(CLIENTS)) {
  test(`${version}: a body of known length arrives with it, both ways`, async (t) => {
    const { ask, backend } = await begin(t, connect);
    const answer = ask({ method: 'POST', body: 'hello', isSized: true });
    const request = await (await backend()).wholeRequest();
    (await backend()).respond(request, 200, 'world', { fields: [['content-length', '5']] });

    const { status, body, headers: fields } = await answer;
    assert.deepEqual([status, body, fields.get('content-length')], [200, 'world', '5']);
    assert.deepEqual(request.values('content-length'), ['5']);
    assert.equal(request.body, 'hello');
  });

  test(`${version}: a body of unknown length arrives without one, both ways`, async (t) => {
    const { ask, backend } = await begin(t, connect);
    const answer = ask({ method: 'POST', body: 'x'.repeat(50_000), isSized: false });
    const request = await (await backend()).wholeRequest();
    (await backend()).respond(request, 200, 'y'.repeat(16_000), { end: false });
    (await backend()).send(data(request.streamId, 'z', { endStream: true }));

    const { body, headers: fields } = await answer;
    assert.equal(body, `${'y'.repeat(16_000)}z`);
    assert.equal(fields.has('content-length'), false);
    assert.deepEqual(request.values('content-length'), []);
    assert.deepEqual(request.values('transfer-encoding'), []);
    assert.equal(request.receivedBytes, 50_000);
  });

  test(`${version}: bodies that are empty, in all ways to say so`, async (t) => {
    const { ask, backend } = await begin(t, connect);
    const pieces: readonly (readonly [Question, (backend: Http2Backend, request: Http2Request) => void])[] = [
      [{ method: 'POST', body: '', isSized: true }, (b, r) => b.respond(r, 200, '')],
      [
        { method: 'POST', body: '', isSized: false },
        (b, r) => b.respond(r, 200, '', { end: false }).send(data(r.streamId, '', { endStream: true })),
      ],
      [{ method: 'POST' }, (b, r) => b.respond(r, 200, '', { fields: [['content-length', '0']] })],
      [
        {},
        (b, r) =>
          b
            .respond(r, 200, '', { end: false })
            .send(headers(r.streamId, plainBlock([['x-sum', '0']]), { endStream: true })),
      ],
    ];

    for (const [i, [question, answerIt]] of pieces.entries()) {
      const answer = ask(question);
      const request = await (await backend()).wholeRequest(i);
      answerIt(await backend(), request);
      assert.deepEqual([(await answer).status, (await answer).body, request.body], [200, '', '']);
    }
  });

  test(`${version}: HEAD, 204 and 304 have no body, whatever length they tell`, async (t) => {
    const { ask, backend } = await begin(t, connect);
    const pieces: readonly (readonly [Question, number, readonly Field[]])[] = [
      [{ method: 'HEAD' }, 200, [['content-length', '1000']]],
      [{ method: 'HEAD' }, 404, []],
      [{}, 204, []],
      [
        {},
        304,
        [
          ['content-length', '1000'],
          ['etag', '"x"'],
        ],
      ],
      [{}, 304, []],
    ];

    for (const [i, [question, status, fields]] of pieces.entries()) {
      const answer = ask(question);
      const request = await (await backend()).request(i);
      (await backend()).respond(request, status, '', { fields });
      const got = await answer;
      assert.deepEqual([got.status, got.body], [status, '']);
      if (question.method === 'HEAD' && status === 200)
        assert.equal(got.headers.get('content-length'), '1000');
    }
  });

  test(`${version}: interim responses but 100 pass`, async (t) => {
    const { ask, backend } = await begin(t, connect);
    const answer = ask({});
    const request = await (await backend()).request();
    const interim = (status: number) =>
      headers(
        request.streamId,
        plainBlock([
          [':status', `${status}`],
          ['link', '</a.css>'],
        ]),
      );
    (await backend())
      .send(interim(100), interim(103), interim(102), interim(103))
      .respond(request, 200, 'done');

    const { interim: seen, body } = await answer;
    assert.deepEqual(seen, [103, 102, 103]);
    assert.equal(body, 'done');
  });

  test(`${version}: trailers pass both ways`, async (t) => {
    const { ask, backend } = await begin(t, connect);
    const answer = ask({
      method: 'POST',
      fields: [['te', 'trailers']],
      body: 'hello',
      isSized: false,
      trailers: [['x-sum', '5']],
    });
    const request = await (await backend()).wholeRequest();
    (await backend()).respond(request, 200, 'world', { end: false });
    (await backend()).send(
      headers(
        request.streamId,
        plainBlock([
          ['x-own', 'a'],
          ['grpc-status', '0'],
        ]),
        { endStream: true },
      ),
    );

    const { trailers } = await answer;
    assert.deepEqual(request.trailers, [['x-sum', '5']]);
    assert.deepEqual(request.values('te'), ['trailers']);
    assert.deepEqual(
      [...trailers!],
      [
        ['x-own', 'a'],
        ['grpc-status', '0'],
      ],
    );
  });

  test(`${version}: cookies arrive as one field, and each that is set by itself`, async (t) => {
    const { ask, backend } = await begin(t, connect);
    const answer = ask({
      fields:
        version === 'HTTP/2'
          ? [
              ['cookie', 'a=1'],
              ['cookie', 'b=2'],
            ]
          : [['cookie', 'a=1; b=2']],
    });
    const request = await (await backend()).request();
    (await backend()).respond(request, 200, '', {
      fields: [
        ['set-cookie', 'c=3; Secure'],
        ['set-cookie', 'd=4'],
      ],
    });

    assert.deepEqual(request.values('cookie').join('; '), 'a=1; b=2');
    assert.equal((await answer).headers.get('set-cookie'), 'c=3; Secure, d=4');
  });

  test(`${version}: what is for one hop ends at it, and who asks is told`, async (t) => {
    const { ask, backend, front } = await begin(t, connect);
    const fields: Field[] = [
      ['x-forwarded-for', '1.2.3.4'],
      ['user-agent', 'test'],
    ];
    if (version === 'HTTP/1.1')
      fields.push(
        ['connection', 'x-hop, keep-alive'],
        ['x-hop', '1'],
        ['keep-alive', 'timeout=5'],
        ['te', 'gzip'],
      );
    const answer = ask({ fields });
    const request = await (await backend()).request();
    (await backend()).respond(request, 200, 'x', { fields: [['x-own', 'kept']] });
    await answer;

    for (const name of ['connection', 'x-hop', 'keep-alive', 'te', 'host', 'transfer-encoding', 'upgrade'])
      assert.deepEqual(request.values(name), [], name);
    assert.deepEqual(request.values(':authority'), ['shop.example']);
    assert.deepEqual(request.values('x-forwarded-for'), ['127.0.0.1']);
    assert.deepEqual(request.values('via'), [`${version === 'HTTP/2' ? '2' : '1.1'} portico`]);
    assert.deepEqual(request.values('x-request-id'), [front.exchanges[0]!.id]);
    assert.deepEqual(request.values(':scheme'), ['http']);
    const names = request.fields.map(([name]) => name);
    assert.equal(
      names.findLastIndex((name) => name.startsWith(':')),
      3,
      'pseudo-header fields come first',
    );
  });

  test(`${version}: repeated requests are each of their own`, async (t) => {
    const { ask, backend } = await begin(t, connect);
    for (let i = 0; i < 5; i++) {
      const answer = ask({
        fields: [
          ['x-same', 'value'],
          ['authorization', 'secret'],
        ],
      });
      const request = await (await backend()).request(i);
      (await backend()).respond(request, 200, `${i}`);
      assert.equal((await answer).body, `${i}`);
      assert.deepEqual(request.values('x-same'), ['value']);
      assert.deepEqual(request.values('authorization'), ['secret']);
    }
  });
}

test('a client that waits for 100 gets it when the instance is there, which is not asked to send one', async (t) => {
  const { front, backend } = await begin(t, http1Client);
  const client = await openClient(t, front.port());
  client.send(requestText('POST /', ['Expect: 100-continue', 'Content-Length: 4']));
  assert.equal((await client.message()).status, 100);
  client.send('body');
  const request = await (await backend()).wholeRequest();
  (await backend()).respond(request, 204);

  assert.equal((await client.message()).status, 204);
  assert.deepEqual(request.values('expect'), []);
  assert.equal(request.body, 'body');
});

test('an answer that comes before the body is complete is the whole answer, and the rest is not sent', async (t) => {
  const { front, backend } = await begin(t, http2Client);
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/', { method: 'POST', endStream: false });
  client.send(data(exchange.streamId, 'some'));
  const instance = await backend();
  const request = await instance.request();
  await instance.until(() => request.body === 'some', 'some');

  instance.respond(request, 413, 'too much').send(rstStream(request.streamId, 'NO_ERROR'));
  await client.over(exchange);

  assert.deepEqual([exchange.status, exchange.body, exchange.isWhole], [413, 'too much', true]);
  assert.equal(front.exchanges[0]!.error, undefined);
  const next = client.request('/');
  instance.respond(await instance.request(1), 204);
  assert.equal((await client.over(next)).status, 204);
});

test('a complete answer to a slow client survives the reset of its request, and the loss of its connection', async (t) => {
  for (const end of ['reset', 'lost'] as const) {
    const { front, backend } = await begin(t, http2Client);
    const client = await openHttp2Client(t, front.port());
    client.refills = false;
    const exchange = client.request('/', { method: 'POST', endStream: false });
    const instance = await backend();
    const request = await instance.request();
    instance.respond(request, 200, '', { end: false });
    for (let i = 0; i < 10; i++)
      instance.send(data(request.streamId, 'x'.repeat(12_000), { endStream: i === 9 }));
    await client.until(() => exchange.bodyBytes === 65_535, 'what the window allows');

    if (end === 'reset') instance.send(rstStream(request.streamId, 'NO_ERROR'));
    else instance.peer.end();
    if (end === 'lost') await front.until(() => front.upstreamConnections === 0);
    else await client.sync();
    client.refills = true;
    client.send(...[0, exchange.streamId].map((id) => windowUpdateOf(id)));
    await client.over(exchange);

    assert.deepEqual([exchange.bodyBytes, exchange.isWhole], [120_000, true], end);
    await front.until(() => front.exchanges.length === 1);
    assert.equal(front.exchanges[0]!.error, undefined);
  }
});

test('the end of a body that was held while its instance did not read reaches it', async (t) => {
  for (const version of ['HTTP/1.1', 'HTTP/2'] as const) {
    const origin = await startOrigin(t);
    const other = await startHttp2Origin(t);
    const front = await startFront(
      t,
      version === 'HTTP/1.1' ? plainConfig([origin.address]) : plainConfig([other.address], '', H2C),
    );
    const client = await openHttp2Client(t, front.port());
    const exchange = client.request('/', { method: 'POST', endStream: false });
    const peer = version === 'HTTP/1.1' ? await origin.next() : (await other.connection()).peer;
    if (version === 'HTTP/1.1') await peer.untilText('\r\n\r\n');
    else await (await other.connection()).request();
    peer.keeps = false;
    peer.socket.pause();
    const piece = Buffer.alloc(16_384);
    let sent = 0;
    for (;;) {
      while (client.windows.room(exchange.streamId) >= piece.length) {
        client.windows.use(exchange.streamId, piece.length);
        client.send(data(exchange.streamId, piece));
        sent += piece.length;
        await client.sync();
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (client.windows.room(exchange.streamId) < piece.length) break;
    }
    client.send(data(exchange.streamId, '', { endStream: true }));
    await client.sync();

    let tail = '';
    peer.socket.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1')).slice(-100);
    });
    peer.socket.resume();
    if (version === 'HTTP/1.1') {
      await peer.until(() => tail.endsWith('0\r\n\r\n'), `the last of ${sent} octets`);
      peer.send('HTTP/1.1 204 No Content\r\n\r\n');
    } else {
      const backend = await other.connection();
      const request = await backend.wholeRequest();
      assert.equal(request.receivedBytes, sent);
      backend.respond(request, 204);
    }
    assert.equal((await client.over(exchange)).status, 204);
  }
});

function windowUpdateOf(streamId: number): Buffer {
  return windowUpdate(streamId, 65_535);
}

async function begin(t: TestContext, connect: (t: TestContext, front: TestFront) => Promise<Ask>) {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  return { front, ask: await connect(t, front), backend: () => origin.connection() };
}

async function http1Client(t: TestContext, front: TestFront): Promise<Ask> {
  const client = await openClient(t, front.port());
  return async ({ method = 'GET', fields = [], body, isSized = true, trailers = [] }) => {
    const lines = fields.map(([name, value]) => `${name}: ${value}`);
    if (fields.some(([name]) => name === 'te') && !fields.some(([name]) => name === 'connection'))
      lines.push('connection: te');
    if (body !== undefined)
      lines.push(isSized ? `content-length: ${body.length}` : 'transfer-encoding: chunked');
    client.send(requestText(`${method} /`, lines));
    if (body !== undefined && isSized) client.send(body);
    else if (body !== undefined) {
      const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
      client.send(`${chunk}0\r\n${trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    }
    const interim: number[] = [];
    for (;;) {
      const message = await client.message({ isHeadAnswer: method === 'HEAD' });
      if (message.status >= 200) return { ...message, trailers: linesOf(message.trailers), interim };
      interim.push(message.status);
    }
  };
}

function linesOf(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').filter((line) => line !== '');
  return new Map(lines.map((line) => line.split(': ') as [string, string]));
}

async function http2Client(t: TestContext, front: TestFront): Promise<Ask> {
  const client = await openHttp2Client(t, front.port());
  return async ({ method = 'GET', fields = [], body, isSized = true, trailers = [] }) => {
    const all = [...fields];
    if (body !== undefined && isSized) all.push(['content-length', `${body.length}`]);
    const exchange = client.request('/', { method, fields: all, endStream: body === undefined });
    if (body !== undefined) await client.sendBody(exchange, Buffer.from(body), trailers.length === 0);
    if (trailers.length > 0)
      client.send(headers(exchange.streamId, plainBlock(trailers), { endStream: true }));
    return client.over(exchange);
  };
}
