import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFront, type TestFront } from '../support/front.ts';
import { type Http2Client, openHttp2Client, type RequestOptions } from '../support/http2-client.ts';
import type { Field } from '../support/http2-hpack-decoder.ts';
import { startHttp2Way } from '../support/http2-ways.ts';
import { data } from '../support/http2-wire.ts';
import { type Origin, ok, startOrigin } from '../support/origin.ts';
import { startTlsFront } from '../support/tls-front.ts';

/** What Portico answers by itself: the stream alone is over then, and the connection serves the next. */
interface Refusal {
  readonly name: string;
  readonly status: number;
  readonly error: string;
  readonly path?: string;
  readonly options?: RequestOptions;
  /** It never becomes an exchange. */
  readonly isRefused?: boolean;
}

const REFUSALS: readonly Refusal[] = [
  {
    name: 'a host of no tenant',
    status: 404,
    error: 'no-tenant',
    options: { pseudo: pseudo('else.example') },
  },
  { name: 'a path of no route', status: 404, error: 'no-route', path: '/nowhere' },
  {
    name: 'a body that is declared too large',
    status: 413,
    error: 'body-too-large',
    path: '/web/',
    options: { method: 'POST', endStream: false, fields: [['content-length', '1001']] },
  },
  { name: 'no healthy instance', status: 503, error: 'no-healthy-instance', path: '/none/' },
  { name: 'an instance that is not there', status: 502, error: 'connect-failed', path: '/gone/' },
  { name: 'an instance that does not answer', status: 504, error: 'response-timeout', path: '/silent/' },
  {
    name: 'too many fields',
    status: 431,
    error: 'head-too-large',
    isRefused: true,
    options: { fields: Array.from({ length: 201 }, (): Field => ['x', '']) },
  },
  {
    name: 'a field that is too long',
    status: 431,
    error: 'head-too-large',
    isRefused: true,
    options: { fields: [['x', 'a'.repeat(5000)]] },
  },
  {
    name: 'a target that is too long',
    status: 414,
    error: 'target-too-long',
    isRefused: true,
    path: `/${'a'.repeat(5000)}`,
  },
  {
    name: 'an expectation that is unknown',
    status: 417,
    error: 'expectation-failed',
    isRefused: true,
    options: { fields: [['expect', 'the-unexpected']] },
  },
  {
    name: 'CONNECT',
    status: 501,
    error: 'method-not-implemented',
    isRefused: true,
    options: {
      endStream: false,
      pseudo: [
        [':method', 'CONNECT'],
        [':authority', 'shop.example:443'],
      ],
    },
  },
];

for (const { name, status, error, path = '/', options = {}, isRefused = false } of REFUSALS) {
  test(`${name} is answered ${status} on its stream, and the next is served`, async (t) => {
    const { front, client } = await open(t);
    if (error === 'no-healthy-instance')
      await front.until(() => front.instances('none')[0]!.state !== 'healthy', 'a failed probe');

    const exchange = await client.over(client.request(path, options));
    const next = await client.get('/fixed/');

    assert.equal(exchange.status, status);
    assert.equal(exchange.isWhole, true);
    assert.ok(exchange.body.includes(error), exchange.body);
    const id = exchange.headers.get('x-request-id')!;
    assert.ok(exchange.body.includes(id));
    assert.equal(Number(exchange.headers.get('content-length')), exchange.bodyBytes);
    assert.equal(next.body, 'fixed');
    assert.equal(client.count('GOAWAY'), 0);
    if (isRefused) {
      assert.deepEqual(
        front.refusals.map(({ id, error }) => [id, error!.name]),
        [[id, error]],
      );
      assert.equal(front.exchanges.length, 1);
    } else {
      assert.deepEqual(front.refusals, []);
      assert.deepEqual(
        front.exchanges.map(({ id, error, status }) => [id, error?.name, status]).slice(0, 1),
        [[id, error, status]],
      );
    }
  });
}

for (const { name, status, error, path = '/', options = {} } of REFUSALS.filter(isRefusedRequest)) {
  const fields = options.fields ?? [];

  test(`HEAD gets ${status} for ${name} without a body`, async (t) => {
    const { client } = await open(t);

    const exchange = await client.over(client.request(path, { fields, method: 'HEAD' }));
    const next = await client.get('/fixed/');

    assert.equal(exchange.status, status);
    assert.ok(Number(exchange.headers.get('content-length')) > 0);
    assert.equal(exchange.bodyBytes, 0);
    assert.equal(exchange.reset, undefined);
    assert.equal(next.body, 'fixed');
  });

  test(`a gRPC call is told of ${name} in its own terms`, async (t) => {
    const { front, client } = await open(t);
    const call: Field = ['content-type', 'application/grpc'];

    const exchange = await client.over(client.request(path, { fields: [call, ...fields], method: 'POST' }));

    assert.equal(exchange.status, 200);
    assert.equal(exchange.headers.get('grpc-status'), status === 417 ? '13' : '8');
    assert.ok(exchange.headers.get('grpc-message')!.startsWith(`${error}: `));
    assert.equal(exchange.bodyBytes, 0);
    assert.deepEqual(
      front.refusals.map(({ error }) => error!.name),
      [error],
    );
  });
}

test('as many fields are taken as of HTTP/1.1, the host among them and the request line not', async (t) => {
  const { client } = await open(t);
  const ask = (count: number) =>
    client.over(client.request('/fixed/', { fields: Array.from({ length: count }, (): Field => ['x', '']) }));

  const statuses = [await ask(199), await ask(200)].map(({ status }) => status);

  assert.deepEqual(statuses, [200, 431]);
});

