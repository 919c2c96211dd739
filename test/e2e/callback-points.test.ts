import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ResponseHead } from '../../protocols/http/message.ts';
import {
  type Answer,
  CALLBACK_POINTS,
  type CallbackPoint,
  type CallbackPoints,
  CLOSE,
  CONTINUE,
  FINISH,
  type Module,
} from '../../src/core/callback-points.ts';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

/** Points that are asked about an exchange, in their order. */
const ASKED = ['beforeLocation', 'foundTenant', 'afterLocation', 'forward', 'readResponse'] as const;
type AskedPoint = (typeof ASKED)[number];

test('the points of a session and its exchanges are called in their order, each once', async (t) => {
  const { calls, module } = recorder();
  const { cert, key } = testCertificate(['shop.example']);
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(
    t,
    `${plainConfig([origin.address]).replace('"127.0.0.1:0"', '"127.0.0.1:0", tls: true')}
certificates: [{ cert: shop.pem, key: shop.key, default: true }]`,
    { modules: [module], files: { 'shop.pem': cert, 'shop.key': key } },
  );
  const client = await openTlsClient(t, front.port(), { servername: 'shop.example' });

  for (let i = 0; i < 2; i++) {
    client.send(requestText('GET /'));
    await client.message();
  }
  client.end();
  await front.settled();

  const exchange = [...ASKED, 'requestFinish'];
  assert.deepEqual(calls, ['accept', 'handshake', ...exchange, ...exchange, 'finish']);
});

test('points are called by all modules in the order of their list', async (t) => {
  const calls: string[] = [];
  const modules = ['first', 'second'].map((name): Module => {
    return { name, handlers: eachPoint((point) => void calls.push(`${name} ${point}`)) };
  });
  const { front, client } = await startWith(t, modules);

  client.send(requestText('GET /'));
  await client.message();
  client.end();
  await front.settled();

  const others: readonly CallbackPoint[] = ['handshake', 'forwardStream', 'streamFinish'];
  const points = CALLBACK_POINTS.filter((point) => !others.includes(point));
  assert.deepEqual(
    calls,
    points.flatMap((point) => [`first ${point}`, `second ${point}`]),
  );
});

test('forward is called for each attempt, with the request as it was before the one that failed', async (t) => {
  const refusing = await startOrigin(t);
  await refusing.stop();
  const origin = await startOrigin(t, answering(ok('')));
  const attempts: string[] = [];
  const module: Module = {
    name: 'marker',
    handlers: {
      forward(exchange) {
        const address = exchange.instance.address.text;
        attempts.push(`${exchange.attempts} ${address}`);
        exchange.requestHeaders = [...exchange.requestHeaders, 'x-instance', address];
        exchange.path = `${exchange.path}?${exchange.attempts}`;
        return CONTINUE;
      },
    },
  };
  const front = await startFront(t, plainConfig([refusing.address, origin.address]), { modules: [module] });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  assert.equal((await client.message()).status, 200);

  assert.deepEqual(attempts, [`1 ${refusing.address}`, `2 ${origin.address}`]);
  assert.match(origin.text, /^GET \/\?2 HTTP/);
  assert.deepEqual(
    [...origin.text.matchAll(/^x-instance: (.*)\r$/gm)].map(([, value]) => value),
    [origin.address],
  );
});

test('an exchange that ends early skips what is behind, but not its end', async (t) => {
  const { calls, module } = recorder();
  const origin = await startOrigin(t, answering(ok('')));
  const yaml = `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
tenants:
  shop:
    hosts: ["shop.example"]
    routes: [{ path: "/fixed", respond: { status: 200, body: "" } }, { path: "/web", cluster: web }]
clusters:
  web: { instances: [{ address: "${origin.address}" }] }
`;
  const front = await startFront(t, yaml, { modules: [module] });
  const client = await openClient(t, front.port());
  const callsFor = async (request: string): Promise<string[]> => {
    calls.length = 0;
    client.send(request);
    await client.message();
    return [...calls];
  };
  await front.until(() => calls.length === 1);

  assert.deepEqual(await callsFor(requestText('OPTIONS *')), ['beforeLocation', 'requestFinish']);
  assert.deepEqual(await callsFor(requestText('GET /', [], 'elsewhere.example')), [
    'beforeLocation',
    'requestFinish',
  ]);
  assert.deepEqual(await callsFor(requestText('GET /nowhere')), [
    'beforeLocation',
    'foundTenant',
    'requestFinish',
  ]);
  assert.deepEqual(await callsFor(requestText('GET /fixed')), [
    'beforeLocation',
    'foundTenant',
    'requestFinish',
  ]);
  assert.deepEqual(await callsFor(requestText('GET /web')), [...ASKED, 'requestFinish']);
  assert.deepEqual(await callsFor('nonsense\r\n\r\n'), [], 'what is no request has no exchange');
});

