import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Answer, CLOSE, CONTINUE, type Module } from '../../src/core/callback-points.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { answering, eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';
import { sendBytes, sendForever, stalled } from '../support/peer-pace.ts';
import { REQUEST_POINTS, type RequestPoint } from '../support/request-points.ts';
import { openWebSocket, startWebSocketEcho } from '../support/websockets.ts';

/** What a module was asked for and has not answered yet. */
interface Asked {
  readonly point: RequestPoint;
  readonly path: string;
  readonly signal: AbortSignal;
  answer(answer: Answer): void;
  fail(error: Error): void;
}

for (const point of REQUEST_POINTS) {
  test(`at ${point} nothing of an exchange goes on until the promise is kept`, async (t) => {
    const { front, origin, asked } = await start(t, point);
    const client = await openClient(t, front.port());

    client.send(requestText('GET /a'));
    await front.until(() => asked.length === 1);
    assert.equal(front.exchanges.length, 0);
    assert.equal(origin.text === '', point !== 'readResponse');
    assert.equal(client.receivedBytes, 0);
    asked[0]!.answer(CONTINUE);
    const response = await client.message();

    assert.equal(response.status, 200);
    assert.equal(response.body, 'well');
    assert.equal(front.exchanges[0]?.error, undefined);
    client.end();
    await front.settled();
  });

  test(`an answer promised at ${point} is the answer`, async (t) => {
    const { front, asked } = await start(t, point);
    const client = await openClient(t, front.port());

    client.send(requestText('GET /respond') + requestText('GET /close'));
    await front.until(() => asked.length === 1);
    asked[0]!.answer({ kind: 'respond', status: 403, headers: ['x-why', 'no'], body: 'not you' });
    const response = await client.message();
    await front.until(() => asked.length === 2);
    asked[1]!.answer(CLOSE);

    assert.equal(response.status, 403);
    assert.equal(response.body, 'not you');
    await client.untilEnded();
    assert.equal(client.rest, '');
    await front.settled();
    assert.deepEqual(
      front.exchanges.map(({ error }) => error?.name),
      [undefined, 'denied-by-module'],
    );
  });

  test(`a promise that is rejected at ${point} costs its exchange a 500, and is in the log`, async (t) => {
    const { front, asked } = await start(t, point);
    const client = await openClient(t, front.port());

    client.send(requestText('GET /a') + requestText('GET /b'));
    await front.until(() => asked.length === 1);
    asked[0]!.fail(new Error('a mistake'));
    const failed = await client.message();
    await front.until(() => asked.length === 2);
    asked[1]!.answer(CONTINUE);
    const next = await client.message();

    assert.equal(failed.status, 500);
    assert.match(failed.body, /module-failed/);
    assert.equal(next.status, 200);
    assert.match(JSON.stringify(front.faults), /slow.*a mistake/);
    assert.equal(front.count('moduleFailed'), 1);
    front.faults.length = 0;
    client.end();
    await front.settled();
  });

  test(`a module that never answers at ${point} costs its exchange a 503 when its time is up`, async (t) => {
    const { front, asked } = await start(t, point, { timeoutMs: 20 });
    const client = await openClient(t, front.port());

    client.send(requestText('GET /a'));
    const response = await client.message();
    // Too late, and twice.
    asked[0]!.answer(CONTINUE);
    asked[0]!.answer(CLOSE);
    client.send(requestText('GET /b'));
    const other = await client.message();

    assert.equal(response.status, 503);
    assert.match(response.body, /module-timeout/);
    assert.equal(other.status, 503);
    assert.ok(asked[0]!.signal.aborted);
    assert.match(JSON.stringify(front.faults), /slow.*no answer within 20 ms/);
    front.faults.length = 0;
    client.end();
    await front.settled();
  });

  test(`a client that goes away while ${point} is waited for ends its exchange once`, async (t) => {
    const { front, asked } = await start(t, point);
    const client = await openClient(t, front.port());

    client.send(requestText('GET /a'));
    await front.until(() => asked.length === 1);
    assert.ok(!asked[0]!.signal.aborted);
    client.reset();
    await front.settled();

    assert.ok(asked[0]!.signal.aborted);
    asked[0]!.answer(CONTINUE);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      front.exchanges.map(({ error }) => error?.name),
      ['client-gone'],
    );
    front.assertNothingInFlight();
  });

  test(`while ${point} is waited for, other streams of the connection go on`, async (t) => {
    const { front, asked } = await start(t, point, { only: '/slow' });
    const client = await openHttp2Client(t, front.port());

    const slow = client.request('/slow');
    await front.until(() => asked.length === 1);
    const fast = await client.get('/fast');
    const given = client.request('/slow');
    await front.until(() => asked.length === 2);
    client.send(Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, given.streamId, 0, 0, 0, 8]));
    await front.until(() => front.exchanges.length === 2);
    asked[1]!.answer(CONTINUE);
    asked[0]!.answer(CONTINUE);
    await client.over(slow);

    assert.equal(fast.body, 'well');
    assert.equal(slow.body, 'well');
    assert.equal(front.exchanges[1]!.error?.name, 'client-gone');
    client.peer.end();
    await front.settled();
  });

  test(`a reload and a stop while ${point} is waited for do not wait for ever`, async (t) => {
    const { front, asked, config } = await start(t, point);
    const client = await openClient(t, front.port());

    client.send(requestText('GET /a'));
    await front.until(() => asked.length === 1);
    await front.reload(config);
    assert.equal(front.exchanges.length, 0);
    await front.server.stop();
    const response = await client.message();

    assert.equal(response.status, 503);
    assert.match(response.body, /draining/);
    assert.deepEqual(
      front.exchanges.map(({ error }) => error?.name),
      ['draining'],
    );
    asked[0]!.answer(CONTINUE);
    await new Promise((resolve) => setImmediate(resolve));
    front.assertNothingInFlight();
  });

  test(`a body behind a promise of ${point} arrives whole, and is not read before`, async (t) => {
    const size = 8 * 1024 * 1024;
    const origin = await startOrigin(t);
    const { front, asked } = await start(t, point, { origin });
    const client = await openClient(t, front.port());

    client.send(`POST /a HTTP/1.1\r\nhost: shop.example\r\ncontent-length: ${size}\r\n\r\n`);
    const sender = sendBytes(client, size);
    if (point === 'readResponse') {
      // Here the body has gone its way already.
      const upstream = await origin.next();
      upstream.keeps = false;
      await upstream.until(() => upstream.receivedBytes > size);
      upstream.send(ok('well'));
    } else {
      await front.until(() => asked.length === 1);
      assert.ok((await stalled(sender)) < size, 'the client was read on');
    }
    await front.until(() => asked.length === 1);
    asked[0]!.answer(CONTINUE);
    if (point !== 'readResponse') {
      const upstream = await origin.next();
      upstream.keeps = false;
      await upstream.until(() => upstream.receivedBytes > size);
      upstream.send(ok('well'));
    }

    assert.equal((await client.message()).body, 'well');
    assert.equal(front.exchanges[0]!.bytesIn, size);
    client.end();
    await front.settled();
  });

  test(`a WebSocket opens behind a promise of ${point}`, async (t) => {
    const address = await startWebSocketEcho(t, 'HTTP/1.1');
    const front = await startFront(t, plainConfig([address]), {
      modules: [{ name: 'slow', handlers: { [point]: () => soon(CONTINUE) } }],
    });

    for (const version of ['HTTP/1.1', 'HTTP/2'] as const) {
      const socket = await openWebSocket(t, front.port(), version);
      const echoed = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
      socket.send('hello');
      assert.equal(await echoed, 'hello');
      socket.terminate();
    }
  });
}

