import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import type { CallbackPoints } from '../../src/core/callback-points.ts';
import { openClient, requestText } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import {
  answering,
  eachRequest,
  type Origin,
  type OriginScript,
  ok,
  startOrigin,
} from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';
import { startWebSocketEcho } from '../support/websockets.ts';

test('the first answer sets a cookie, and who sends it stays with that instance', async (t) => {
  const { front } = await startSticky(t, 3);
  const client = await openClient(t, front.port());
  const first = await ask(client);

  assert.equal(first.body, 'a');
  assert.match(first.set, /^srv=[\w-]{16}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
  for (let i = 0; i < 5; i++)
    assert.deepEqual(await ask(client, `x=1; ${first.cookie}`), { ...NONE, body: 'a' });
  const second = await ask(client);
  assert.equal(second.body, 'b', 'who brings none is balanced as always');
  assert.notEqual(second.cookie, first.cookie);
  const other = await openClient(t, front.port());
  assert.equal((await ask(other, second.cookie)).body, 'b');
});

test('a token that names nobody is ignored, and the answer sets a good one', async (t) => {
  const { front } = await startSticky(t, 2);
  const client = await openClient(t, front.port());

  for (const forged of ['srv=', 'srv=AAAAAAAAAAAAAAAA', 'srv=127.0.0.1', `srv=${'x'.repeat(4000)}`, 'srv']) {
    const { set } = await ask(client, forged);
    assert.match(set, /^srv=[\w-]{16};/, forged);
  }
});

test('an answer out of memory brings nobody the cookie of another', async (t) => {
  const { front, origins } = await startSticky(t, 1);
  const clients = await Promise.all([openClient(t, front.port()), openClient(t, front.port())]);
  const { cookie, set } = await ask(clients[0]);

  // One connection to one instance, whose heads are all the same: each is parsed and rewritten once.
  const seen: string[] = [];
  for (const sent of [cookie, '', cookie, '', '', cookie]) seen.push((await ask(clients[1], sent)).set);

  assert.deepEqual(seen, ['', set, '', set, set, '']);
  assert.equal(origins[0]!.connections.length, 1);
  const http2 = await openHttp2Client(t, front.port());
  const kept = await http2.get('/', [['cookie', cookie]]);
  const fresh = await http2.get('/');
  const again = await http2.get('/', [['cookie', cookie]]);
  assert.deepEqual(
    [kept, fresh, again].map(({ headers }) => headers.get('set-cookie')),
    [undefined, set, undefined],
  );
});

test('beside cookies that the instance sets itself it stands as one more', async (t) => {
  const { front } = await startSticky(t, 1, '', answering(ok('a', ['Set-Cookie: own=1'])));
  const client = await openClient(t, front.port());
  const { set, cookie } = await ask(client);

  assert.match(set, /^own=1, srv=[\w-]{16};/);
  assert.equal((await ask(client, cookie)).set, 'own=1');
});

test('streams of HTTP/2 bring it in as many fields as they like', async (t) => {
  const { front } = await startSticky(t, 2);
  const client = await openHttp2Client(t, front.port());
  const first = await client.get();
  const [cookie = ''] = first.headers.get('set-cookie')!.split(';');
  const crumbs = [
    ['cookie', 'lang=en'],
    ['cookie', cookie],
  ] as const;

  for (let i = 0; i < 4; i++) assert.equal((await client.get('/', crumbs)).body, first.body);
});

test('who is out, or full, gives its clients to others, who keep them', async (t) => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const slow: OriginScript = eachRequest((request, connection) => {
    if (request.startLine.includes('/slow')) void opened.then(() => connection.send(ok('a')));
    else connection.send(ok('a'));
  });
  const { front, origins } = await startSticky(
    t,
    2,
    'maxRequests: 1, health: { fail: 1, interval: 1m }',
    slow,
  );
  const client = await openClient(t, front.port());
  const { cookie } = await ask(client);

  const busy = await openClient(t, front.port());
  busy.send(requestText('GET /slow', [`Cookie: ${cookie}`]));
  await (await origins[0]!.connection(0)).untilText('/slow');
  const passed = await ask(client, cookie);
  assert.equal(passed.body, 'b', 'full');
  assert.notEqual(passed.cookie, cookie);
  open();
  assert.equal((await busy.message()).body, 'a');
  assert.equal((await ask(client, cookie)).body, 'a', 'it has room again');

  origins[0]!.close();
  const moved = await ask(client, cookie);
  assert.deepEqual([moved.body, moved.cookie], ['b', passed.cookie], 'the retry: who answered is named');
  assert.equal(front.exchanges.at(-1)?.attempts, 2);
  assert.deepEqual(await ask(client, moved.cookie), { ...NONE, body: 'b' });
  assert.equal((await ask(client, cookie)).body, 'b', 'ejected: it is not tried');
  assert.equal(front.exchanges.at(-1)?.attempts, 1);
});

