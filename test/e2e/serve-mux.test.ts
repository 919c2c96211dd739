import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  createServer,
  type EmbeddedServer,
  type Handler,
  type ServedResponse,
  ServeMux,
  type ServerOptions,
} from '../../src/index.ts';
import { openClient, requestText } from '../support/client.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import type { Peer } from '../support/peer.ts';

interface Running {
  readonly server: EmbeddedServer;
  readonly port: number;
  /** What was logged as failed handlers. */
  readonly failures: Record<string, unknown>[];
  /** Lines of the access log. */
  readonly lines: Record<string, unknown>[];
}

async function start(t: TestContext, handler: Handler, options: ServerOptions = {}): Promise<Running> {
  const failures: Record<string, unknown>[] = [];
  const lines: Record<string, unknown>[] = [];
  const keep = (fields: object): void => void failures.push(fields as Record<string, unknown>);
  const quiet = (): void => {};
  const server = createServer(handler, {
    listen: '127.0.0.1:0',
    logger: { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: keep, fatal: keep } as never,
    accessLog: { write: (line) => lines.push(JSON.parse(line)) },
    ...options,
  });
  const [listener] = await server.start();
  t.after(() => server.close());
  return { server, port: listener!.port, failures, lines };
}

async function ask(client: Peer, line: string, headers: string[] = [], body = '') {
  client.send(requestText(line, headers) + body);
  return client.message();
}

const MUX = new ServeMux()
  .handle('GET /items/{id}', (request, response) => {
    response.json({ id: request.pathValue('id'), pattern: request.pattern, page: request.query.get('page') });
  })
  .handle('POST /items/{id}', async (request, response) => {
    response
      .setHeader('x-length', String(request.bodyLength))
      .answer(201, `${(await request.text()).length}`);
  })
  .handle('/files/{path...}', (request, response) => void response.end(request.pathValue('path')))
  .handle('/tree/', (_, response) => void response.end('tree'))
  .handle('POST /echo', async (request, response) => {
    for await (const piece of request.body()) await response.write(piece);
    response.addTrailer('x-sum', 'done');
  })
  .handle('POST /small', async (request, response) => void response.end(await request.bytes(10)))
  .handle('/nothing', () => {})
  .handle('/throws', () => {
    throw new Error('thrown');
  })
  .handle('/throws-late', async (_, response) => {
    await response.write('x'.repeat(10_000));
    throw new Error('thrown late');
  })
  .handle('/declared', (_, response) => {
    response.setHeader('Content-Length', '10').end('short');
  })
  .handle('/bad-header', (_, response) => {
    response.setHeader('x-a', 'b\r\nx-c: d').end('no');
  })
  .handle('/web/', {
    fetch: async (request) => {
      const body = request.method === 'POST' ? await request.text() : 'none';
      const { pathname, searchParams } = new URL(request.url);
      return new Response(`${pathname} ${searchParams.get('q')} ${body}`, {
        status: 202,
        headers: [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['content-type', 'text/x-web'],
        ],
      });
    },
  })
  .handle('/web/stream', {
    fetch: () =>
      new Response(
        ReadableStream.from(
          (async function* () {
            yield new TextEncoder().encode('one ');
            yield new TextEncoder().encode('two');
          })(),
        ),
      ),
  });

test('a mux answers by pattern, with what its wildcards stand for', async (t) => {
  const { port } = await start(t, MUX);
  const client = await openClient(t, port);

  const item = await ask(client, 'GET /items/a%2Fb?page=2');
  assert.deepEqual(JSON.parse(item.body), { id: 'a/b', pattern: 'GET /items/{id}', page: '2' });
  assert.equal(item.headers.get('content-type'), 'application/json');
  assert.match(item.headers.get('x-request-id') ?? '', /./);
  assert.equal((await ask(client, 'GET /files/a/b%20c')).body, 'a/b c');
  assert.equal((await ask(client, 'GET /tree/x')).body, 'tree');
  const head = await openClient(t, port);
  head.send(requestText('HEAD /items/7', ['Connection: close']));
  await head.untilEnded();
  assert.match(head.text, /^HTTP\/1.1 200 OK\r\n/);
  const { length } = JSON.stringify({ id: '7', pattern: 'GET /items/{id}', page: null });
  assert.match(head.text, new RegExp(`content-length: ${length}\r\n`));
  assert.match(head.text, /\r\n\r\n$/);
});