test('requests that follow on the connection are answered in their order', async (t) => {
  const { front, asked } = await start(t, 'afterLocation', {
    script: eachRequest((request, peer) => peer.send(ok(request.startLine))),
    only: '/slow',
  });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /slow') + requestText('GET /b') + requestText('GET /c'));
  await front.until(() => asked.length === 1);
  asked[0]!.answer(CONTINUE);

  for (const path of ['/slow', '/b', '/c'])
    assert.match((await client.message()).body, new RegExp(`GET ${path}`));
  client.end();
  await front.settled();
});

test('the next handlers are asked when one has answered late, and each has its time', async (t) => {
  const calls: string[] = [];
  const module = (name: string, answer: () => Answer | PromiseLike<Answer>): Module => ({
    name,
    handlers: {
      beforeLocation() {
        calls.push(name);
        return answer();
      },
    },
  });
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([origin.address]), {
    modules: [
      module('at once', () => CONTINUE),
      module('kept already', () => Promise.resolve(CONTINUE)),
      module('soon', () => soon(CONTINUE)),
      module('no promise of the language', () => thenable(CONTINUE)),
      module('at once too', () => CONTINUE),
    ],
  });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /a'));

  assert.equal((await client.message()).status, 200);
  assert.deepEqual(calls, ['at once', 'kept already', 'soon', 'no promise of the language', 'at once too']);
});