test('a retry for a status names the instance that answered', async (t) => {
  const failing = answering('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n');
  const { front } = await startSticky(t, 2, 'retry: { attempts: 2, on: [503] }', failing);
  const client = await openClient(t, front.port());

  const first = await ask(client);
  const token = first.cookie;
  assert.deepEqual([first.body, (await ask(client, token)).set], ['b', '']);
});

test('those on standby keep their clients while they serve, and no longer', async (t) => {
  const origins = await namedOrigins(t, 3);
  const pools = (east: string) => `
    health: { fail: 1, interval: 1m }
    sticky: { cookie: srv }
    subClusters:
      east: { weight: 1, instances: [{ address: "${east}" }] }
      spare: { weight: 0, instances: [{ address: "${origins[1]!.address}" }, { address: "${origins[2]!.address}" }] }
      hole: { weight: 0, blackhole: true }`;
  const front = await startFront(t, config(pools(origins[0]!.address)));
  const client = await openClient(t, front.port());
  const { cookie: ofEast } = await ask(client);
  origins[0]!.close();
  const moved = await ask(client, ofEast);

  assert.match(moved.body, /[bc]/);
  for (let i = 0; i < 4; i++)
    assert.deepEqual(await ask(client, moved.cookie), { ...NONE, body: moved.body });
  const back = await startOrigin(t, answering(ok('e')));
  await front.reload(config(pools(back.address)));
  assert.equal((await ask(client, moved.cookie)).body, 'e');
});

test('a reload keeps clients where they are, whatever else it changes', async (t) => {
  const { front, origins } = await startSticky(t, 3);
  const client = await openClient(t, front.port());
  const cookies = [await ask(client), await ask(client), await ask(client)].map(({ cookie }) => cookie);

  const added = await startOrigin(t, answering(ok('d')));
  const addresses = [added, origins[2]!, origins[1]!, origins[0]!].map(({ address }) => address);
  await front.reload(config(stickyWeb(addresses, 'balance: least-connections')));
  const names = [];
  for (const cookie of cookies) names.push(await ask(client, cookie));
  assert.deepEqual(
    names,
    ['a', 'b', 'c'].map((body) => ({ ...NONE, body })),
  );

  await front.reload(config(stickyWeb(addresses.slice(0, 2))));
  const without = await ask(client, cookies[0]);
  assert.match(without.body, /[cd]/);
  assert.match(without.set, /^srv=/);
});

test('a WebSocket is kept too, and its 101 sets the cookie', async (t) => {
  const echoes = [await startWebSocketEcho(t, 'HTTP/1.1'), await startWebSocketEcho(t, 'HTTP/1.1')];
  const front = await startFront(t, config(stickyWeb(echoes)));
  const open = async (cookie = ''): Promise<string[]> => {
    const headers = { host: 'shop.example', ...(cookie === '' ? {} : { cookie }) };
    const socket = new WebSocket(`ws://127.0.0.1:${front.port()}/`, { headers });
    t.after(() => socket.terminate());
    const upgraded = once(socket, 'upgrade');
    await once(socket, 'open');
    socket.close();
    return (await upgraded)[0].headers['set-cookie'] ?? [];
  };

  const [set = ''] = await open();
  assert.match(set, /^srv=[\w-]{16};/);
  for (let i = 0; i < 3; i++) assert.deepEqual(await open(set.split(';')[0]), []);
  await front.until(() => front.exchanges.length === 4);
  assert.equal(new Set(front.exchanges.map(({ instance }) => instance?.address.text)).size, 1);
});

