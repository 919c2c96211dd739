import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type TestContext, test } from 'node:test';
import type { PeerAddress, Session } from '../../src/core/session.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { eachOctet } from '../support/cuts.ts';
import { type FrontOptions, plainConfig, startFront, type TestFront } from '../support/front.ts';
import { startHelloRelay } from '../support/hello-relay.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import { IPV4_BLOCK, IPV6_BLOCK, proxyBlock } from '../support/proxy-headers.ts';
import { startTlsFront } from '../support/tls-front.ts';

const CLIENT = { address: '192.0.2.7', port: 56324 };
const VIP = { address: '10.1.2.3', port: 443 };
const CLIENT6 = { address: '2001:db8::7', port: 56324 };
const VIP6 = { address: '2001:db8:0:1::443', port: 443 };

const LINE = 'PROXY TCP4 192.0.2.7 10.1.2.3 56324 443\r\n';
const BLOCK = proxyBlock(0x21, 0x11, IPV4_BLOCK);

const HEADERS: readonly (readonly [
  what: string,
  header: Buffer,
  source: PeerAddress,
  destination: PeerAddress,
])[] = [
  ['version 1 over IPv4', Buffer.from(LINE), CLIENT, VIP],
  [
    'version 1 over IPv6',
    Buffer.from('PROXY TCP6 2001:db8::7 2001:db8:0:1::443 56324 443\r\n'),
    CLIENT6,
    VIP6,
  ],
  ['version 2 over IPv4', BLOCK, CLIENT, VIP],
  ['version 2 over IPv6', proxyBlock(0x21, 0x21, IPV6_BLOCK), CLIENT6, VIP6],
  [
    'version 2 with more behind the addresses',
    proxyBlock(0x21, 0x11, Buffer.concat([IPV4_BLOCK, Buffer.from('0401f4', 'hex'), Buffer.alloc(500)])),
    CLIENT,
    VIP,
  ],
];

const FROM_HERE = 'proxyProtocol: { from: ["127.0.0.1"] }';
const FROM_ELSEWHERE = 'proxyProtocol: { from: ["10.0.0.0/8", "2001:db8::/32"] }';

/** Two plain listeners: on the first, loopback is a load balancer; on the second, others are. */
function startProxied(t: TestContext, top = '', options: FrontOptions = {}): Promise<TestFront> {
  const yaml = plainConfig(['127.0.0.1:1'], top)
    .replace(
      'listen: [{ address: "127.0.0.1:0" }]',
      `listen: [{ address: "127.0.0.1:0", ${FROM_HERE} }, { address: "localhost:0", ${FROM_ELSEWHERE} }]`,
    )
    .replace('[{ cluster: web }]', '[{ respond: { status: 200, body: "shop" } }]');
  return startFront(t, yaml, options);
}

function assertRelayed(session: Session, source: PeerAddress, destination: PeerAddress): void {
  assert.deepEqual({ address: session.remoteAddress, port: session.remotePort }, source);
  assert.deepEqual({ address: session.localAddress, port: session.localPort }, destination);
  assert.equal(session.balancer?.address, '127.0.0.1');
  assert.ok(session.balancer.port > 0);
}

for (const [what, header, source, destination] of HEADERS) {
  test(`${what}: the session is that of the client, whatever comes in one segment`, async (t) => {
    const front = await startProxied(t);
    const whole = Buffer.concat([header, Buffer.from(requestText('GET /'))]);
    for (const pieces of [[whole], [header, whole.subarray(header.length)]]) {
      const client = await openClient(t, front.port());
      for (const piece of pieces) client.send(piece);
      assert.equal((await client.message()).body, 'shop');
      assertRelayed(front.exchanges.at(-1)!.session, source, destination);
    }
  });

  test(`${what}: over TLS, with the ClientHello in the same segment or octet by octet`, async (t) => {
    const front = await startTlsFront(t, { listener: FROM_HERE });
    for (const cut of [(bytes: Buffer) => [bytes], eachOctet]) {
      const relay = await startHelloRelay(t, front.port(), (hello) => cut(Buffer.concat([header, hello])));
      const client = await openTlsClient(t, relay, { servername: 'shop.example' });
      client.send(requestText('GET /'));
      assert.equal((await client.message()).body, 'shop');
      const { session } = front.exchanges.at(-1)!;
      assertRelayed(session, source, destination);
      assert.equal(session.tls!.serverName, 'shop.example');
    }
  });
}

test('a header may come octet by octet, and a request after it', async (t) => {
  const front = await startProxied(t);
  for (const header of [Buffer.from(LINE), BLOCK]) {
    const client = await openClient(t, front.port());
    for (const octet of eachOctet(Buffer.concat([header, Buffer.from(requestText('GET /'))]))) {
      await new Promise((resolve) => client.socket.write(octet, resolve));
    }
    assert.equal((await client.message()).body, 'shop');
    assertRelayed(front.exchanges.at(-1)!.session, CLIENT, VIP);
  }
});