test('HEAD gets the head of an answer of ours, and no body', async (t) => {
  const { client } = await open(t);

  const exchange = await client.over(client.request('/nowhere', { method: 'HEAD' }));

  assert.equal(exchange.status, 404);
  assert.ok(Number(exchange.headers.get('content-length')) > 0);
  assert.equal(exchange.bodyBytes, 0);
});

test('a body that grows too large is answered 413, its upload stopped, its backend left alone', async (t) => {
  const { front, client, silent } = await open(t);

  const exchange = client.request('/silent/', { method: 'POST', endStream: false });
  client.send(data(exchange.streamId, 'a'.repeat(1000)));
  const upstream = await silent.next();
  await upstream.untilText('aaa');
  client.send(data(exchange.streamId, 'b'));
  await client.until(() => exchange.reset !== undefined);

  assert.equal(exchange.status, 413);
  assert.equal(exchange.isWhole, true);
  assert.equal(exchange.reset, 'NO_ERROR');
  await upstream.untilEnded();
  assert.equal(front.instances('silent')[0]!.state, 'healthy');
});

test('a host that the TLS connection is not for is answered 421', async (t) => {
  const front = await startTlsFront(t, {
    tenants: { shop: { hosts: ['shop.example'] }, other: { hosts: ['other.example'] } },
  });
  const client = await openHttp2Client(t, front.port(), { tls: true });

  const exchange = await client.over(client.request('/', { pseudo: pseudo('other.example', 'https') }));

  assert.equal(exchange.status, 421);
  assert.equal((await client.get()).body, 'shop');
});

test('what modules answer, redirect, finish and close concerns one stream', async (t) => {
  const origin = await startOrigin(t);
  const { front, open } = await startHttp2Way(t, 'plain', origin.address, '', {
    beforeLocation(exchange) {
      switch (exchange.path) {
        case '/respond':
          return { kind: 'respond', status: 200, headers: ['x-own', '1'], body: 'by a module' };
        case '/redirect':
          return { kind: 'redirect', status: 302, url: 'https://shop.example/there' };
        case '/close':
          return { kind: 'close' };
        case '/throw':
          throw new Error('a module');
        default:
          return { kind: 'continue' };
      }
    },
  });
  const client = await open();
  const neighbour = client.request('/neighbour');
  const upstream = await origin.next();
  await upstream.message();

  const responded = await client.get('/respond');
  const redirected = await client.get('/redirect');
  const closed = await client.get('/close');
  const thrown = await client.get('/throw');
  upstream.send(ok('well'));
  await client.over(neighbour);

  assert.equal(responded.body, 'by a module');
  assert.equal(responded.headers.get('x-own'), '1');
  assert.equal(redirected.status, 302);
  assert.equal(redirected.headers.get('location'), 'https://shop.example/there');
  assert.equal(redirected.body, 'See https://shop.example/there\n');
  assert.equal(redirected.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(closed.status, 0);
  assert.equal(closed.reset, 'INTERNAL_ERROR');
  assert.equal(thrown.status, 500);
  assert.equal(neighbour.body, 'well');
  assert.equal(client.count('GOAWAY'), 0);
  assert.deepEqual(
    front.exchanges.map(({ error }) => error?.name),
    [undefined, undefined, 'denied-by-module', 'module-failed', undefined],
  );
  front.faults.length = 0;
});

test('a module that finishes has the connection end in order, when its other streams are over', async (t) => {
  const origin = await startOrigin(t);
  const { front, open } = await startHttp2Way(t, 'plain', origin.address, '', {
    beforeLocation: ({ path }) => (path === '/finish' ? { kind: 'finish' } : { kind: 'continue' }),
  });
  const client = await open();
  const neighbour = client.request('/neighbour');
  const upstream = await origin.next();
  await upstream.message();

  const finished = await client.get('/finish');
  await client.until(() => client.count('GOAWAY') === 2);
  upstream.send(ok('well'));
  await client.over(neighbour);

  assert.equal(finished.status, 403);
  assert.equal(neighbour.body, 'well');
  assert.equal(await client.peer.untilEnded(), 'end');
  client.peer.end();
  await front.settled();
});

async function open(t: Parameters<typeof startOrigin>[0]): Promise<{
  front: TestFront;
  client: Http2Client;
  silent: Origin;
}> {
  const silent = await startOrigin(t);
  const web = await startOrigin(t);
  const closed = await startOrigin(t);
  await closed.stop();
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
limits: { maxBody: 1000, line: 4KiB }
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
      - { path: "/web/*", cluster: web }
      - { path: "/none/*", cluster: none }
      - { path: "/gone/*", cluster: gone }
      - { path: "/silent/*", cluster: silent }
      - { path: "/fixed/*", respond: { status: 200, body: fixed } }
clusters:
  web: { instances: [{ address: "${web.address}" }] }
  none: { instances: [{ address: "${closed.address}" }], health: { path: /, interval: 100ms } }
  gone: { instances: [{ address: "${closed.address}" }], retry: { attempts: 1 } }
  silent: { instances: [{ address: "${silent.address}" }], timeouts: { responseHeader: 200ms } }
`,
  );
  return { front, client: await openHttp2Client(t, front.port()), silent };
}

function pseudo(authority: string, scheme = 'http'): [string, string][] {
  return [
    [':method', 'GET'],
    [':scheme', scheme],
    [':path', '/'],
    [':authority', authority],
  ];
}

/** CONNECT is neither HEAD nor a call. */
function isRefusedRequest({ isRefused, status }: Refusal): boolean {
  return isRefused === true && status !== 501;
}