test('behind a trusted proxy that was asked by https the cookie is Secure', async (t) => {
  const { front, origins } = await startSticky(t, 1);
  await front.reload(`${config(stickyWeb([origins[0]!.address]))}\ntrustedProxies: ["127.0.0.1"]`);
  const client = await openClient(t, front.port());
  client.send(requestText('GET /', ['X-Forwarded-Proto: https']));

  assert.match((await client.message()).headers.get('set-cookie')!, /SameSite=Lax; Secure$/);
});

test('what a module answers in place of the instance sets no cookie', async (t) => {
  const handlers: Partial<CallbackPoints> = {
    readResponse: () => ({ kind: 'respond', status: 404, headers: [], body: 'no' }),
  };
  const [origin] = await namedOrigins(t, 1);
  const front = await startFront(t, config(stickyWeb([origin!.address])), { handlers });
  const client = await openClient(t, front.port());

  assert.equal((await ask(client)).set, '');
});

test('the cluster that stands in for another has its own cookie', async (t) => {
  const [main, other] = await namedOrigins(t, 2);
  const text = config(`
    breaker: { requests: 1, failures: 50%, open: 1m, fallback: other }
    sticky: { cookie: srv }
    instances: [{ address: "${main!.address}" }]
  other:
    sticky: { cookie: spare }
    instances: [{ address: "${other!.address}" }]`);
  const front = await startFront(t, text);
  main!.close();
  const client = await openClient(t, front.port());
  assert.equal((await ask(client)).status, 502);

  const stood = await ask(client);
  assert.match(stood.set, /^spare=/);
  assert.equal((await ask(client, stood.cookie)).set, '');
});

/** What an answer has beside its body, when it sets no cookie. */
const NONE = { status: 200, set: '', cookie: '' };

interface Seen {
  readonly status: number;
  readonly body: string;
  /** Set-Cookie. */
  readonly set: string;
  /** What a browser sends back of it. */
  readonly cookie: string;
}

async function ask(client: Peer, cookie = ''): Promise<Seen> {
  client.send(requestText('GET /', cookie === '' ? [] : [`Cookie: ${cookie}`]));
  const { status, body, headers } = await client.message();
  const set = headers.get('set-cookie') ?? '';
  return { status, body, set, cookie: /srv=[\w-]+|spare=[\w-]+/.exec(set)?.[0] ?? '' };
}

/** A sticky cluster of instances that answer a, b, c …; `first`: what the first one does instead. */
async function startSticky(
  t: TestContext,
  count: number,
  options = '',
  first?: OriginScript,
): Promise<{ readonly front: TestFront; readonly origins: readonly Origin[] }> {
  const origins = await namedOrigins(t, count, first);
  const front = await startFront(
    t,
    config(
      stickyWeb(
        origins.map(({ address }) => address),
        options,
      ),
    ),
  );
  return { front, origins };
}

function namedOrigins(t: TestContext, count: number, first?: OriginScript): Promise<Origin[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) => {
      const script = answering(ok(String.fromCharCode(0x61 + i)));
      return startOrigin(t, i === 0 ? (first ?? script) : script);
    }),
  );
}

function stickyWeb(addresses: readonly string[], options = ''): string {
  const instances = addresses.map((address) => `{ address: "${address}" }`).join(', ');
  return ` { ${options === '' ? '' : `${options}, `}sticky: { cookie: srv, maxAge: 1h }, instances: [${instances}] }`;
}

function config(web: string): string {
  return `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
tenants:
  shop: { hosts: ["shop.example"], routes: [{ cluster: web }] }
clusters:
  web:${web}
`;
}
