import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CONTINUE, type Module } from '../../src/core/callback-points.ts';
import { openClient, requestText } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { answering, eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';

test('modules of server, tenant and route change a request in this order, each in the order of its list', async (t) => {
  const { ask } = await start(t, {
    server:
      '[{ headers: { request: { add: { x-trace: server-1 } } } }, { headers: { request: { add: { x-trace: server-2 } } } }]',
    tenant: '[{ headers: { request: { add: { x-trace: tenant } } } }]',
    route: '[{ headers: { request: { add: { x-trace: route } } } }]',
  });

  assert.deepEqual((await ask('/own')).sent('x-trace'), ['server-1', 'server-2', 'tenant', 'route']);
  assert.deepEqual((await ask('/')).sent('x-trace'), ['server-1', 'server-2', 'tenant']);
  assert.deepEqual((await ask('/', 'other.example')).sent('x-trace'), ['server-1', 'server-2']);
});

test('a request is changed from what the rules of forwarding have made of it', async (t) => {
  const { ask } = await start(t, {
    server: `
  - headers:
      request:
        set: { X-Forwarded-Host: "%{host} by %{client_ip}", via: none }
        delete: [x-forwarded-proto]
        rename: { x-forwarded-for: x-real-ip }`,
  });

  const { sent } = await ask('/');

  assert.deepEqual(sent('x-forwarded-host'), ['shop.example by 127.0.0.1']);
  assert.deepEqual(sent('x-real-ip'), ['127.0.0.1']);
  assert.deepEqual([...sent('x-forwarded-proto'), ...sent('x-forwarded-for')], []);
  assert.deepEqual(sent('via'), ['none']);
});

test('responses of whoever answers are changed: a backend, a route, a module, an error', async (t) => {
  const { ask } = await start(t, {
    server:
      '[{ headers: { response: { set: { x-frame: none }, delete: [x-secret] } } }, { block: { paths: ["/blocked"] } }]',
    routes: '{ path: "/moved", redirect: { to: "/" } }, { path: "/dead", cluster: dead }',
    response: ok('hello', ['x-secret: 1', 'x-frame: all']),
  });

  const answers: (readonly [number, string | undefined])[] = [];
  for (const path of ['/', '/moved', '/blocked', '/dead']) {
    const { response } = await ask(path);
    answers.push([response.status, response.headers.get('x-frame')]);
    assert.equal(response.headers.get('x-secret'), undefined);
  }
  const { response } = await ask('/', 'nobody.example');

  assert.deepEqual(answers, [
    [200, 'none'],
    [302, 'none'],
    [403, 'none'],
    [502, 'none'],
  ]);
  assert.deepEqual([response.status, response.headers.get('x-frame')], [404, 'none']);
});

test('two tenants that share a backend connection each have their own changes of its repeated responses', async (t) => {
  const { ask, origin } = await start(t, {
    tenant: '[{ headers: { response: { set: { x-tenant: shop } } } }]',
    other: '[{ headers: { response: { set: { x-tenant: "%{tenant}, %{path}" } } } }]',
  });

  const seen: (string | undefined)[] = [];
  for (const [host, path] of [
    ['shop.example', '/a'],
    ['other.example', '/a'],
    ['other.example', '/b'],
    ['shop.example', '/b'],
    ['other.example', '/a'],
  ] as const)
    seen.push((await ask(path, host)).response.headers.get('x-tenant'));

  assert.deepEqual(seen, ['shop', 'other, /a', 'other, /b', 'shop', 'other, /a']);
  assert.equal(origin.connections.length, 1);
});

test('a module with a condition is there for requests for which it holds, also when heads repeat', async (t) => {
  const { ask } = await start(t, {
    server: `
  - { when: 'req_header_key_in("x-beta")', headers: { request: { set: { x-set: beta } }, response: { set: { x-set: beta } } } }
  - { when: 'req_path_in("/a", false)', headers: { response: { add: { x-set: a } } } }`,
  });

  const seen: string[] = [];
  for (const [path, headers] of [
    ['/a', []],
    ['/a', []],
    ['/a', ['X-Beta: 1']],
    ['/b', ['X-Beta: 1']],
    ['/b', ['X-Beta: 1']],
    ['/b', []],
    ['/a', []],
  ] as const) {
    const { response, sent } = await ask(path, 'shop.example', headers);
    const got = [...response.headers].filter(([name]) => name === 'x-set').map(([, value]) => value);
    seen.push(`${sent('x-set').join()}|${got.join()}`);
  }

  assert.deepEqual(seen, ['|a', '|a', 'beta|beta, a', 'beta|beta', 'beta|beta', '|', '|a']);
});

test('a module with a condition on responses changes those for which it holds, also when heads repeat', async (t) => {
  const answers = [
    ok('a', ['x-kind: one']),
    ok('a', ['x-kind: one']),
    ok('a', ['x-kind: two']),
    ok('a', ['x-kind: two']).replace('200 OK', '500 Broken'),
    ok('a', ['x-kind: one']),
  ];
  const { ask } = await start(t, {
    server: `
  - { when: 'res_code_in("500|502")', headers: { response: { set: { x-set: error } } } }
  - { when: 'res_header_value_in("x-kind", "one", false) && req_path_in("/a", false)', headers: { response: { set: { x-set: one, x-kind: seen } } } }
  - { when: 'res_header_value_in("x-kind", "seen", false)', headers: { response: { set: { x-behind: "%{path}" } } } }`,
    routes: '{ path: "/dead", cluster: dead }',
    each: answers,
  });

  const seen: (readonly [number, string | undefined, string | undefined])[] = [];
  for (const path of ['/a', '/b', '/a', '/a', '/a', '/dead']) {
    const { response } = await ask(path);
    seen.push([response.status, response.headers.get('x-set'), response.headers.get('x-behind')]);
  }

  assert.deepEqual(seen, [
    [200, 'one', '/a'],
    [200, undefined, undefined],
    [200, undefined, undefined],
    [500, 'error', undefined],
    [200, 'one', '/a'],
    [502, 'error', undefined],
  ]);
});

for (const [what, when] of [
  ['the request', 'req_header_key_in("x-beta")'],
  ['the response', 'req_header_key_in("x-beta") && res_code_in("200")'],
] as const)
  test(`conditions on ${what} see what a module of the program has made of a repeated head`, async (t) => {
    let count = 0;
    const alternating: Module = {
      name: 'alternating',
      handlers: {
        beforeLocation(exchange) {
          count += 1;
          if (count % 2 === 0) exchange.requestHeaders = [...exchange.requestHeaders, 'x-beta', '1'];
          return CONTINUE;
        },
      },
    };
    const { ask } = await start(t, {
      server: `[{ when: '${when}', headers: { response: { set: { x-set: beta } } } }]`,
      modules: [alternating],
    });

    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) seen.push((await ask('/')).response.headers.get('x-set'));

    assert.deepEqual(seen, [undefined, 'beta', undefined, 'beta']);
  });