test('HTTP/2 with prior knowledge goes on behind a header', async (t) => {
  const front = await startProxied(t);
  const { socket } = await openClient(t, front.port());
  socket.write(BLOCK);
  const client = connectHttp2('http://shop.example', { createConnection: () => socket });
  t.after(() => client.destroy());

  const stream = client.request({ ':path': '/' });
  const [headers] = await once(stream, 'response');
  stream.resume();
  await once(stream, 'end');

  assert.equal(headers[':status'], 200);
  assert.equal(front.exchanges[0]!.session.protocol, 'h2');
  assertRelayed(front.exchanges[0]!.session, CLIENT, VIP);
});

test('a load balancer that speaks for itself keeps its own addresses', async (t) => {
  const front = await startProxied(t);
  const own = [
    proxyBlock(0x20, 0x00, Buffer.alloc(0)),
    proxyBlock(0x20, 0x11, IPV4_BLOCK),
    proxyBlock(0x21, 0x00, Buffer.alloc(0)),
    proxyBlock(0x21, 0x31, Buffer.alloc(216)),
    Buffer.from('PROXY UNKNOWN\r\n'),
  ];
  for (const header of own) {
    const client = await openClient(t, front.port());
    client.send(Buffer.concat([header, Buffer.from(requestText('GET /'))]));
    assert.equal((await client.message()).body, 'shop');
    const { session } = front.exchanges.at(-1)!;
    assert.equal(session.remoteAddress, '127.0.0.1');
    assert.equal(session.remotePort, client.socket.localPort);
    assert.equal(session.localAddress, '127.0.0.1');
    assert.equal(session.localPort, front.port());
    assert.equal(session.balancer, undefined);
  }
});

test('what is wrong ends the connection without a byte, and says why', async (t) => {
  const front = await startProxied(t);
  const wrong: readonly (readonly [string | Buffer, reason: RegExp])[] = [
    [requestText('GET /'), /^not-a-header: /],
    ['PROXY TCP4 192.0.2.7 10.1.2.3 56324 443\n', /^bare-line-end: /],
    ['PROXY TCP4 192.0.2.07 10.1.2.3 56324 443\r\n', /^bad-address: /],
    [`PROXY UNKNOWN ${'x'.repeat(200)}`, /^line-too-long: /],
    [proxyBlock(0x31, 0x11, IPV4_BLOCK), /^unknown-version: /],
    [proxyBlock(0x21, 0x11, IPV4_BLOCK.subarray(1)), /^truncated-addresses: /],
    [proxyBlock(0x21, 0x11, IPV4_BLOCK, 0xffff), /^block-too-long: /],
    [
      proxyBlock(0x21, 0x11, Buffer.concat([IPV4_BLOCK, Buffer.from('030004deadbeef', 'hex')])),
      /^bad-checksum: /,
    ],
  ];
  for (const [bytes, reason] of wrong) {
    const client = await openClient(t, front.port());
    client.send(bytes);
    assert.equal(await client.untilEnded(), 'end');
    assert.equal(client.text, '');
    client.end();
    const { error, id } = front.refusals.at(-1)!;
    assert.equal(error!.name, 'proxy-protocol-error');
    assert.match(error!.detail, reason);
    assert.equal(id, '');
  }
  await front.settled();

  assert.equal(front.exchanges.length, 0);
  assert.equal(front.refusals.length, wrong.length);
  assert.equal(front.count('requestRefused'), wrong.length);
});

test('a TLS client of a load balancer that sends no header is refused', async (t) => {
  const front = await startTlsFront(t, { listener: FROM_HERE });

  await assert.rejects(openTlsClient(t, front.port(), { servername: 'shop.example' }));

  assert.deepEqual(
    front.refusals.map(({ error }) => error!.name),
    ['proxy-protocol-error'],
  );
});

test('who is not listed needs no header, and one of theirs is garbage', async (t) => {
  const front = await startProxied(t);
  const plain = await openClient(t, front.port(1), 'localhost');
  plain.send(requestText('GET /'));
  assert.equal((await plain.message()).body, 'shop');
  assert.equal(front.exchanges[0]!.session.balancer, undefined);

  for (const header of [Buffer.from(LINE), BLOCK]) {
    const client = await openClient(t, front.port(1), 'localhost');
    client.send(Buffer.concat([header, Buffer.from(requestText('GET /'))]));
    assert.equal((await client.message()).status, 400);
    assert.equal(await client.untilEnded(), 'end');
    assert.equal(front.refusals.at(-1)!.error!.name, 'malformed-request');
  }
  assert.equal(front.exchanges.length, 1);
});

