import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { encodeProxyHeader } from '../../protocols/proxy-protocol/writer.ts';
import { testCertificate } from '../support/certificates.ts';
import { beginTlsClient, openClient, openTlsClient } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { assertHttpIsMisdirected } from '../support/misdirected-http.ts';
import { startOrigin } from '../support/origin.ts';
import { startTlsOrigin, type TlsOrigin } from '../support/tls-origin.ts';

test('hosts of passthrough stand beside terminated ones on a port, exact and by wildcard, each with its own certificate', async (t) => {
  const { front } = await startBoth(t);

  for (const [servername, certificate, answer] of [
    ['legacy.example', 'legacy.example', 'exact'],
    ['a.old.example', '*.old.example', 'wild'],
    ['b.a.old.example', '*.old.example', 'wild'],
    ['shop.example', 'shop.example', 'HTTP/1.1 200 OK'],
  ] as const) {
    const client = await openTlsClient(t, front.port(), { servername });
    assert.equal(client.socket.getPeerCertificate().subject.CN, certificate, servername);
    client.send('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n');
    await client.untilText(answer);
    client.end();
    await client.untilEnded();
  }
  await front.settled();

  assert.deepEqual(
    front.streams.map(({ way, serverName, tenant, ending }) => [way, serverName, tenant?.name, ending]),
    [
      ['passthrough', 'legacy.example', 'legacy', 'client-closed'],
      ['passthrough', 'a.old.example', 'old', 'client-closed'],
      ['passthrough', 'b.a.old.example', 'old', 'client-closed'],
    ],
  );
  assert.deepEqual(front.closedSessions.map(({ protocol, tls }) => [protocol, tls?.serverName]).toSorted(), [
    ['http/1.1', 'shop.example'],
    ['passthrough', undefined],
    ['passthrough', undefined],
    ['passthrough', undefined],
  ]);
});

test('what is passed through is not touched: ALPN, versions, and every byte of the ClientHello', async (t) => {
  const { front, exact } = await startBoth(t);

  const client = await openTlsClient(t, front.port(), {
    servername: 'legacy.example',
    ALPNProtocols: ['imap'],
    maxVersion: 'TLSv1.2',
  });

  assert.equal(client.socket.alpnProtocol, 'imap');
  assert.equal(client.socket.getProtocol(), 'TLSv1.2');
  assert.equal(exact.tls(0).getProtocol(), 'TLSv1.2');
});

test('a ClientHello that comes byte by byte is passed through, with all that follows', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, onlyPassthrough(origin.address));
  const hello = await clientHello(t, 'legacy.example');
  const client = await openClient(t, front.port());

  for (const byte of hello) {
    client.socket.write(Buffer.of(byte));
    if (byte % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  client.send('and more');

  const instance = await origin.next();
  await instance.untilText('and more');
  assert.equal(instance.text, `${hello.toString('latin1')}and more`);
});

test('the PROXY header comes before the ClientHello, and does not count', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, onlyPassthrough(`${origin.address}`, 'v2'));
  const hello = await clientHello(t, 'legacy.example');
  const client = await openClient(t, front.port());
  const { localAddress = '', localPort = 0 } = client.socket;

  client.send(hello);

  const instance = await origin.next();
  const header = encodeProxyHeader(
    'v2',
    { address: localAddress, port: localPort },
    { address: '127.0.0.1', port: front.port() },
  );
  await instance.until(() => instance.receivedBytes >= header.length + hello.length, 'both');
  assert.equal(instance.text, header.toString('latin1') + hello.toString('latin1'));
  client.reset();
  await front.settled();
  assert.equal(front.streams[0]?.bytesIn, hello.length);
});

test('where there is no certificate, a name that is not passed through is refused by an alert', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, onlyPassthrough(origin.address));

  const { peer } = beginTlsClient(t, front.port(), { servername: 'other.example' });

  assert.equal(await peer.untilEnded(), 'error');
  assert.match(String(peer.error), /unrecognized name/);
  await front.settled();
  assert.equal(front.closedSessions[0]?.error?.name, 'tls-handshake-failed');
  assert.equal(origin.connections.length, 0);
});

test('HTTP for a host of passthrough is not served in its place', async (t) => {
  const { front } = await startBoth(t);

  await assertHttpIsMisdirected(t, front, 'legacy.example');
});

async function startBoth(t: TestContext): Promise<{ readonly front: TestFront; readonly exact: TlsOrigin }> {
  const answering = (name: string, word: string) =>
    startTlsOrigin(t, { ...testCertificate([name]), ALPNProtocols: ['imap'] }, (connection) => {
      connection.socket.once('data', () => connection.send(word));
      connection.socket.once('end', () => connection.end());
    });
  const exact = await answering('legacy.example', 'exact');
  const wild = await answering('*.old.example', 'wild');
  const { cert, key } = testCertificate(['shop.example']);
  const yaml = `
listen: [{ address: "127.0.0.1:0", tls: true }, { address: "localhost:0" }]
drain: 50ms
certificates: [{ cert: shop.pem, key: shop.key, default: true }]
tenants:
  shop: { hosts: ["shop.example"], routes: [{ respond: { status: 200, body: "shop" } }] }
  legacy: { hosts: ["legacy.example"], tls: { passthrough: exact } }
  old: { hosts: ["*.old.example"], tls: { passthrough: { cluster: wild } } }
clusters:
  exact: { instances: [{ address: "${exact.address}" }] }
  wild: { protocol: https, instances: [{ address: "${wild.address}" }] }
`;
  return { front: await startFront(t, yaml, { files: { 'shop.pem': cert, 'shop.key': key } }), exact };
}

function onlyPassthrough(address: string, proxyProtocol?: string): string {
  const target =
    proxyProtocol === undefined ? 'legacy' : `{ cluster: legacy, proxyProtocol: ${proxyProtocol} }`;
  return `
listen: [{ address: "127.0.0.1:0", tls: true }]
drain: 50ms
tenants: { legacy: { hosts: ["legacy.example"], tls: { passthrough: ${target} } } }
clusters: { legacy: { instances: [{ address: "${address}" }] } }
`;
}

/** What Node's client begins with. */
async function clientHello(t: TestContext, servername: string): Promise<Buffer> {
  const sink = await startOrigin(t);
  const { peer } = beginTlsClient(t, sink.port, { servername });
  const connection = await sink.next();
  await connection.until(() => connection.receivedBytes > 0, 'a ClientHello');
  peer.socket.destroy();
  await once(peer.socket, 'close');
  return Buffer.from(connection.text, 'latin1');
}