test('a reload changes the modules of a repeated head', async (t) => {
  const { ask, front, yaml } = await start(t, {
    server: '[{ headers: { response: { set: { x-set: one } } } }]',
  });

  const before = (await ask('/')).response.headers.get('x-set');
  await front.reload(yaml.replace('x-set: one', 'x-set: two'));
  const after = (await ask('/')).response.headers.get('x-set');
  await front.reload(
    yaml.replace('{ headers: { response: { set: { x-set: one } } } }', '{ block: { methods: [GET] } }'),
  );
  const blocked = (await ask('/')).response.status;

  assert.deepEqual([before, after, blocked], ['one', 'two', 403]);
});

test('blocked requests get 403 and keep their connection, and are counted each time', async (t) => {
  const { ask, front } = await start(t, { tenant: '[{ block: { methods: [DELETE] } }]' });

  const statuses: number[] = [];
  for (const method of ['GET', 'DELETE', 'DELETE', 'GET'])
    statuses.push((await ask('/', 'shop.example', [], method)).response.status);

  assert.deepEqual(statuses, [200, 403, 403, 200]);
  assert.equal(front.count('moduleAnswered'), 2);
  const deleted = 'tenants.shop.modules[0]';
  assert.deepEqual(
    front.exchanges.map(({ answeredBy, route }) => `${answeredBy} ${route}`),
    [' default', `${deleted} default`, `${deleted} default`, ' default'],
  );
  assert.equal(front.count('sessionOpened'), 1);
});

