import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { startHelloRelay } from '../support/hello-relay.ts';

const NAMES = ['shop', 'bank', 'site'] as const;

/** Tenants that answer with their names: `shop` and `bank` with a VIP, `site` by default. The first listener is plain, the second TLS. */
function config(shopVip = '10.1.2.3', bankVip = '2001:db8::4'): string {
  const tenant = (name: string, more: string) =>
    `  ${name}: { hosts: ["${name}.example"], ${more} routes: [{ respond: { status: 200, body: "${name}" } }] }`;
  return `
listen:
  - { address: "127.0.0.1:0", proxyProtocol: { from: ["127.0.0.1"] } }
  - { address: "127.0.0.1:0", tls: true, proxyProtocol: { from: ["127.0.0.1"] } }
  - { address: ":0" }
drain: 50ms
certificates:
  - { cert: site.pem, key: site.key, default: true }
  - { cert: shop.pem, key: shop.key, vips: ["${shopVip}"] }
  - { cert: bank.pem, key: bank.key, vips: ["${bankVip}"] }
tenants:
${tenant('shop', `vips: ["${shopVip}"],`)}
${tenant('bank', `vips: ["${bankVip}"], tls: { minVersion: "1.3" },`)}
${tenant('site', '')}
defaultTenant: site
`;
}

const FILES = Object.fromEntries(
  NAMES.flatMap((name) => {
    const { cert, key } = testCertificate([`${name}.example`]);
    return [
      [`${name}.pem`, cert],
      [`${name}.key`, key],
    ];
  }),
);

function start(t: TestContext, yaml = config()): Promise<TestFront> {
  return startFront(t, yaml, { files: FILES });
}

function headerTo(vip: string): string {
  return vip.includes(':')
    ? `PROXY TCP6 2001:db8::7 ${vip} 56324 443\r\n`
    : `PROXY TCP4 192.0.2.7 ${vip} 56324 443\r\n`;
}

test('a host of nobody belongs to the tenant of the VIP, then to the default one; a host of a tenant to that', async (t) => {
  const front = await start(t);
  for (const [vip, host, tenant] of [
    ['10.1.2.3', 'nobody.example', 'shop'],
    ['10.1.2.3', '10.1.2.3', 'shop'],
    ['10.1.2.3', 'bank.example', 'bank'],
    ['2001:db8::4', 'nobody.example', 'bank'],
    ['2001:DB8:0:0::4', '[2001:db8::4]', 'bank'],
    ['10.1.2.9', 'nobody.example', 'site'],
    ['10.1.2.9', 'shop.example', 'shop'],
  ] as const) {
    const client = await openClient(t, front.port());
    client.send(headerTo(vip) + requestText('GET /', [], host));
    assert.equal((await client.message()).body, tenant, `${host} at ${vip}`);
    assert.equal(front.exchanges.at(-1)!.tenant!.name, tenant);
  }
});

test('a request of HTTP/1.0 without a host is for the tenant of the VIP', async (t) => {
  const front = await start(t);
  const client = await openClient(t, front.port());

  client.send(`${headerTo('10.1.2.3')}GET / HTTP/1.0\r\n\r\n`);

  assert.equal((await client.message()).body, 'shop');
});

test('the same head on another connection is for the tenant of that connection', async (t) => {
  const front = await start(t);
  const shop = await openClient(t, front.port());
  const bank = await openClient(t, front.port());
  shop.send(headerTo('10.1.2.3'));
  bank.send(headerTo('2001:db8::4'));
  const request = requestText('GET /', [], 'nobody.example');

  for (let turn = 0; turn < 3; turn++) {
    shop.send(request);
    bank.send(request);
    assert.equal((await shop.message()).body, 'shop');
    assert.equal((await bank.message()).body, 'bank');
  }
});

test('without a load balancer the VIP is our own address, on a listener of both families too', async (t) => {
  const front = await start(t, config('127.0.0.1'));
  const client = await openClient(t, front.port(2));

  client.send(requestText('GET /', [], 'nobody.example'));

  assert.equal((await client.message()).body, 'shop');
  assert.equal(front.exchanges[0]!.session.localAddress, '127.0.0.1');
});

test('a reload moves a VIP, also for connections that stand', async (t) => {
  const front = await start(t);
  const client = await openClient(t, front.port());
  const request = requestText('GET /', [], 'nobody.example');
  client.send(headerTo('10.1.2.3') + request);
  assert.equal((await client.message()).body, 'shop');

  await front.reload(config('10.1.2.9', '10.1.2.3'));

  client.send(request);
  assert.equal((await client.message()).body, 'bank');
});

test('the certificate is that of the name, then of the VIP, then the default', async (t) => {
  const front = await start(t);
  for (const [vip, servername, subject] of [
    ['10.1.2.3', undefined, 'shop'],
    ['10.1.2.3', 'nobody.example', 'shop'],
    ['10.1.2.3', 'bank.example', 'bank'],
    ['2001:db8::4', undefined, 'bank'],
    ['10.1.2.9', undefined, 'site'],
    ['10.1.2.9', 'nobody.example', 'site'],
  ] as const) {
    const client = await openTlsThrough(t, front, vip, servername);
    assert.equal(client.socket.getPeerX509Certificate()!.subject, `CN=${subject}.example`);
    client.send(requestText('GET /', [], servername ?? 'nobody.example'));
    assert.equal((await client.message()).body, subject, `${servername} at ${vip}`);
  }
});

test('the tenant of the VIP says what TLS a connection without a name may have', async (t) => {
  const front = await start(t);

  await openTlsThrough(t, front, '10.1.2.3', undefined, 'TLSv1.2');
  await assert.rejects(openTlsThrough(t, front, '2001:db8::4', undefined, 'TLSv1.2'));
});

test('a connection to a VIP without a name serves no host that asks for other TLS', async (t) => {
  const front = await start(t);
  const client = await openTlsThrough(t, front, '10.1.2.3', undefined, 'TLSv1.2');

  const ask = async (host: string): Promise<number> => {
    client.send(requestText('GET /', [], host));
    return (await client.message()).status;
  };

  assert.equal(await ask('nobody.example'), 200);
  assert.equal(await ask('site.example'), 200);
  assert.equal(await ask('bank.example'), 421);
});

test('a connection to a VIP for a name of nobody serves no host of another tenant', async (t) => {
  const front = await start(t);
  const client = await openTlsThrough(t, front, '10.1.2.3', 'nobody.example');

  const ask = async (host: string): Promise<number> => {
    client.send(requestText('GET /', [], host));
    return (await client.message()).status;
  };

  assert.equal(await ask('nobody.example'), 200);
  assert.equal(await ask('shop.example'), 200);
  assert.equal(await ask('site.example'), 421);
});

/** A TLS client behind a load balancer to which it has connected at `vip`. */
async function openTlsThrough(
  t: TestContext,
  front: TestFront,
  vip: string,
  servername: string | undefined,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
) {
  const header = Buffer.from(headerTo(vip));
  const relay = await startHelloRelay(t, front.port(1), (hello) => [Buffer.concat([header, hello])]);
  return openTlsClient(t, relay, { maxVersion, ...(servername === undefined ? {} : { servername }) });
}