test('each point finds what is known by then', async (t) => {
  const seen: Record<string, unknown> = {};
  const module: Module = {
    name: 'reader',
    handlers: {
      accept(session) {
        seen['accept'] = [session.state, session.remoteAddress];
        return CONTINUE;
      },
      beforeLocation(exchange) {
        seen['beforeLocation'] = [exchange.head.method, exchange.path, exchange.session.exchanges];
        return CONTINUE;
      },
      foundTenant(exchange) {
        seen['foundTenant'] = exchange.tenant.name;
        return CONTINUE;
      },
      afterLocation(exchange) {
        seen['afterLocation'] = [exchange.tenant.name, exchange.cluster.name, exchange.route];
        return CONTINUE;
      },
      forward(exchange) {
        seen['forward'] = [exchange.instance.address.text, exchange.attempts];
        return CONTINUE;
      },
      readResponse(exchange) {
        seen['readResponse'] = [exchange.response.status, exchange.response.bodyLength];
        return CONTINUE;
      },
      requestFinish(exchange) {
        seen['requestFinish'] = [
          exchange.status,
          exchange.bytesOut,
          exchange.finishedAt >= exchange.respondedAt,
        ];
      },
      finish(session) {
        seen['finish'] = [session.state, session.exchanges];
      },
    },
  };
  const { front, client, origin } = await startWith(t, [module]);

  client.send(requestText('GET /x'));
  await client.message();
  client.end();
  await front.settled();

  assert.deepEqual(seen, {
    accept: ['new', '127.0.0.1'],
    beforeLocation: ['GET', '/x', 1],
    foundTenant: 'shop',
    afterLocation: ['shop', 'web', 'default'],
    forward: [origin.address, 1],
    readResponse: [200, 5],
    requestFinish: [200, 5, true],
    finish: ['closed', 1],
  });
});