test('a blocked request is an error by the name that its client is told, with its id', async (t) => {
  const { ask, front } = await start(t, { tenant: '[{ block: { methods: [DELETE] } }]' });

  const { response } = await ask('/', 'shop.example', [], 'DELETE');

  const [{ id, error }] = front.exchanges as [(typeof front.exchanges)[0]];
  assert.equal(response.body, `403 Forbidden\ndenied-by-module: refused by policy\nrequest id: ${id}\n`);
  assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.deepEqual([error?.name, error?.side], ['denied-by-module', 'portico']);
});

test('a blocked request that is closed ends its connection without a byte', async (t) => {
  const { front } = await start(t, { route: '[{ block: { paths: ["/*"], answer: close } }]' });
  const client = await openClient(t, front.port());

  client.send(requestText('GET /own'));
  await client.untilEnded();
  client.end();

  assert.equal(client.text, '');
  await front.until(() => front.exchanges.length === 1);
  assert.equal(front.exchanges[0]?.error?.name, 'denied-by-module');
});

test('a blocked address is closed when it connects, and another is not', async (t) => {
  const { front } = await start(t, { server: '[{ block: { addresses: ["127.0.0.2"], answer: close } }]' });
  const blocked = await openClient(t, front.port(), '127.0.0.1', '127.0.0.2');
  const other = await openClient(t, front.port());

  await blocked.untilEnded();
  other.send(requestText('GET /'));

  assert.equal((await other.message()).status, 200);
  assert.equal(front.count('exchangeStarted'), 1);
});

test('a blocked address that a trusted proxy names is refused, and the proxy is not', async (t) => {
  const { ask } = await start(t, {
    server: '[{ block: { addresses: ["192.0.2.0/24", "127.0.0.1"], answer: refuse } }]',
    top: 'trustedProxies: ["127.0.0.1"]',
  });

  const statuses: number[] = [];
  for (const client of ['192.0.2.1', '198.51.100.1', '192.0.2.1, 198.51.100.1'])
    statuses.push((await ask('/', 'shop.example', [`X-Forwarded-For: ${client}`])).response.status);

  assert.deepEqual(statuses, [403, 200, 200], 'what stands to the left anybody may have written');
});

test('a backend is asked for another host and path, again for a repeated head', async (t) => {
  const { ask } = await start(t, {
    route:
      '[{ rewrite: { host: own.internal, trimPrefix: /own, addPrefix: /v2 } }, { rewrite: { query: { delete: [b] } } }]',
  });

  for (let i = 0; i < 2; i++) {
    const { line, sent } = await ask('/own?a=1&b=2');
    assert.equal(line, 'GET /v2/?a=1 HTTP/1.1');
    assert.deepEqual(sent('host'), ['own.internal']);
    assert.deepEqual(sent('x-forwarded-host'), ['shop.example']);
  }
});

test('clients are sent to https, unless they are there by the word of a trusted proxy', async (t) => {
  const { ask, origin } = await start(t, {
    server: '[{ redirect: { scheme: https, status: 308 } }]',
    top: 'trustedProxies: ["127.0.0.1"]',
  });

  const { response } = await ask('/a?b');
  const told = await ask('/a?b', 'shop.example', ['X-Forwarded-Proto: https']);

  assert.deepEqual([response.status, response.headers.get('location')], [308, 'https://shop.example/a?b']);
  assert.equal(told.response.status, 200);
  assert.equal(origin.connections.length, 1);
});

test('a tenant that is closed answers for itself, whatever its routes, and other modules still change that answer', async (t) => {
  const { ask, origin } = await start(t, {
    server: '[{ headers: { response: { set: { x-frame: none } } } }]',
    tenant: `[{ when: '!req_path_in("/healthz", false)', respond: { status: 503, headers: { Retry-After: "60" }, body: closed } }]`,
  });

  const { response } = await ask('/own');
  const open = await ask('/healthz');

  assert.deepEqual([response.status, response.body], [503, 'closed']);
  assert.deepEqual(
    ['retry-after', 'x-frame', 'content-type'].map((name) => response.headers.get(name)),
    ['60', 'none', 'text/plain; charset=utf-8'],
  );
  assert.equal(open.response.status, 200);
  assert.equal(origin.connections.length, 1);
});

