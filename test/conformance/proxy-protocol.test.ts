import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { encodeProxyHeader } from '../../protocols/proxy-protocol/writer.ts';
import type { Session } from '../../src/core/session.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { startHaproxy } from '../support/haproxy.ts';
import { commandMissing } from '../support/outside-judge.ts';
import { startTlsFront } from '../support/tls-front.ts';

// HAProxy's authors have written the specification: what it sends we must read, and what we write it must read.

const haproxy = { skip: commandMissing('haproxy') };
const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');

const LISTENER = 'proxyProtocol: { from: ["127.0.0.1"] }';

/** What `server` lines of HAProxy send: version 1, version 2, and version 2 with everything that can stand behind the addresses. */
const SENDERS = [
  'send-proxy',
  'send-proxy-v2',
  'send-proxy-v2 proxy-v2-options crc32c,unique-id',
  'send-proxy-v2-ssl-cn proxy-v2-options ssl,cert-cn,ssl-cipher,crc32c',
];

for (const sender of SENDERS) {
  test(`${sender}: a client of HAProxy is known as itself, plain`, haproxy, async (t) => {
    const front = await startPlain(t);
    const [port] = (await startHaproxy(t, 1, ([bind]) => relay(bind!, front.port(), sender))) as [number];
    const client = await openClient(t, port);

    client.send(requestText('GET /'));

    assert.equal((await client.message()).body, 'shop');
    assertClient(served(front), client.socket.localPort!, port);
  });

  test(
    `${sender}: a client of HAProxy is known as itself, over TLS that HAProxy only relays`,
    haproxy,
    async (t) => {
      const front = await startTlsFront(t, { listener: LISTENER });
      const [port] = (await startHaproxy(t, 1, ([bind]) => relay(bind!, front.port(), sender))) as [number];
      const client = await openTlsClient(t, port, { servername: 'shop.example' });

      client.send(requestText('GET /'));

      assert.equal((await client.message()).body, 'shop');
      assertClient(served(front), client.socket.localPort!, port);
      assert.equal(served(front).tls!.serverName, 'shop.example');
    },
  );
}

for (const sender of SENDERS.slice(0, 2)) {
  test(`${sender}: a client of HAProxy over IPv6 is known as itself`, {
    skip: haproxy.skip || (!hasIPv6 && 'no IPv6 here'),
  }, async (t) => {
    const front = await startPlain(t);
    const [, port] = (await startHaproxy(
      t,
      2,
      ([bind, bind6]) =>
        `${relay(bind!, front.port(), sender)}\nfrontend six\n  bind [::1]:${bind6}\n  bind 127.0.0.1:${bind6}\n  default_backend b`,
    )) as [number, number];
    const client = await openClient(t, port, '::1');

    client.send(requestText('GET /'));

    assert.equal((await client.message()).body, 'shop');
    const session = served(front);
    assert.equal(session.remoteAddress, '::1');
    assert.equal(session.remotePort, client.socket.localPort);
    assert.equal(session.localAddress, '::1');
    assert.equal(session.localPort, port);
  });
}

test('health checks of HAProxy are requests of its own', haproxy, async (t) => {
  const front = await startPlain(t);
  await startHaproxy(
    t,
    1,
    ([bind]) => `${relay(bind!, front.port(), 'send-proxy-v2 check inter 20ms')}
  option httpchk
  http-check send meth GET uri /healthz`,
  );

  await front.until(() => front.exchanges.length >= 3, 'health checks');

  const { head, session, status } = front.exchanges[0]!;
  assert.equal(head.path, '/healthz');
  assert.equal(status, 200);
  assert.equal(session.remoteAddress, '127.0.0.1');
  assert.equal(session.balancer, undefined);
  assert.deepEqual(front.refusals, []);
});

test('a HAProxy that sends no header is refused', haproxy, async (t) => {
  const front = await startPlain(t);
  const [port] = (await startHaproxy(t, 1, ([bind]) => relay(bind!, front.port(), ''))) as [number];
  const client = await openClient(t, port);

  client.send(requestText('GET /'));

  await client.untilEnded();
  assert.equal(client.text, '');
  assert.deepEqual(
    front.refusals.map(({ error }) => error!.name),
    ['proxy-protocol-error'],
  );
});

const PAIRS = [
  ['192.0.2.7', '10.1.2.3', '192.0.2.7 10.1.2.3'],
  ['2001:db8::7', '2001:db8:0:1::443', '2001:db8::7 2001:db8:0:1::443'],
  ['192.0.2.7', '2001:db8::443', '::ffff:192.0.2.7 2001:db8::443'],
  ['nonsense', '10.1.2.3', '127.0.0.1 127.0.0.1'],
] as const;

for (const version of ['v1', 'v2'] as const) {
  for (const [source, destination, read] of PAIRS) {
    test(`HAProxy reads our ${version} header from ${source} to ${destination}`, haproxy, async (t) => {
      const [port] = (await startHaproxy(
        t,
        2,
        ([bind, plain]) => `frontend f
  mode http
  bind 127.0.0.1:${bind} accept-proxy
  bind 127.0.0.1:${plain}
  http-request return status 200 content-type text/plain lf-string "%[src] %[dst] %[src_port] %[dst_port]"`,
      )) as [number];
      const client = await openClient(t, port);

      client.send(
        encodeProxyHeader(version, { address: source, port: 56324 }, { address: destination, port: 443 }),
      );
      client.send(requestText('GET /'));

      const { body } = await client.message();
      const ports = source === 'nonsense' ? `${client.socket.localPort} ${port}` : '56324 443';
      assert.equal(body, `${read} ${ports}`);
    });
  }
}

function startPlain(t: TestContext): Promise<TestFront> {
  const yaml = plainConfig(['127.0.0.1:1'])
    .replace('"127.0.0.1:0" }', `"127.0.0.1:0", ${LISTENER} }`)
    .replace('[{ cluster: web }]', '[{ respond: { status: 200, body: "shop" } }]');
  return startFront(t, yaml);
}

function relay(bind: number, port: number, sender: string): string {
  return `frontend f
  bind 127.0.0.1:${bind}
  unique-id-format %{+X}o%ci:%cp
  default_backend b
backend b
  server s 127.0.0.1:${port} ${sender}`;
}

function served(front: TestFront): Session {
  assert.equal(front.exchanges.length, 1);
  return front.exchanges[0]!.session;
}

function assertClient(session: Session, clientPort: number, haproxyPort: number): void {
  assert.equal(session.remoteAddress, '127.0.0.1');
  assert.equal(session.remotePort, clientPort);
  assert.equal(session.localPort, haproxyPort);
  assert.notEqual(session.balancer?.port, clientPort);
}
