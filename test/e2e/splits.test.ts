import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { credentials, Metadata, ServerCredentials } from '@grpc/grpc-js';
import { openClient, requestText } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { openEchoClient, startEchoServer } from '../support/grpc-echo.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import { openWebSocket, startWebSocketEcho } from '../support/websockets.ts';

/** Cookie values and their buckets of 10,000, where the second of two clusters is dealt: murmur3 of seed 1. */
const HIGH = 'ann';
const LOW = 'cy';

test('a split without a key deals each request by itself, though the client repeats its head', async (t) => {
  const front = await startSplit(t, 'split: [{ cluster: a, weight: 3 }, { cluster: b, weight: 1 }]');

  assert.equal(await ask(front, t, Array(8).fill('')), 'aabaaaba');
  assert.deepEqual(
    front.exchanges.map(({ cluster }) => cluster?.name).join(''),
    'aabaaaba',
    'the access log has the cluster that was asked',
  );
});

test('streams of HTTP/2 are dealt alike, and all clients from one pack', async (t) => {
  const front = await startSplit(t, 'split: [{ cluster: a, weight: 3 }, { cluster: b, weight: 1 }]');
  const client = await openHttp2Client(t, front.port());
  const streams = Array.from({ length: 6 }, () => client.request('/'));
  for (const stream of streams) await client.over(stream);

  assert.equal(streams.map(({ body }) => body).join(''), 'aabaaa');
  assert.equal(await ask(front, t, ['', '']), 'ba');
});

test('a key decides, and a change of the last weight takes keys to the last cluster alone', async (t) => {
  const keys = Array.from({ length: 60 }, (_, i) => `uid=user-${i}`);
  const weighted = (last: number) =>
    `splitOn: cookie:uid, split: [{ cluster: a, weight: 60 }, { cluster: b, weight: 35 }, { cluster: c, weight: ${last} }]`;
  const front = await startSplit(t, weighted(5));
  const before = await ask(front, t, keys);

  assert.equal(await ask(front, t, keys), before);
  for (const last of [20, 80]) {
    await front.reload(splitConfig(addressesOf(front.origins), weighted(last)));
    const after = await ask(front, t, keys);
    assert.ok(after.split('c').length > before.split('c').length, after);
    for (const [i, name] of [...after].entries()) if (name !== 'c') assert.equal(name, before[i]);
  }
});

test('a request without its key goes by the address of the client, as a trusted proxy tells it', async (t) => {
  const front = await startSplit(t, `${EVEN}, splitOn: { cookie: uid }`, {
    top: 'trustedProxies: ["127.0.0.1"]',
  });
  const client = await openClient(t, front.port());
  const from = async (address: string, cookie = ''): Promise<string> => {
    client.send(
      requestText('GET /', [`x-forwarded-for: ${address}`, ...(cookie === '' ? [] : [`cookie: ${cookie}`])]),
    );
    return (await client.message()).body;
  };

  assert.equal(await from('192.0.2.1'), 'b');
  assert.equal(await from('198.51.100.7'), 'a');
  assert.equal(await from('192.0.2.1', 'uid='), 'b');
  assert.equal(await from('192.0.2.1', `uid=${LOW}`), 'a');
  assert.equal(await from('198.51.100.7', `uid=${HIGH}`), 'b');
});

test('the limits and the health of the dealt cluster hold, and no other cluster steps in', async (t) => {
  const front = await startSplit(t, `${EVEN}, splitOn: cookie:uid`, {
    clusters: 'limits: { maxBody: 2 }, health: { fail: 1, interval: 1m }',
  });
  const client = await openClient(t, front.port());
  client.send(`${requestText('POST /', ['Content-Length: 3', `cookie: uid=${HIGH}`])}abc`);
  assert.equal((await client.message()).status, 413);

  front.origins[1]!.close();
  const other = await openClient(t, front.port());
  other.send(requestText('GET /', [`cookie: uid=${HIGH}`]));
  assert.equal((await other.message()).status, 502);
  other.send(requestText('GET /', [`cookie: uid=${HIGH}`]));
  const refused = await other.message();
  assert.deepEqual([refused.status, refused.headers.has('retry-after')], [503, true]);
  other.send(requestText('GET /', [`cookie: uid=${LOW}`]));
  assert.equal((await other.message()).body, 'a');
});