test('what has no pattern is 404, what has none for its method 405, what is not clean goes to the clean path', async (t) => {
  const { port } = await start(t, MUX);
  const client = await openClient(t, port);

  assert.equal((await ask(client, 'GET /absent')).status, 404);
  const refused = await ask(client, 'DELETE /items/7');
  assert.equal(refused.status, 405);
  assert.equal(refused.headers.get('allow'), 'GET, HEAD, POST');
  for (const [path, location] of [
    ['/tree?x=1', '/tree/?x=1'],
    ['/a/..//tree/', '/tree/'],
    ['/files', '/files/'],
  ] as const) {
    const moved = await ask(client, `GET ${path}`);
    assert.deepEqual([moved.status, moved.headers.get('location')], [301, location]);
  }
});

test('redirects and refusals are those of Go, host by host', async (t) => {
  const answer: Handler = (request, response) => void response.end(request.pattern);
  const mux = new ServeMux();
  for (const pattern of [
    '/images/',
    '/images/raw',
    'POST /forms/',
    'GET /forms/new',
    'PUT /forms/new',
    'api.example/v1/',
    '/v1/{name}',
    '/a/b',
  ])
    mux.handle(pattern, answer);
  const { port } = await start(t, mux);
  const client = await openClient(t, port);
  const send = async (line: string, host = 'shop.example') => {
    client.send(requestText(line, [], host));
    const { status, headers, body } = await client.message();
    return [status, headers.get('location') ?? headers.get('allow') ?? body];
  };

  for (const [line, host, seen] of [
    // Only the slash of a subtree is missing: query kept, one redirect also where the path is not clean.
    ['GET /images', undefined, [301, '/images/']],
    ['GET /images?a=b', undefined, [301, '/images/?a=b']],
    ['GET //x/..//images?a=b', undefined, [301, '/images/?a=b']],
    ['POST /images', undefined, [301, '/images/']],
    ['GET /images/raw', undefined, [200, '/images/raw']],
    ['GET /images/raw/', undefined, [200, '/images/']],
    // What is not clean goes to the clean path, whether something is there or not.
    ['GET /a/./b', undefined, [301, '/a/b']],
    ['GET /a//b?c=//', undefined, [301, '/a/b?c=//']],
    ['GET /x/../nothing', undefined, [301, '/nothing']],
    ['GET /../../a/b', undefined, [301, '/a/b']],
    ['GET /a/%2e/b', undefined, [404, 'Not Found\n']],
    // 405 names what would be answered, be it by a redirect.
    ['GET /forms/', undefined, [405, 'POST']],
    ['GET /forms', undefined, [405, 'POST']],
    ['POST /forms', undefined, [301, '/forms/']],
    ['PATCH /forms/new', undefined, [405, 'GET, HEAD, POST, PUT']],
    ['DELETE /nothing', undefined, [404, 'Not Found\n']],
    // A host has a tree of its own, asked before that of all; its port and case do not matter.
    ['GET /v1/x', 'api.example', [200, 'api.example/v1/']],
    ['GET /v1/x', 'API.example:8080', [200, 'api.example/v1/']],
    ['GET /v1', 'api.example', [301, '/v1/']],
    ['GET /v1', undefined, [404, 'Not Found\n']],
    ['GET /v1/x', undefined, [200, '/v1/{name}']],
  ] as const)
    assert.deepEqual(await send(line, host), seen, `${line} ${host}`);
});

test('a body is read when it is asked for, bounded, and what nobody asks for is thrown away', async (t) => {
  const { port } = await start(t, MUX);
  const client = await openClient(t, port);

  const created = await ask(client, 'POST /items/7', ['Content-Length: 5'], 'hello');
  assert.deepEqual([created.status, created.body, created.headers.get('x-length')], [201, '5', '5']);
  const large = await ask(client, 'POST /small', ['Content-Length: 11'], 'hello world');
  assert.equal(large.status, 413);
  assert.match(large.body, /body-too-large/);
  assert.equal((await ask(client, 'GET /nothing', ['Content-Length: 5'], 'hello')).status, 200);
  assert.equal((await ask(client, 'GET /items/1')).status, 200, 'the connection goes on');
});

