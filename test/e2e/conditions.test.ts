import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Module } from '../../src/core/callback-points.ts';
import { systemClock } from '../../src/core/clock.ts';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { type FrontOptions, startFront, type TestFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

interface RoutesOptions extends FrontOptions {
  /** Further top-level lines. */
  readonly top?: string;
  /** With a TLS listener before the plain one. */
  readonly isSecured?: boolean;
}

/** A front whose routes all answer by themselves, with their number in the tenant's list. */
function startRoutes(
  t: TestContext,
  conditions: readonly string[],
  { top = '', isSecured = false, ...options }: RoutesOptions = {},
): Promise<TestFront> {
  const { cert, key } = testCertificate(['shop.example']);
  const routes = conditions.map(
    (when, i) => `      - { when: ${JSON.stringify(when)}, respond: { status: 200, body: "${i + 1}" } }`,
  );
  const yaml = `
listen: [${isSecured ? '{ address: "127.0.0.1:0", tls: true }, ' : ''}{ address: "127.0.0.1:0" }]
drain: 50ms
certificates: [${isSecured ? '{ cert: shop.pem, key: shop.key, default: true }' : ''}]
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
${routes.join('\n')}
      - { respond: { status: 200, body: "default" } }
clusters: {}
${top}
`;
  return startFront(t, yaml, { files: { 'shop.pem': cert, 'shop.key': key }, ...options });
}

async function ask(client: Peer, startLine: string, fields: readonly string[] = []): Promise<string> {
  client.send(requestText(startLine, fields));
  const { body } = await client.message();
  return body;
}

test('requests go where the first condition that holds sends them', async (t) => {
  const front = await startRoutes(t, [
    'req_method_in("POST") && req_header_value_in("X-Beta", "1", false)',
    'req_cookie_value_in("group", "b", false)',
    'req_query_value_in("v", "2", false) || req_path_suffix_in(".jpg", true)',
    'req_path_regmatch(`^/item/[0-9]+$`)',
    'req_cip_range("192.0.2.0", "192.0.2.255")',
  ]);
  const client = await openClient(t, front.port());

  assert.equal(await ask(client, 'GET /'), 'default');
  assert.equal(await ask(client, 'GET /', ['X-Beta: 1']), 'default');
  assert.equal(await ask(client, 'POST /', ['X-Beta: 1', 'Content-Length: 0']), '1');
  assert.equal(await ask(client, 'GET /', ['Cookie: a=1; group=b']), '2');
  assert.equal(await ask(client, 'GET /?v=2'), '3');
  assert.equal(await ask(client, 'GET /a/b.JPG?v=1'), '3');
  assert.equal(await ask(client, 'GET /item/17'), '4');
  assert.equal(await ask(client, 'GET /x/%2e%2e/item/17'), '4');
  assert.equal(await ask(client, 'GET /item/x'), 'default');
  assert.equal(await ask(client, 'GET /', ['X-Forwarded-For: 192.0.2.1']), 'default');
  assert.deepEqual(
    front.exchanges.slice(0, 4).map(({ route }) => route),
    ['default', 'default', 'when #1', 'when #2'],
  );
});

test('who asks is whom a trusted proxy names', async (t) => {
  const front = await startRoutes(t, ['req_cip_trusted() && req_cip_range("192.0.2.0", "192.0.2.255")'], {
    top: 'trustedProxies: ["127.0.0.1"]',
  });
  const client = await openClient(t, front.port());

  assert.equal(await ask(client, 'GET /', ['X-Forwarded-For: 192.0.2.1']), '1');
  assert.equal(await ask(client, 'GET /', ['X-Forwarded-For: 192.0.2.1, 198.51.100.1']), 'default');
  assert.equal(await ask(client, 'GET /'), 'default');
});

test('over TLS and HTTP/2 the protocol, the name and the cookies are known', async (t) => {
  const front = await startRoutes(
    t,
    [
      'req_proto_match("h2") && ses_tls_sni_in("shop.example") && req_cookie_value_in("b", "2", false)',
      'req_proto_match("https") && req_proto_secure() && ses_tls_sni_in("shop.example") && req_port_in("443")',
      'req_proto_match("HTTP/1.1") && !req_proto_secure() && !ses_tls_sni_in("shop.example")',
      'req_proto_match("h2c")',
    ],
    { isSecured: true },
  );
  const h2 = await openHttp2Client(t, front.port(0), { tls: true });
  const h2c = await openHttp2Client(t, front.port(1));
  const https = await openTlsClient(t, front.port(0), { servername: 'shop.example' });
  const plain = await openClient(t, front.port(1));

  const crumbs = [
    ['cookie', 'a=1'],
    ['cookie', 'b=2'],
  ] as const;
  assert.equal((await h2.get('/', crumbs)).body, '1');
  assert.equal((await h2.get('/')).body, 'default');
  assert.equal((await h2c.get('/')).body, '4');
  assert.equal(await ask(https, 'GET /'), '2');
  assert.equal(await ask(plain, 'GET /'), '3');
});

test('a condition on the time is asked for every request, though its head repeats', async (t) => {
  let wall = Date.UTC(2026, 0, 1);
  const front = await startRoutes(
    t,
    ['req_path_in("/timed", false) && bfe_time_range("20260101000000Z", "20260101000001Z")'],
    { clock: { now: systemClock.now, wall: () => wall } },
  );
  const client = await openClient(t, front.port());

  assert.equal(await ask(client, 'GET /timed'), '1');
  assert.equal(await ask(client, 'GET /timed'), '1');
  wall += 1001;
  assert.equal(await ask(client, 'GET /timed'), 'default');
  assert.equal(await ask(client, 'GET /timed'), 'default');
  wall -= 1001;
  assert.equal(await ask(client, 'GET /timed'), '1');
});

test('what conditions have decided from the head is remembered with it, and made anew where the time had a say', async (t) => {
  const origin = await startOrigin(t, answering(ok('')));
  let rewritten = 0;
  const counter: Module = {
    name: 'counter',
    rewriteRequest(_session, _head, headers) {
      rewritten += 1;
      return headers;
    },
  };
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
      - { when: 'req_path_in("/timed", false) && bfe_time_range("20260101000000Z", "99990101000000Z")', cluster: web }
      - { when: 'req_header_value_in("x", "1", false)', cluster: web }
clusters:
  web: { instances: [{ address: "${origin.address}" }] }
`,
    { modules: [counter] },
  );
  const client = await openClient(t, front.port());
  const rewrites = async (path: string): Promise<number> => {
    const before = rewritten;
    for (let i = 0; i < 3; i++) await ask(client, `GET ${path}`, ['X: 1']);
    return rewritten - before;
  };

  assert.equal(await rewrites('/'), 1);
  assert.equal(await rewrites('/timed'), 3);
  assert.equal(await rewrites('/'), 1);
});

test('conditions see the headers and the path that a module has set, for this request only', async (t) => {
  let tier = '';
  const front = await startRoutes(
    t,
    ['req_header_value_in("x-tier", "gold", false)', 'req_path_in("/moved", false)'],
    {
      modules: [
        {
          name: 'tiers',
          handlers: {
            beforeLocation(exchange) {
              if (tier === 'moved') exchange.path = '/moved';
              else if (tier !== '') exchange.requestHeaders = [...exchange.requestHeaders, 'x-tier', tier];
              return { kind: 'continue' };
            },
          },
        },
      ],
    },
  );
  const client = await openClient(t, front.port());

  const seen: string[] = [];
  for (tier of ['', 'gold', 'silver', 'gold', 'moved', '']) seen.push(await ask(client, 'GET /'));

  assert.deepEqual(seen, ['default', '1', 'default', '1', '2', 'default']);
});

test('a reload brings other conditions to connections that are open', async (t) => {
  const front = await startRoutes(t, ['req_header_value_in("x", "1", false)']);
  const client = await openClient(t, front.port());
  assert.equal(await ask(client, 'GET /', ['X: 1']), '1');
  assert.equal(await ask(client, 'GET /', ['X: 1']), '1');

  await front.reload(`
listen: [{ address: "127.0.0.1:0" }]
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
      - { when: '!req_header_value_in("x", "1", false)', respond: { status: 200, body: "not" } }
      - { respond: { status: 200, body: "rest" } }
clusters: {}
`);

  assert.equal(await ask(client, 'GET /', ['X: 1']), 'rest');
  assert.equal(await ask(client, 'GET /', ['X: 2']), 'not');
});