test('a header that comes too slowly ends the connection; one that never begins is no news', async (t) => {
  const front = await startProxied(t, 'timeouts: { clientHeader: 100ms }');
  const slow = [LINE.slice(0, -1), BLOCK.subarray(0, 20)];
  for (const bytes of slow) {
    const client = await openClient(t, front.port());
    client.send(bytes);
    await client.untilEnded();
    assert.equal(client.text, '');
  }
  const silent = await openClient(t, front.port());
  await silent.untilEnded();
  const probe = await openClient(t, front.port());
  probe.end();
  await probe.untilEnded();
  await front.settled();

  assert.deepEqual(
    front.refusals.map(({ error }) => [error!.name, error!.detail]),
    slow.map(() => ['proxy-protocol-error', 'no whole PROXY header in time']),
  );
});

test('behind a header the client has the time of a head once more', async (t) => {
  const front = await startProxied(t, 'timeouts: { clientHeader: 100ms }');
  const client = await openClient(t, front.port());

  client.send(LINE);
  await client.untilEnded();
  await front.settled();

  assert.deepEqual(front.refusals, []);
});

test('a load balancer that goes within its header is told as such', async (t) => {
  const front = await startProxied(t);
  const client = await openClient(t, front.port());

  client.end(LINE.slice(0, 20));
  await client.untilEnded();
  await front.settled();

  assert.deepEqual(
    front.refusals.map(({ error }) => [error!.name, error!.detail]),
    [['proxy-protocol-error', 'client-gone']],
  );
});

test('backends are told of the client, and trust is in the client, not in the load balancer', async (t) => {
  const origin = await startOrigin(t, answering(ok('web')));
  const yaml = (trusted: string) =>
    plainConfig([origin.address], `trustedProxies: ["${trusted}"]`).replace(
      '"127.0.0.1:0" }',
      `"127.0.0.1:0", ${FROM_HERE} }`,
    );
  const front = await startFront(t, yaml('127.0.0.1'));
  const forwardedFor = async (): Promise<string | undefined> => {
    const client = await openClient(t, front.port());
    client.send(`${LINE}${requestText('GET /', ['X-Forwarded-For: 203.0.113.9'])}`);
    await client.message();
    return [...origin.text.matchAll(/^x-forwarded-for: (.*)\r$/gm)].at(-1)?.[1];
  };

  assert.equal(await forwardedFor(), '192.0.2.7');
  await front.reload(yaml('192.0.2.0/24'));
  assert.equal(await forwardedFor(), '203.0.113.9, 192.0.2.7');
});

test('modules are asked when the client is known, and told of no end of what they were not asked about', async (t) => {
  const asked: string[] = [];
  const front = await startProxied(t, '', {
    handlers: {
      accept(session) {
        asked.push(session.remoteAddress);
        return { kind: session.remoteAddress === '192.0.2.7' ? 'close' : 'continue' };
      },
    },
  });
  const refused = await openClient(t, front.port());
  refused.send(`${LINE}${requestText('GET /')}`);
  assert.notEqual(await refused.untilEnded(), undefined);
  assert.equal(refused.text, '');
  const wrong = await openClient(t, front.port());
  wrong.send('nonsense');
  await wrong.untilEnded();
  wrong.end();
  const welcome = await openClient(t, front.port());
  welcome.send(`PROXY TCP4 192.0.2.8 10.1.2.3 1 443\r\n${requestText('GET /')}`);
  assert.equal((await welcome.message()).body, 'shop');
  welcome.end();
  await front.settled();

  assert.deepEqual(asked, ['192.0.2.7', '192.0.2.8']);
  assert.deepEqual(
    front.closedSessions.map(({ remoteAddress }) => remoteAddress),
    ['192.0.2.7', '192.0.2.8'],
  );
});

test('a reload says anew who must send a header', async (t) => {
  const yaml = (listener: string) =>
    plainConfig(['127.0.0.1:1'])
      .replace('"127.0.0.1:0" }', `"127.0.0.1:0"${listener} }`)
      .replace('[{ cluster: web }]', '[{ respond: { status: 200, body: "shop" } }]');
  const front = await startFront(t, yaml(''));
  const port = front.port();
  const ask = async (header: string): Promise<number | 'refused'> => {
    const client = await openClient(t, port);
    client.send(`${header}${requestText('GET /')}`);
    return client.message().then(
      ({ status }) => status,
      () => 'refused',
    );
  };

  assert.deepEqual([await ask(''), await ask(LINE)], [200, 400]);
  await front.reload(yaml(`, ${FROM_HERE}`));
  assert.deepEqual([await ask(''), await ask(LINE)], ['refused', 200]);
  await front.reload(yaml(`, ${FROM_ELSEWHERE}`));
  assert.deepEqual([await ask(''), await ask(LINE)], [200, 400]);
});

test('a stop does not wait long for a header', async (t) => {
  const front = await startProxied(t, 'timeouts: { clientHeader: 10m }');
  const client = await openClient(t, front.port());
  client.send(LINE.slice(0, 5));
  await front.until(() => front.server.status().sessions === 1);

  await front.server.stop();

  assert.notEqual(await client.untilEnded(), undefined);
});