test('a body that is not JSON is 400 unless the handler does something else, and no fault of the handler', async (t) => {
  const mux = new ServeMux()
    .handle('/plain', async (request, response) => response.json(await request.json()))
    .handle('/caught', async (request, response) => {
      response.answer(422, String(await request.json().catch((error: Error) => error.name)));
    });
  const { port, failures, lines } = await start(t, mux);
  const client = await openClient(t, port);

  assert.equal((await ask(client, 'POST /plain', ['Content-Length: 9'], '{"a":[1]}')).status, 200);
  assert.equal((await ask(client, 'POST /plain', ['Content-Length: 1'], '{')).status, 400);
  const caught = await ask(client, 'POST /caught', ['Content-Length: 1'], '{');
  assert.deepEqual([caught.status, caught.body], [422, 'BodyNotJson']);
  assert.deepEqual(
    lines.map(({ error, side }) => [error, side]),
    [
      [undefined, undefined],
      ['malformed-request', 'downstream'],
      [undefined, undefined],
    ],
  );
  assert.deepEqual(failures, []);
});

test('what a handler says of a connection, or not as a text, is its mistake over both versions of HTTP', async (t) => {
  const mistakes: Record<string, (response: ServedResponse) => unknown> = {
    '/connection': (response) => response.setHeader('connection', 'keep-alive'),
    '/upgrade': (response) => response.setHeader('upgrade', 'h2c'),
    '/number': (response) => response.setHeader('x-count', 5 as never),
    '/trailer': (response) => response.addTrailer('connection', 'close'),
    '/forbidden-trailer': (response) => response.addTrailer('expect', '100-continue'),
    '/no-content': (response) => response.writeHead(205).write('x'),
    '/interim': (response) => response.inform(103, ['connection', 'close']),
  };
  const { port, failures } = await start(t, ({ path }, response) => {
    mistakes[path]!(response);
    response.end('said');
  });
  const client = await openClient(t, port);
  const session = await openHttp2Client(t, port);

  for (const path of Object.keys(mistakes)) {
    assert.equal((await ask(client, `GET ${path}`)).status, 500, path);
    assert.equal((await session.get(path)).status, 500, path);
  }
  assert.equal(failures.length, 2 * Object.keys(mistakes).length);
});

test('a 426 says what to upgrade to, and blanks at the ends of a value stay here', async (t) => {
  const { port } = await start(t, (_, response) => {
    response.setHeader('upgrade', 'h2c').setHeader('x-a', ' a\t').answer(426, 'no');
  });
  const client = await openClient(t, port);

  const answer = await ask(client, 'GET /');
  assert.deepEqual([answer.status, answer.headers.get('upgrade')], [426, 'h2c']);
  assert.match(client.text, /\r\nx-a: a\r\n/);
});

test('an answer without content may have a declared length and is whole', async (t) => {
  const { port, failures } = await start(t, ({ path }, response) => {
    response.setHeader('content-length', '5').writeHead(Number(path.slice(1)));
  });
  const client = await openClient(t, port);
  const session = await openHttp2Client(t, port);

  for (const status of [204, 304]) {
    assert.equal((await ask(client, `GET /${status}`)).status, status);
    assert.equal((await session.get(`/${status}`)).status, status);
  }
  assert.deepEqual(failures, []);
});

test('a declared length can be taken back', async (t) => {
  const { port } = await start(t, (_, response) => {
    response.setHeader('content-length', '5').removeHeader('content-length').end('no');
  });
  const client = await openClient(t, port);

  assert.equal((await ask(client, 'GET /')).body, 'no');
});

test('a body of many megabytes is echoed at the pace of a slow reader, over both versions of HTTP', async (t) => {
  const { port } = await start(t, MUX);
  const body = Buffer.alloc(8 * 1024 * 1024, 'abcdefgh');
  const client = await openHttp2Client(t, port);

  const echoed = await client.post('/echo', body);

  assert.equal(echoed.bodyBytes, body.length);
  const http1 = await openClient(t, port);
  http1.send(requestText('POST /echo', ['Transfer-Encoding: chunked', 'TE: trailers', 'Connection: TE']));
  http1.send('5\r\nhello\r\n0\r\n\r\n');
  await http1.untilText('0\r\nx-sum: done\r\n\r\n');
});