for (const point of ASKED) {
  test(`respond at ${point} is the whole response, and the connection goes on`, async (t) => {
    const answer: Answer = {
      kind: 'respond',
      status: 418,
      headers: ['x-from', point],
      body: 'short and stout',
    };
    const { front, client, origin, calls } = await startAnswering(t, point, answer);

    client.send(requestText('GET /answered'));
    const response = await client.message();

    assert.equal(response.status, 418);
    assert.equal(response.headers.get('x-from'), point);
    assert.equal(response.body, 'short and stout');
    assert.equal(response.headers.get('x-request-id'), front.exchanges[0]?.id);
    assertEndedAt(point, calls, origin);
    await assertGoesOn(front, client);
  });

  test(`respond at ${point} to HEAD and to a request with a body`, async (t) => {
    const answer: Answer = { kind: 'respond', status: 403, headers: [], body: 'no' };
    const { front, client } = await startAnswering(t, point, answer);

    client.send(requestText('HEAD /answered'));
    const head = await client.message({ isHeadAnswer: true });
    client.send(`${requestText('POST /answered', ['Content-Length: 5'])}hello`);
    const post = await client.message();

    assert.equal(head.headers.get('content-length'), '2');
    assert.equal(post.body, 'no');
    await assertGoesOn(front, client);
  });

  test(`redirect at ${point} sends the client elsewhere, and the connection goes on`, async (t) => {
    const { front, client, origin, calls } = await startAnswering(t, point, {
      kind: 'redirect',
      url: 'https://elsewhere.example/',
      status: 307,
    });

    client.send(requestText('GET /answered'));
    const response = await client.message();

    assert.equal(response.status, 307);
    assert.equal(response.headers.get('location'), 'https://elsewhere.example/');
    assertEndedAt(point, calls, origin);
    await assertGoesOn(front, client);
  });

  test(`finish at ${point} sends the response there is, then closes`, async (t) => {
    const { front, client, origin, calls } = await startAnswering(t, point, FINISH);

    client.send(requestText('GET /answered') + requestText('GET /never'));
    const response = await client.message();
    await client.untilEnded();
    client.end();

    assert.equal(response.headers.get('connection'), 'close');
    assert.equal(client.rest, '');
    if (point === 'readResponse') {
      assert.equal(response.body, 'hello');
      assert.equal(front.exchanges[0]?.error, undefined);
    } else {
      assert.equal(response.status, 403);
      assert.equal(front.exchanges[0]?.error?.name, 'denied-by-module');
      assertEndedAt(point, calls, origin);
    }
    await front.settled();
  });

  test(`close at ${point} ends the connection without a byte`, async (t) => {
    const { front, client, origin, calls } = await startAnswering(t, point, CLOSE);

    client.send(requestText('GET /answered'));
    await client.untilEnded();

    assert.equal(client.text, '');
    assertEndedAt(point, calls, origin);
    client.end();
    await front.settled();
    assert.equal(front.exchanges[0]?.status, 0);
    assert.equal(front.exchanges[0]?.error?.name, 'denied-by-module');
  });

  test(`a handler that throws at ${point} costs its exchange a 500, and nothing else`, async (t) => {
    const { front, client, origin, calls } = await startAnswering(t, point, () => {
      throw new Error('a mistake');
    });

    client.send(requestText('GET /answered'));
    const response = await client.message();

    assert.equal(response.status, 500);
    assert.equal(front.exchanges[0]?.error?.name, 'module-failed');
    assert.equal(front.exchanges[0]?.error?.side, 'portico');
    assert.ok(!client.text.includes('a mistake'), 'what went wrong is not for clients');
    assertFault(front, point, 'a mistake');
    assertEndedAt(point, calls, origin);
    await assertGoesOn(front, client);
  });

  for (const [what, wrong] of [
    [
      'a response with a line feed in a value',
      { kind: 'respond', status: 200, headers: ['x', 'a\r\nb: c'], body: '' },
    ],
    ['a response with a status of its own', { kind: 'respond', status: 1000, headers: [], body: '' }],
    ['an interim response', { kind: 'respond', status: 100, headers: [], body: '' }],
    ['a redirect with a line feed', { kind: 'redirect', url: '/a\r\nb: c', status: 302 }],
    ['nothing', undefined],
    ['a promise of nothing', Promise.resolve(undefined)],
    ['an unknown kind', { kind: 'continued' }],
  ] as const) {
    test(`${what} as an answer at ${point} is a mistake of the module`, async (t) => {
      const { front, client } = await startAnswering(t, point, wrong as Answer);

      client.send(requestText('GET /answered'));
      const response = await client.message();

      assert.equal(response.status, 500);
      assert.equal(front.exchanges[0]?.error?.name, 'module-failed');
      assert.equal(front.faults.length, 1);
      front.faults.length = 0;
      await assertGoesOn(front, client);
    });
  }
}

for (const point of ['accept', 'handshake'] as const) {
  for (const [what, answer] of [
    ['close', () => CLOSE],
    [
      'an exception',
      () => {
        throw new Error('a mistake');
      },
    ],
  ] as const) {
    test(`${what} at ${point} ends that connection, and no other`, async (t) => {
      let isFirst = true;
      const { calls, module } = recorder({
        [point]: () => {
          const wasFirst = isFirst;
          isFirst = false;
          return wasFirst ? answer() : CONTINUE;
        },
      });
      const { cert, key } = testCertificate(['shop.example']);
      const origin = await startOrigin(t, answering(ok('hello')));
      const yaml = plainConfig([origin.address]).replace('"127.0.0.1:0"', '"127.0.0.1:0", tls: true');
      const front = await startFront(t, `${yaml}\ncertificates: [{ cert: c, key: k, default: true }]`, {
        modules: [module],
        files: { c: cert, k: key },
      });

      await assert.rejects(async () => {
        const refused = await openTlsClient(t, front.port(), { servername: 'shop.example' });
        // The client's side of a TLS 1.3 handshake is over before the server's.
        await refused.until(() => false);
      });
      await front.until(() => front.closedSessions.length === 1);
      const client = await openTlsClient(t, front.port(), { servername: 'shop.example' });
      client.send(requestText('GET /'));

      assert.equal((await client.message()).body, 'hello');
      const before = point === 'accept' ? ['accept'] : ['accept', 'handshake'];
      assert.deepEqual(calls.slice(0, before.length + 1), [...before, 'finish']);
      if (what === 'an exception') assertFault(front, point, 'a mistake');
    });
  }
}

