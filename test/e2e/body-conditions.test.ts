import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { MAX_HELD_BYTES } from '../../src/core/body-room.ts';
import { createServer } from '../../src/index.ts';
import { openClient, requestText } from '../support/client.ts';
import { type FrontOptions, startFront, type TestFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { data, rstStream } from '../support/http2-wire.ts';
import { answering, type Origin, ok, startHttpOrigin, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

const JSON_TYPE = 'Content-Type: application/json; charset=utf-8';

interface Site {
  readonly front: TestFront;
  readonly small: Origin;
  readonly large: Origin;
}

interface SiteOptions extends FrontOptions {
  /** Before the others, as YAML. */
  readonly routes?: string;
  /** Further top-level lines. */
  readonly top?: string;
  /** Of both clusters, as YAML flow. */
  readonly cluster?: string;
}

/** A site whose models are on two backends, by the body's `model`; what names none is answered by itself. */
async function startSite(t: TestContext, options: SiteOptions = {}): Promise<Site> {
  const { routes = '', top = '', cluster = '', ...rest } = options;
  const [small, large] = [await startOrigin(t), await startOrigin(t)];
  const yaml = siteYaml(small.address, large.address, routes, top, cluster);
  return { front: await startFront(t, yaml, rest), small, large };
}

function siteYaml(small: string, large: string, routes = '', top = '', cluster = ''): string {
  return `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
limits: { conditionBody: 1KiB }
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
${routes}
      - { path: "/v1/*", when: 'req_body_json_in("model", "small|tiny", true)', cluster: small }
      - { path: "/v1/*", when: 'req_body_json_prefix_in("model", "large-", false)', cluster: large }
      - { path: "/upload", cluster: large }
      - { respond: { status: 404, body: "no model" } }
clusters:
  small: { instances: [{ address: "${small}" }], ${cluster} }
  large: { instances: [{ address: "${large}" }], ${cluster} }
${top}
`;
}

function post(body: string, fields: readonly string[] = [JSON_TYPE], path = '/v1/chat'): string {
  return `${requestText(`POST ${path}`, [...fields, `Content-Length: ${body.length}`])}${body}`;
}

function chunked(body: string, fields: readonly string[] = [JSON_TYPE], path = '/v1/chat'): string {
  const head = requestText(`POST ${path}`, [...fields, 'Transfer-Encoding: chunked']);
  const chunks = body.match(/.{1,100}/gs) ?? [];
  return `${head}${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
}

/** What arrives at an origin, answered with 200. */
async function served(
  origin: Origin,
): Promise<{ readonly head: string; readonly body: string; readonly peer: Peer }> {
  const peer = await origin.next();
  const { body } = await peer.message();
  peer.send(ok('served'));
  return { head: peer.text.slice(0, peer.text.indexOf('\r\n\r\n')), body, peer };
}

const SMALL = '{"messages":[{"role":"user","content":"x"}],"model":"SMALL"}';
const LARGE = '{"model":"large-7","stream":true}';

for (const [framing, frame, expected] of [
  ['sized', post, /^content-length: 60$/im],
  ['chunked', chunked, /^transfer-encoding: chunked$/im],
] as const) {
  test(`a body decides where a request goes, and is passed on as it came, ${framing}`, async (t) => {
    const { front, small, large } = await startSite(t);
    const client = await openClient(t, front.port());

    client.send(frame(SMALL));
    const first = await served(small);
    assert.equal(first.body, SMALL);
    assert.match(first.head, expected);
    assert.equal((await client.message()).body, 'served');

    client.send(frame(LARGE));
    assert.equal((await served(large)).body, LARGE);
    assert.equal((await client.message()).body, 'served');

    client.send(frame('{"model":"other"}'));
    const { status, body } = await client.message();
    assert.deepEqual([status, body], [404, 'no model']);
    assert.deepEqual(
      front.exchanges.map(({ route, bytesIn }) => [route, bytesIn]),
      [
        ['/v1/* when #1', SMALL.length],
        ['/v1/* when #2', LARGE.length],
        ['default', 17],
      ],
    );
    front.assertNothingInFlight();
  });
}

test('the same head leads elsewhere with another body', async (t) => {
  const { front, small, large } = await startSite(t);
  const client = await openClient(t, front.port());
  const [one, two] = ['{"model":"small"}', '{"model":"large"}'];

  for (const body of [one, two, one]) {
    client.send(post(body));
    if (body === one) {
      const peer = small.connections[0] ?? (await small.next());
      assert.equal((await peer.message()).body, one);
      peer.send(ok('served'));
    }
    await client.message();
  }

  assert.deepEqual(
    front.exchanges.map(({ route }) => route),
    ['/v1/* when #1', 'default', '/v1/* when #1'],
  );
  assert.equal(large.connections.length, 0);
});

test('wherever a request is cut, its body is waited for, and all of it goes on', async (t) => {
  const origin = await startHttpOrigin(t, (request, response) => request.pipe(response));
  const front = await startFront(t, siteYaml(origin.address, origin.address));
  const client = await openClient(t, front.port());
  const request = chunked(SMALL);
  const head = request.indexOf('\r\n\r\n');

  for (let at = head; at < request.length; at += 3) {
    client.send(request.slice(0, at));
    await new Promise(setImmediate);
    client.send(request.slice(at));
    assert.equal((await client.message()).body, SMALL, `cut at ${at}`);
  }
  assert.ok(front.exchanges.every(({ route }) => route === '/v1/* when #1'));
});

test('a stream of HTTP/2 waits for its body, and its neighbours do not', async (t) => {
  const origin = await startHttpOrigin(t, (request, response) => request.pipe(response));
  const front = await startFront(t, siteYaml(origin.address, origin.address));
  const client = await openHttp2Client(t, front.port());
  const fields = [['content-type', 'application/vnd.x+json']] as const;

  const waiting = client.request('/v1/chat', { method: 'POST', fields, endStream: false });
  client.send(data(waiting.streamId, SMALL.slice(0, 20)));
  assert.equal((await client.get('/none')).body, 'no model');
  client.send(data(waiting.streamId, SMALL.slice(20), { endStream: true }));
  await client.until(() => waiting.isOver);

  assert.deepEqual([waiting.status, waiting.body], [200, SMALL]);
  assert.deepEqual(
    front.exchanges.map(({ route }) => route),
    ['default', '/v1/* when #1'],
  );
});

test('a body that says that it is too large is not waited for: no condition on it holds', async (t) => {
  const { front, large } = await startSite(t, {
    routes: `      - { path: "/v1/*", when: '!req_body_json_in("model", "small", false)', cluster: large }`,
  });
  const client = await openClient(t, front.port());
  const body = `{"model":"small","x":"${'x'.repeat(2000)}"}`;

  client.send(post(body).slice(0, -1000));
  const backend = await large.next();
  await backend.untilText('\r\n\r\n');
  client.send(body.slice(-1000));

  assert.equal((await backend.message()).body, body);
});

for (const [what, request] of [
  ['without a type', (body: string) => chunked(body, [])],
  ['of another type', (body: string) => chunked(body, ['Content-Type: text/plain'])],
  ['that is compressed', (body: string) => chunked(body, [JSON_TYPE, 'Content-Encoding: gzip'])],
  ['that no condition is asked of', (body: string) => chunked(body, [JSON_TYPE], '/upload')],
] as const) {
  test(`a body ${what} is not waited for`, async (t) => {
    const { front, large } = await startSite(t, {
      routes: `      - { path: "/v1/*", when: '!req_body_json_in("model", "small", false)', cluster: large }`,
    });
    const client = await openClient(t, front.port());
    const text = request('{"model":"small"}');

    client.send(text.slice(0, -10));
    const backend = await large.next();
    await backend.untilText('\r\n\r\n');
    client.send(text.slice(-10));

    assert.equal((await backend.message()).body, '{"model":"small"}');
  });
}

for (const version of ['1.1', '2'] as const) {
  test(`a body that turns out too large goes on with all its bytes, HTTP/${version}`, async (t) => {
    const origin = await startHttpOrigin(t, (request, response) => request.pipe(response));
    const routes = `      - { path: "/v1/*", when: '!req_body_json_in("model", "x", false)', cluster: large }`;
    const front = await startFront(t, siteYaml(origin.address, origin.address, routes));
    const content = randomBytes(5 * 1024 * 1024);

    let answered: string;
    if (version === '1.1') {
      const client = await openClient(t, front.port());
      client.send(requestText('POST /v1/x', [JSON_TYPE, 'Transfer-Encoding: chunked']));
      for (let at = 0; at < content.length; at += 70_000) {
        const piece = content.subarray(at, at + 70_000);
        client
          .send(`${piece.length.toString(16)}\r\n`)
          .send(piece)
          .send('\r\n');
      }
      client.send('0\r\n\r\n');
      answered = (await client.message()).body;
    } else {
      const client = await openHttp2Client(t, front.port());
      answered = (await client.post('/v1/x', content, [['content-type', 'application/json']])).body;
    }

    assert.equal(digest(Buffer.from(answered, 'latin1')), digest(content));
    assert.deepEqual(
      front.exchanges.map(({ route, bytesIn }) => [route, bytesIn]),
      [['/v1/* when #1', content.length]],
    );
  });
}

test('a backend that does not read holds back a client whose body was held first', async (t) => {
  const { front, large } = await startSite(t, {
    routes: `      - { path: "/v1/*", when: '!req_body_json_in("model", "x", false)', cluster: large }`,
  });
  large.server.on('connection', (socket) => socket.pause());
  const client = await openClient(t, front.port());
  const size = 128 * 1024 * 1024;

  client.send(requestText('POST /v1/x', [JSON_TYPE, 'Transfer-Encoding: chunked']));
  client.send(`${size.toString(16)}\r\n`);
  client.socket.write(Buffer.alloc(size));
  await front.until(() => large.connections.length === 1);
  let before = -1;
  while (client.socket.writableLength !== before) {
    before = client.socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  assert.ok(before > size / 2, `the client still has ${before} bytes`);
});

test('a client that waits for 100 is asked for the body that a condition looks at, once', async (t) => {
  const { front, small } = await startSite(t);
  const client = await openClient(t, front.port());
  const request = post(SMALL, [JSON_TYPE, 'Expect: 100-continue']);

  client.send(request.slice(0, -SMALL.length));
  assert.equal((await client.message()).status, 100);
  client.send(SMALL);
  assert.equal((await served(small)).body, SMALL);

  assert.deepEqual([(await client.message()).body, client.rest], ['served', '']);
});

test('trailers behind a body that was held go on', async (t) => {
  const { front, small } = await startSite(t);
  const client = await openClient(t, front.port());

  client.send(chunked(SMALL).replace(/0\r\n\r\n$/, '0\r\nX-Sum: 1\r\n\r\n'));
  const backend = await small.next();
  await backend.untilText('x-sum: 1\r\n\r\n');
});

for (const version of ['1.1', '2'] as const) {
  test(`a client that goes while its body is waited for costs its exchange and nothing else, HTTP/${version}`, async (t) => {
    const { front, small } = await startSite(t);

    if (version === '1.1') {
      const client = await openClient(t, front.port());
      client.send(chunked(SMALL).slice(0, -10));
      await front.until(() => front.server.status().exchanges === 1);
      client.reset();
    } else {
      const client = await openHttp2Client(t, front.port());
      const fields = [['content-type', 'application/json']] as const;
      const { streamId } = client.request('/v1/chat', { method: 'POST', fields, endStream: false });
      client.send(data(streamId, '{"model"'));
      await front.until(() => front.server.status().exchanges === 1);
      client.peer.reset();
    }
    await front.settled();

    assert.equal(front.exchanges.length, 1);
    assert.equal(front.exchanges[0]?.error?.side, 'downstream');
    assert.deepEqual([front.exchanges[0]?.tenant?.name, front.exchanges[0]?.status], ['shop', 0]);
    assert.equal(small.connections.length, 0);
  });
}

test('a body that is waited for must come in time', async (t) => {
  const { front, small } = await startSite(t, { top: 'timeouts: { clientBody: 50ms }' });
  const client = await openClient(t, front.port());

  client.send(chunked(SMALL).slice(0, -10));

  assert.equal((await client.message()).status, 408);
  assert.deepEqual(
    front.exchanges.map(({ error }) => error?.name),
    ['request-timeout'],
  );
  assert.equal(small.connections.length, 0);
});

test('framing that is broken while a body is waited for is answered with 400, and nothing goes on', async (t) => {
  const { front, small } = await startSite(t);
  const client = await openClient(t, front.port());

  client.send(chunked(SMALL).replace(/0\r\n\r\n$/, 'x\r\n\r\n'));

  assert.equal((await client.message()).status, 400);
  assert.equal(small.connections.length, 0);
  assert.deepEqual(
    front.exchanges.map(({ error }) => error?.name),
    ['malformed-request'],
  );
});

test('the end of a drain ends an exchange that waits', async (t) => {
  const { front } = await startSite(t);
  const client = await openClient(t, front.port());
  client.send(chunked(SMALL).slice(0, -10));
  await front.until(() => front.server.status().exchanges === 1);

  await front.server.stop();

  assert.equal((await client.message()).status, 503);
  assert.deepEqual(
    front.exchanges.map(({ error }) => error?.name),
    ['draining'],
  );
});

test('there is room for so many bodies that are held, and no more', async (t) => {
  const { front, small } = await startSite(t);
  const many = MAX_HELD_BYTES / 1024 / 1024;
  await front.reload(
    siteYaml(small.address, small.address, '', 'http2: { maxStreams: 1000 }').replace('1KiB', '1MiB'),
  );
  const client = await openHttp2Client(t, front.port());
  const fields = [['content-type', 'application/json']] as const;
  const waiting = Array.from({ length: many }, () =>
    client.request('/v1/chat', { method: 'POST', fields, endStream: false }),
  );
  await front.until(() => front.server.status().exchanges === many);

  const refused = await client.post('/v1/chat', Buffer.from(SMALL), fields);
  assert.equal(refused.status, 503);
  assert.equal(front.exchanges[0]?.error?.name, 'bodies-full');
  // One that is answered, and one whose client gives it up.
  client.send(data(waiting[0]!.streamId, '{}', { endStream: true }));
  await client.until(() => waiting[0]!.isOver);
  client.send(rstStream(waiting[1]!.streamId, 'CANCEL'));
  await front.until(() => front.server.status().exchanges === many - 2);

  for (let i = 0; i < 3; i++)
    assert.equal((await client.post('/v1/chat', Buffer.from('{"model":"x"}'), fields)).status, 404);
  const last = Array.from({ length: 2 }, () =>
    client.request('/v1/chat', { method: 'POST', fields, endStream: false }),
  );
  await front.until(() => front.server.status().exchanges === many);
  assert.equal((await client.post('/v1/chat', Buffer.from('{}'), fields)).status, 503);
  assert.equal(last[0]?.status, 0);
});

test('an exchange that waits goes on with the configuration that it began with', async (t) => {
  const { front, small, large } = await startSite(t);
  const client = await openClient(t, front.port());
  const request = chunked(SMALL);

  client.send(request.slice(0, -10));
  await front.until(() => front.server.status().exchanges === 1);
  await front.reload(siteYaml(large.address, small.address));
  client.send(request.slice(-10));

  assert.equal((await served(small)).body, SMALL);
  assert.equal((await client.message()).body, 'served');
});

test('a module with a condition on the body answers, and the connection goes on', async (t) => {
  const { front, small } = await startSite(t, {
    top: `modules: [{ when: 'req_body_json_in("user.admin", "true", false)', respond: { status: 403, body: "no" } }]`,
  });
  const client = await openClient(t, front.port());

  client.send(post('{"model":"small","user":{"admin":true}}'));
  assert.deepEqual(((answer) => [answer.status, answer.body])(await client.message()), [403, 'no']);
  client.send(post('{"model":"small","user":{"admin":false}}'));
  await served(small);

  assert.equal((await client.message()).body, 'served');
  assert.equal(front.count('sessionOpened'), 1);
});

test('a large body that a module refuses is thrown away', async (t) => {
  const { front } = await startSite(t, {
    top: `modules: [{ when: '!req_body_json_in("a", "1", false)', respond: { status: 403, body: "no" } }]`,
  });
  const client = await openClient(t, front.port());

  client.send(chunked('x'.repeat(100_000)));
  assert.equal((await client.message()).status, 403);
  client.send(chunked('{"a":1}', [JSON_TYPE], '/none'));

  assert.equal((await client.message()).status, 404);
  assert.equal(front.count('sessionOpened'), 1);
});

test('a body over the cluster’s cap is refused when it is known where it goes', async (t) => {
  const { front, small } = await startSite(t, { cluster: 'limits: { maxBody: 50 }' });
  const client = await openClient(t, front.port());

  client.send(chunked(SMALL));

  assert.equal((await client.message()).status, 413);
  front.assertNothingInFlight();
  assert.equal(small.text.includes('SMALL'), false);
});

test('what was held is sent again where a retry is safe', async (t) => {
  const { front, small } = await startSite(t, {
    cluster: 'retry: { attempts: 2, on: [connection-lost], unsafe: true }',
  });
  const second = await startOrigin(t, answering(ok('second')));
  await front.reload(
    siteYaml(
      small.address,
      second.address,
      '',
      '',
      'retry: { attempts: 2, on: [connection-lost], unsafe: true }',
    ).replace(
      `[{ address: "${small.address}" }]`,
      `[{ address: "${small.address}" }, { address: "${second.address}" }]`,
    ),
  );
  const client = await openClient(t, front.port());

  client.send(post(SMALL));
  const first = await small.next();
  await first.message();
  first.reset();

  assert.equal((await client.message()).body, 'second');
  assert.ok(second.text.endsWith(SMALL));
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('a handler is given all of a body that was held', async (t) => {
  const server = createServer(
    {
      listen: [{ address: '127.0.0.1:0' }],
      limits: { conditionBody: '1KiB' },
      tenants: {
        shop: {
          hosts: ['shop.example'],
          routes: [{ when: 'req_body_json_in("a", "1", false)', handler: 'small' }, { handler: 'echo' }],
        },
      },
    },
    {
      handlers: {
        small: async (request, response) => response.answer(200, `small ${await request.text()}`),
        echo: async (request, response) => {
          for await (const piece of request.body()) await response.write(piece);
        },
      },
    },
  );
  const [listener] = await server.start();
  t.after(() => server.close());
  const client = await openClient(t, listener!.port);

  client.send(chunked('{"a":1}'));
  assert.equal((await client.message()).body, 'small {"a":1}');
  const large = 'x'.repeat(3_000_000);
  client.send(chunked(large));
  assert.equal((await client.message()).body, large);
});