test('each attempt waits for what modules say of its instance', async (t) => {
  const refusing = await startOrigin(t);
  await refusing.stop();
  const origin = await startOrigin(t, answering(ok('well')));
  const asked: string[] = [];
  const front = await startFront(t, plainConfig([refusing.address, origin.address]), {
    modules: [
      {
        name: 'slow',
        handlers: {
          async forward(exchange) {
            asked.push(exchange.instance.address.text);
            await soon(undefined);
            exchange.requestHeaders = [...exchange.requestHeaders, 'x-attempt', String(exchange.attempts)];
            return { kind: 'continue' };
          },
        },
      },
    ],
  });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).status, 200);
  assert.deepEqual(asked, [refusing.address, origin.address]);
  assert.deepEqual(
    [...origin.text.matchAll(/^x-attempt: (.*)\r$/gm)].map(([, value]) => value),
    ['2'],
  );
});

test('an instance is not read on while a module thinks about the head of its response', async (t) => {
  const origin = await startOrigin(t);
  const { front, asked } = await start(t, 'readResponse', { origin });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const upstream = await origin.next();
  await upstream.message();
  sendForever(upstream);
  await front.until(() => asked.length === 1);
  const sent = await stalled({
    sentBytes: () => upstream.socket.bytesWritten - upstream.socket.writableLength,
  });
  client.keeps = false;
  asked[0]!.answer(CONTINUE);
  await client.until(() => client.receivedBytes > sent + 1_000_000);

  assert.equal(front.exchanges.length, 0);
  client.reset();
  await front.settled();
});

test('a response that breaks off while a module thinks about its head is a 502', async (t) => {
  const origin = await startOrigin(t);
  const { front, asked } = await start(t, 'readResponse', { origin });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const upstream = await origin.next();
  await upstream.message();
  upstream.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n');
  await front.until(() => asked.length === 1);
  upstream.reset();
  const response = await client.message();

  assert.equal(response.status, 502);
  asked[0]!.answer(CONTINUE);
  client.end();
  await front.settled();
  assert.deepEqual(
    front.exchanges.map(({ error }) => error?.name),
    ['response-cut'],
  );
});

test('what a module puts into messages is checked when it has answered late, too', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([origin.address]), {
    modules: [
      {
        name: 'careless',
        handlers: {
          async afterLocation(exchange) {
            await soon(undefined);
            exchange.requestHeaders = ['x', 'a\r\nb: c'];
            return CONTINUE;
          },
        },
      },
    ],
  });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).status, 500);
  assert.equal(origin.text, '');
  front.faults.length = 0;
});

/** A front end with a module that answers at one point when it is told to, of requests for `only` or of all. */
async function start(
  t: TestContext,
  point: RequestPoint,
  {
    timeoutMs,
    only,
    script = answering(ok('well')),
    origin,
  }: {
    readonly timeoutMs?: number;
    readonly only?: string;
    readonly script?: Parameters<typeof startOrigin>[1];
    readonly origin?: Origin;
  } = {},
): Promise<{ front: TestFront; origin: Origin; asked: Asked[]; config: string }> {
  const backend = origin ?? (await startOrigin(t, script));
  const asked: Asked[] = [];
  const module: Module = {
    name: 'slow',
    ...(timeoutMs !== undefined && { timeoutMs }),
    handlers: {
      [point]({ path, signal }: { path: string; signal: AbortSignal }) {
        if (only !== undefined && path !== only) return CONTINUE;
        const { promise, resolve, reject } = Promise.withResolvers<Answer>();
        asked.push({ point, path, signal, answer: resolve, fail: reject });
        front.changed();
        return promise;
      },
    },
  };
  const config = plainConfig([backend.address]);
  const front: TestFront = await startFront(t, config, { modules: [module] });
  return { front, origin: backend, asked, config };
}

function soon<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, value));
}

/** Calls back at once, and then once more. */
function thenable(value: Answer): PromiseLike<Answer> {
  const then = (kept: (value: Answer) => void): void => {
    kept(value);
    kept(CLOSE);
  };
  return { then } as PromiseLike<Answer>;
}