test('a handler that throws at requestFinish or finish harms nobody, and the others are still called', async (t) => {
  const throwing: Module = {
    name: 'throwing',
    handlers: {
      requestFinish() {
        throw new Error('a mistake');
      },
      finish() {
        throw new Error('another');
      },
    },
  };
  const { calls, module } = recorder();
  const { front, client } = await startWith(t, [throwing, module]);

  client.send(requestText('GET /'));
  assert.equal((await client.message()).body, 'hello');
  client.send(requestText('GET /'));
  assert.equal((await client.message()).body, 'hello');
  client.end();
  await front.settled();

  assert.equal(calls.filter((call) => call === 'requestFinish').length, 2);
  assert.equal(calls.at(-1), 'finish');
  assert.equal(front.faults.length, 3);
  front.faults.length = 0;
});

test('a handler that throws costs only its own exchange while others are under way', async (t) => {
  const gate = Promise.withResolvers<void>();
  const origin = await startOrigin(t, (connection) => {
    connection.untilText('\r\n\r\n').then(() => gate.promise.then(() => connection.send(ok('well'))));
  });
  const module: Module = {
    name: 'throwing',
    handlers: {
      readResponse(exchange) {
        if (exchange.path === '/bad') throw new Error('a mistake');
        return CONTINUE;
      },
    },
  };
  const front = await startFront(t, plainConfig([origin.address]), { modules: [module] });
  const clients = await Promise.all(Array.from({ length: 5 }, () => openClient(t, front.port())));

  clients.forEach((client, i) => void client.send(requestText(i === 2 ? 'GET /bad' : 'GET /')));
  for (let i = 0; i < 5; i++) await (await origin.connection(i)).untilText('\r\n\r\n');
  gate.resolve();
  const statuses = await Promise.all(clients.map(async (client) => (await client.message()).status));

  assert.deepEqual(statuses, [200, 200, 500, 200, 200]);
  front.faults.length = 0;
  front.assertNothingInFlight();
});

test('the first answer other than continue is the last that is asked for', async (t) => {
  const calls: string[] = [];
  const modules = ['first', 'second', 'third'].map((name): Module => {
    return {
      name,
      handlers: {
        afterLocation() {
          calls.push(name);
          return name === 'second'
            ? { kind: 'respond', status: 200, headers: [], body: name }
            : { kind: 'continue' };
        },
      },
    };
  });
  const { client } = await startWith(t, modules);

  client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'second');
  assert.deepEqual(calls, ['first', 'second']);
});

test('what modules make of a request is forwarded, and routed by where that is still possible', async (t) => {
  const [web, api] = [await startOrigin(t, answering(ok('web'))), await startOrigin(t, answering(ok('api')))];
  const yaml = `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
tenants:
  shop: { hosts: ["shop.example"], routes: [{ path: "/api/*", cluster: api }, { cluster: web }] }
clusters:
  web: { instances: [{ address: "${web.address}" }] }
  api: { instances: [{ address: "${api.address}" }] }
`;
  const module: Module = {
    name: 'rewriter',
    handlers: {
      beforeLocation(exchange) {
        if (exchange.path === '/early') exchange.path = '/api/early';
        return CONTINUE;
      },
      afterLocation(exchange) {
        if (exchange.path === '/late') exchange.path = '/api/late';
        exchange.requestHeaders = [
          ...exchange.requestHeaders,
          'x-cluster',
          exchange.cluster.name,
          'connection',
          'x-hop',
          'x-hop',
          '1',
        ];
        return CONTINUE;
      },
      readResponse(exchange) {
        const { status, reason, headers, bodyLength } = exchange.response;
        exchange.response = new ResponseHead(
          status,
          reason,
          [...headers, 'x-made', 'here', 'keep-alive', '1'],
          bodyLength,
        );
        return CONTINUE;
      },
    },
  };
  const front = await startFront(t, yaml, { modules: [module] });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /early'));
  const early = await client.message();
  client.send(requestText('GET /late'));
  const late = await client.message();

  assert.deepEqual([early.body, late.body], ['api', 'web']);
  assert.equal(early.headers.get('x-made'), 'here');
  assert.equal(early.headers.get('keep-alive'), undefined, 'hop-by-hop fields of modules end here too');
  assert.match(api.text, /^GET \/api\/early HTTP\/1.1\r\n[\s\S]*x-cluster: api\r\n/);
  assert.match(web.text, /^GET \/api\/late HTTP\/1.1\r\n[\s\S]*x-cluster: web\r\n/);
  assert.ok(!web.text.includes('x-hop'));
});