test('tags are seen by conditions and values behind them, and by the log', async (t) => {
  const { ask, front } = await start(t, {
    server: `
  - { when: 'req_tag_match("kind", "robot")', headers: { request: { set: { x-early: "1" } } } }
  - { tag: { kind: human } }
  - { when: 'req_header_value_contain("user-agent", "bot", true)', tag: { kind: robot, agent: "%{header:user-agent}" } }
  - { when: 'req_tag_match("kind", "robot")', headers: { request: { set: { x-kind: "%{tag:kind}" } } } }`,
  });

  const robot = await ask('/', 'shop.example', ['User-Agent: a bot']);
  const human = await ask('/');

  assert.deepEqual([...robot.sent('x-kind'), ...robot.sent('x-early'), ...human.sent('x-kind')], ['robot']);
  const [tagged, other] = front.exchanges.map(({ facts }) => facts?.tags);
  assert.deepEqual(tagged, ['kind', 'human', 'kind', 'robot', 'agent', 'a bot']);
  assert.deepEqual(other, ['kind', 'human']);
});

interface Parts {
  /** Lists of modules, as YAML. */
  readonly server?: string;
  readonly tenant?: string;
  readonly other?: string;
  /** Of path `/own`. */
  readonly route?: string;
  /** Further routes of the tenant. */
  readonly routes?: string;
  readonly top?: string;
  /** Of the program. */
  readonly modules?: readonly Module[];
  readonly response?: string;
  /** Of the backend, one after the other. */
  readonly each?: readonly string[];
}

interface Asked {
  /** The request line that the backend got for it; '' when it got none. */
  readonly line: string;
  readonly response: Awaited<ReturnType<Awaited<ReturnType<typeof openClient>>['message']>>;
  /** The values of a field in what the backend got for it. */
  readonly sent: (name: string) => string[];
}

interface Started {
  readonly front: TestFront;
  readonly origin: Origin;
  readonly yaml: string;
  /** All on one connection. */
  readonly ask: (path: string, host?: string, headers?: readonly string[], method?: string) => Promise<Asked>;
}

/** Tenants `shop` and `other`, both of one backend. */
async function start(t: TestContext, parts: Parts): Promise<Started> {
  let answered = 0;
  const { server = '[]', tenant = '[]', other = '[]', route = '[]', routes = '', top = '' } = parts;
  const origin = await startOrigin(
    t,
    parts.response === undefined
      ? eachRequest((_request, connection) => connection.send(parts.each?.[answered++] ?? ok('hello')))
      : answering(parts.response),
  );
  const dead = await startOrigin(t);
  await dead.stop();
  const yaml = `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
${top}
modules: ${server}
tenants:
  shop:
    hosts: ["shop.example"]
    modules: ${tenant}
    routes: [{ cluster: web }, { path: "/own", cluster: web, modules: ${route} }, ${routes}]
  other: { hosts: ["other.example"], modules: ${other}, routes: [{ cluster: web }] }
clusters:
  web: { instances: [{ address: "${origin.address}" }] }
  dead: { instances: [{ address: "${dead.address}" }] }
`;
  const front = await startFront(t, yaml, { modules: parts.modules ?? [] });
  const client = await openClient(t, front.port());
  return {
    front,
    origin,
    yaml,
    async ask(path, host = 'shop.example', headers = [], method = 'GET') {
      const before = origin.text.length;
      client.send([`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n'));
      const response = await client.message();
      const text = origin.text.slice(before);
      const sent = (name: string): string[] =>
        [...text.matchAll(new RegExp(`^${name}: (.*)\r$`, 'gm'))].map(([, value]) => value!);
      return { response, sent, line: text.slice(0, Math.max(0, text.indexOf('\r'))) };
    },
  };
}