test('a handler that throws costs its exchange a 500, or a cut where its answer had begun', async (t) => {
  const { port, failures, lines } = await start(t, MUX);
  const client = await openClient(t, port);

  const thrown = await ask(client, 'GET /throws');
  assert.equal(thrown.status, 500);
  assert.match(thrown.body, /handler-failed/);
  assert.doesNotMatch(thrown.body, /thrown/);
  assert.equal((await ask(client, 'GET /bad-header')).status, 500);
  assert.equal((await ask(client, 'GET /nothing')).status, 200, 'the connection goes on');
  for (const path of ['/throws-late', '/declared']) {
    const cut = await openClient(t, port);
    cut.send(requestText(`GET ${path}`));
    await cut.untilEnded();
    assert.doesNotMatch(cut.text, /\r\n0\r\n/);
  }
  assert.deepEqual(
    failures.map(({ handler }) => handler),
    ['main', 'main', 'main', 'main'],
  );
  assert.match(String(failures[0]!['error']), /thrown/);
  assert.deepEqual(
    lines.map(({ status, error }) => [status, error]),
    [
      [500, 'handler-failed'],
      [500, 'handler-failed'],
      [200, undefined],
      [200, 'handler-failed'],
      [200, 'handler-failed'],
    ],
  );
});

test('handlers of the web answer too', async (t) => {
  const { port } = await start(t, MUX);
  const client = await openClient(t, port);

  const posted = await ask(client, 'POST /web/a?q=7', ['Content-Length: 5'], 'hello');
  assert.deepEqual([posted.status, posted.body], [202, '/web/a 7 hello']);
  assert.match(client.text, /set-cookie: a=1\r\n/);
  assert.match(client.text, /set-cookie: b=2\r\n/);
  assert.equal(posted.headers.get('content-type'), 'text/x-web');
  assert.equal((await ask(client, 'GET /web/stream')).body, 'one two');
});

test('a client that goes away is told to the handler, whatever it is doing', async (t) => {
  const waits: Promise<string>[] = [];
  const begun = Promise.withResolvers<void>();
  const handler: Handler = (request, response) => {
    const gone = new Promise<string>((resolve) => {
      request.signal.addEventListener('abort', () => resolve(String(request.signal.reason)));
    });
    waits.push(gone);
    response.flush();
    begun.resolve();
    return gone.then(() => {});
  };
  const { port, failures } = await start(t, handler);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await begun.promise;

  socket.resetAndDestroy();

  assert.match(await waits[0]!, /client-gone/);
  assert.deepEqual(failures, []);
});

test('a handler stands beside clusters and redirects in a configuration; one that nobody has is refused', async (t) => {
  const config = {
    listen: [{ address: '127.0.0.1:0' }],
    tenants: {
      shop: {
        hosts: ['shop.example'],
        routes: [{ path: '/hello', handler: 'hello' }, { respond: { status: 404 } }],
      },
    },
  };
  const hello: Handler = (request, response) => void response.end(`hello ${request.remoteAddress}`);
  const server = createServer(config, { handlers: { hello } });
  const [listener] = await server.start();
  t.after(() => server.close());
  const client = await openClient(t, listener!.port);

  assert.equal((await ask(client, 'GET /hello')).body, 'hello 127.0.0.1');
  assert.equal((await ask(client, 'GET /other')).status, 404);
  assert.throws(
    () => createServer(config, { handlers: { helo: hello } }),
    /there is no handler "hello".*helo/s,
  );
  assert.throws(() => createServer(config), /there is no handler "hello".*createServer/s);
});

test('a server that is shut down lets handlers finish, for as long as it is told', async (t) => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow: Handler = async (_, response) => {
    begun.resolve();
    await gate.promise;
    response.end('done');
  };
  const { server, port } = await start(t, slow);
  const client = await openClient(t, port);
  client.send(requestText('GET /'));
  await begun.promise;

  const stopped = server.shutdown(60_000);
  gate.resolve();
  assert.equal((await client.message()).body, 'done');
  await stopped;

  const again = await start(t, () => new Promise<void>(() => {}));
  const stuck = await openClient(t, again.port);
  stuck.send(requestText('GET /'));
  const draining = again.server.shutdown(60_000);
  await again.server.close();
  await draining;
  assert.equal(again.server.status().state, 'stopped');
});