test('a rewriting function that throws costs its exchange a 500', async (t) => {
  for (const what of ['rewriteRequest', 'rewriteResponse'] as const) {
    let throws = true;
    const module: Module = {
      name: 'throwing',
      [what]: (...args: unknown[]) => {
        if (throws) throw new Error('a mistake');
        return args.find(Array.isArray);
      },
    };
    const { front, client } = await startWith(t, [module]);

    client.send(requestText('GET /'));
    assert.equal((await client.message()).status, 500);
    throws = false;
    client.send(requestText('GET /'));

    assert.equal((await client.message()).body, 'hello');
    assertFault(front, what, 'a mistake');
  }
});

type Handlers = Partial<Record<CallbackPoint, () => unknown>>;

/** A module that notes each call. */
function recorder(handlers: Handlers = {}): { readonly calls: string[]; readonly module: Module } {
  const calls: string[] = [];
  const note = (point: CallbackPoint): unknown => {
    calls.push(point);
    return handlers[point]?.();
  };
  return { calls, module: { name: 'recorder', handlers: eachPoint(note) } };
}

/** Handlers on every point; what `note` gives is the answer, `continue` when that is nothing. */
function eachPoint(note: (point: CallbackPoint) => unknown): Partial<CallbackPoints> {
  return Object.fromEntries(CALLBACK_POINTS.map((point) => [point, () => note(point) ?? CONTINUE]));
}

interface Started {
  readonly front: TestFront;
  readonly client: Peer;
  readonly origin: Origin;
}

async function startWith(t: TestContext, modules: readonly Module[]): Promise<Started> {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]), { modules });
  return { front, client: await openClient(t, front.port()), origin };
}

/** A front end with a module that answers so at one point when asked for /answered. */
async function startAnswering(
  t: TestContext,
  at: AskedPoint,
  answer: Answer | (() => Answer),
): Promise<Started & { readonly calls: string[] }> {
  const answers: Module = {
    name: 'answering',
    handlers: {
      [at]: (exchange: { readonly path: string }) => {
        if (exchange.path !== '/answered') return CONTINUE;
        return typeof answer === 'function' ? answer() : answer;
      },
    },
  };
  const { calls, module } = recorder();
  return { ...(await startWith(t, [module, answers])), calls };
}

/** Nothing behind the point was called but the end, and the backend got a request only when it had been answered by it. */
function assertEndedAt(point: AskedPoint, calls: readonly string[], origin: Origin): void {
  const expected = ['accept', ...ASKED.slice(0, ASKED.indexOf(point) + 1), 'requestFinish'];
  assert.deepEqual(calls.slice(0, expected.length), expected);
  assert.deepEqual(
    calls.slice(expected.length).filter((call) => call !== 'finish'),
    [],
  );
  assert.equal(origin.text.includes('/answered'), point === 'readResponse');
}

async function assertGoesOn(front: TestFront, client: Peer): Promise<void> {
  client.send(requestText('GET /next'));
  assert.equal((await client.message()).body, 'hello');
  front.assertNothingInFlight();
}

/** Exactly one fault was logged: this one, by module and point. */
function assertFault(front: TestFront, point: string, message: string): void {
  assert.equal(front.faults.length, 1);
  const { fields } = front.faults[0]!;
  assert.equal((fields as { point: string }).point, point);
  assert.ok((fields as { error: string }).error.includes(message));
  front.faults.length = 0;
}
