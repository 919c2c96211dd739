import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer, type FetchHandler, type ServerOptions } from '../../src/index.ts';
import { openClient, requestText } from '../support/client.ts';
import { openHttp2Client } from '../support/http2-client.ts';

interface Running {
  readonly port: number;
  /** Lines of the access log. */
  readonly lines: Record<string, unknown>[];
}

async function start(
  t: TestContext,
  fetch: FetchHandler['fetch'],
  options: ServerOptions = {},
): Promise<Running> {
  const lines: Record<string, unknown>[] = [];
  const server = createServer(
    { fetch },
    { listen: '127.0.0.1:0', accessLog: { write: (line) => lines.push(JSON.parse(line)) }, ...options },
  );
  const [listener] = await server.start();
  t.after(() => server.close());
  return { port: listener!.port, lines };
}

/** A body of one event and no end; `cancelled` is settled when nobody wants it any more. */
function eventBody() {
  const cancelled = Promise.withResolvers<string>();
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from('data: 1\n\n')),
    cancel: (reason) => cancelled.resolve(String(reason)),
  });
  return { stream, cancelled: cancelled.promise };
}

test('an event goes out when it is there, and the body is cancelled when its client goes', async (t) => {
  const { stream, cancelled } = eventBody();
  const { port } = await start(t, () => new Response(stream));
  const client = await openClient(t, port);
  client.send(requestText('GET /'));
  await client.until(() => client.text.includes('data: 1\n\n'));

  client.socket.resetAndDestroy();

  assert.match(await cancelled, /client-gone/);
});

test('a body is cancelled whose client has gone before it was there', async (t) => {
  const { stream, cancelled } = eventBody();
  const asked = Promise.withResolvers<void>();
  const { port } = await start(t, async ({ signal }) => {
    asked.resolve();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return new Response(stream);
  });
  const socket = connect(port, '127.0.0.1', () => socket.write(requestText('GET /')));
  await asked.promise;

  socket.resetAndDestroy();

  assert.match(await cancelled, /client-gone/);
});

test('a body without an end takes nothing of the others when its client has gone', async (t) => {
  const cancelled = Promise.withResolvers<void>();
  let pieces = 0;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Buffer.alloc(1000));
        // Long before this the client has gone; without an end the loop of the process would never come round again.
        if (++pieces > 1_000_000) controller.error(new Error('nobody stops it'));
      },
      cancel: () => cancelled.resolve(),
    });
  const { port } = await start(t, () => new Response(endless()));
  const client = await openClient(t, port);
  client.send(requestText('GET /'));
  await client.until(() => client.text.length > 100_000);

  client.socket.resetAndDestroy();

  await cancelled.promise;
});

test('an answer to HEAD reads no body, and has the length that it is said to have', async (t) => {
  const { stream, cancelled } = eventBody();
  const { port } = await start(t, ({ url }) => {
    if (url.endsWith('/events')) return new Response(stream);
    return new Response(null, { headers: url.endsWith('/file') ? { 'content-length': '1234' } : {} });
  });
  const client = await openClient(t, port);
  const head = async (path: string) => {
    client.send(requestText(`HEAD ${path}`));
    return (await client.message({ isHeadAnswer: true })).headers.get('content-length');
  };

  assert.equal(await head('/events'), undefined);
  await cancelled;
  assert.equal(await head('/file'), '1234');
  assert.equal(await head('/unsaid'), undefined);
});

test('a request that the web has no Request for is refused, and is no fault of the handler', async (t) => {
  const { port, lines } = await start(t, () => new Response('ok'));
  const client = await openClient(t, port);
  const status = async (line: string, host: string) => {
    client.send(`${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return (await client.message()).status;
  };

  assert.equal(await status('TRACE /', 'a'), 501);
  assert.equal(await status('GET /', '1.2.3.4.5'), 400);
  assert.equal(await status('GET /', 'a%2Fb'), 400);
  assert.equal(await status('GET /', 'a'), 200);
  assert.deepEqual(
    lines.map(({ error }) => error),
    ['method-not-implemented', 'malformed-request', 'malformed-request', undefined],
  );
});

test('what a handler of the web says of a connection is left out', async (t) => {
  const headers = { connection: 'keep-alive', 'keep-alive': 'timeout=5', upgrade: 'h2c', 'x-a': '1' };
  const { port } = await start(t, () => new Response('ok', { headers }));
  const client = await openClient(t, port);
  const session = await openHttp2Client(t, port);
  client.send(requestText('GET /'));

  const names = [...(await client.message()).headers.keys()];
  assert.deepEqual(
    names.filter((name) => name in headers),
    ['x-a'],
  );
  assert.equal((await session.get('/')).status, 200);
});