for (const version of ['HTTP/1.1', 'HTTP/2'] as const) {
  test(`WebSockets over ${version} are dealt too`, async (t) => {
    const echoes = [await startWebSocketEcho(t, version), await startWebSocketEcho(t, version)];
    const options = version === 'HTTP/2' ? 'protocol: h2c' : '';
    const front = await startFront(t, splitConfig(echoes, EVEN, { clusters: options }));
    for (let i = 0; i < 4; i++) (await openWebSocket(t, front.port(), version)).close();
    await front.until(() => front.exchanges.length === 4, 'the end of all WebSockets');

    assert.deepEqual(front.exchanges.map(({ cluster }) => cluster?.name).toSorted(), ['a', 'a', 'b', 'b']);
  });
}

test('calls of gRPC are dealt by what their metadata say', async (t) => {
  const servers = [
    await startEchoServer(t, ServerCredentials.createInsecure()),
    await startEchoServer(t, ServerCredentials.createInsecure()),
  ];
  const addresses = servers.map(({ address }) => address);
  const options = { top: 'defaultTenant: shop', clusters: 'protocol: h2c' };
  const front = await startFront(t, splitConfig(addresses, `${EVEN}, splitOn: header:x-user`, options));
  const client = openEchoClient(t, front.port(), credentials.createInsecure());
  for (const user of [HIGH, LOW, HIGH]) {
    const metadata = new Metadata();
    metadata.set('x-user', user);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    client.unary(user, metadata, {}, (_error, value) => resolve(value));
    assert.equal(await promise, user);
  }

  assert.equal(front.exchanges.map(({ cluster }) => cluster?.name).join(''), 'bab');
});

const EVEN = 'split: [{ cluster: a, weight: 50 }, { cluster: b, weight: 50 }]';

interface SplitFront extends TestFront {
  readonly origins: readonly Origin[];
}

/** Clusters a, b and c, each of one instance that answers its name. */
async function startSplit(t: TestContext, route: string, options: ConfigOptions = {}): Promise<SplitFront> {
  const origins = await Promise.all([...'abc'].map((name) => startOrigin(t, answering(ok(name)))));
  const front = await startFront(t, splitConfig(addressesOf(origins), route, options));
  return Object.assign(front, { origins });
}

function addressesOf(origins: readonly Origin[]): string[] {
  return origins.map(({ address }) => address);
}

interface ConfigOptions {
  /** A further line. */
  readonly top?: string;
  /** Further keys of every cluster. */
  readonly clusters?: string;
}

/** One route; clusters a, b … of an instance each. */
function splitConfig(
  addresses: readonly string[],
  route: string,
  { top = '', clusters = '' }: ConfigOptions = {},
): string {
  const more = clusters === '' ? '' : `${clusters}, `;
  return `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
${top}
tenants:
  shop: { hosts: ["shop.example"], routes: [{ ${route} }] }
clusters:
${addresses.map((address, i) => `  ${'abc'[i]}: { ${more}instances: [{ address: "${address}" }] }`).join('\n')}
`;
}

/** Who answers one client that sends these cookies one after the other. */
async function ask(front: TestFront, t: TestContext, cookies: readonly string[]): Promise<string> {
  const client = await openClient(t, front.port());
  let names = '';
  for (const cookie of cookies) {
    client.send(requestText('GET /', cookie === '' ? [] : [`cookie: ${cookie}`]));
    names += (await client.message()).body;
  }
  return names;
}
