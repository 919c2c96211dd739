import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { createAuthority } from '../../src/tls/local-authority.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { answeringHttp2, type Http2OriginOptions, startHttp2Origin } from '../support/http2-origin.ts';
import { answering, ok } from '../support/origin.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';

const FILES = {
  'ca.pem': testAuthority().cert,
  'other.pem': createAuthority(Date.now()).cert,
  'client.pem': testCertificate(['front.internal']).cert,
  'client.key': testCertificate(['front.internal']).key,
};

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`an instance is asked for h2 by ALPN over ${version}, and its one connection carries all`, async (t) => {
    const { front, origin } = await start(t, { minVersion: version, maxVersion: version });
    const client = await openHttp2Client(t, front.port());
    const old = await openClient(t, front.port());

    const answers = await Promise.all([1, 2, 3].map((i) => client.get(`/${i}`)));
    old.send(requestText('GET /old'));

    assert.deepEqual(
      answers.map(({ body }) => body),
      ['secret', 'secret', 'secret'],
    );
    assert.equal((await old.message()).body, 'secret');
    assert.equal(origin.raw.connections.length, 1);
    const [socket] = origin.raw.connections.map((peer) => peer.socket as unknown as { alpnProtocol: string });
    assert.equal(socket!.alpnProtocol, 'h2');
    assert.deepEqual(origin.requests[0]!.values(':scheme'), ['https']);
    assert.deepEqual(origin.requests[0]!.values('x-forwarded-proto'), ['http']);
  });
}

for (const [what, tls, setting, detail] of [
  ['with a certificate of an unknown authority', {}, 'ca: other.pem', /unknown authority/],
  ['with a certificate for another name', testCertificate(['other.internal']), 'ca: ca.pem', /another name/],
  [
    'that speaks HTTP/1.1 only',
    { ALPNProtocols: ['http/1.1'] },
    'ca: ca.pem',
    /ALPN|no_application_protocol|no application protocol/,
  ],
  ['that knows no ALPN', { ALPNProtocols: undefined }, 'ca: ca.pem', /does not speak HTTP\/2 \(ALPN\)/],
  [
    'that wants a certificate',
    { requestCert: true, rejectUnauthorized: true, ca: testAuthority().cert },
    'ca: ca.pem',
    /requires a client certificate/,
  ],
] as const) {
  test(`an instance ${what} gets no request`, async (t) => {
    const { front, origin } = await start(t, tls as TlsOptions, setting);
    const client = await openClient(t, front.port());

    client.send(requestText('POST /', ['content-length: 4'])).send('body');

    assert.equal((await client.message()).status, 502);
    const { error } = front.exchanges[0]!;
    assert.equal(error?.name, 'backend-tls-failed');
    assert.match(error.detail, detail);
    assert.equal(origin.requests.length, 0);
    assert.equal(front.upstreamConnections, 0);
  });
}

test('an instance that is shown a certificate speaks HTTP/2 as any', async (t) => {
  // Test certificates are for servers only: what it makes of it is its own affair.
  const tls = { requestCert: true, rejectUnauthorized: false, ca: testAuthority().cert };
  const { front } = await start(t, tls, 'ca: ca.pem, cert: client.pem, key: client.key');
  const client = await openHttp2Client(t, front.port());

  assert.equal((await client.get('/')).body, 'secret');
});

for (const [what, protocols] of [
  ['chooses http/1.1', ['http/1.1']],
  ['knows no ALPN', undefined],
] as const) {
  test(`an instance that ${what} is spoken to so where that is allowed, one request at a time`, async (t) => {
    const tls: TlsOptions = protocols === undefined ? {} : { ALPNProtocols: [...protocols] };
    const origin = await startTlsOrigin(t, tls, answering(ok('old')));
    const front = await startFront(t, config(origin.address, 'ca: ca.pem, allowHttp1: true'), {
      files: FILES,
    });
    const client = await openHttp2Client(t, front.port());

    assert.equal((await client.get('/')).body, 'old');
    assert.equal((await client.get('/')).body, 'old');

    assert.equal(origin.connections.length, 1);
    assert.match(origin.text, /^GET \/ HTTP\/1\.1\r\nhost: shop\.example\r\n/);
    // Many at once: as many connections.
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.get('/')));
    for (const { body } of answers) assert.equal(body, 'old');
  });
}

test('an instance that could do both is spoken to in HTTP/2', async (t) => {
  const { front, origin } = await start(
    t,
    { ALPNProtocols: ['h2', 'http/1.1'] },
    'ca: ca.pem, allowHttp1: true',
  );
  const client = await openHttp2Client(t, front.port());

  assert.equal((await client.get('/')).body, 'secret');
  assert.equal(origin.requests.length, 1);
});

test('an end of TLS without close_notify completes no response', async (t) => {
  const origin = await startTlsOrigin(t, { ALPNProtocols: ['h2'] });
  const front = await startFront(t, config(origin.address, 'ca: ca.pem'), { files: FILES });
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/');
  await origin.connection(0);

  origin.truncate(0);

  assert.equal((await client.over(exchange)).status, 502);
  assert.equal(front.exchanges[0]!.error?.name, 'connect-failed');
});

async function start(
  t: TestContext,
  tls: TlsOptions,
  setting = 'ca: ca.pem',
): Promise<{ readonly front: TestFront; readonly origin: Awaited<ReturnType<typeof startHttp2Origin>> }> {
  const options: Http2OriginOptions = { tls, script: answeringHttp2('secret') };
  const origin = await startHttp2Origin(t, options);
  const front = await startFront(t, config(origin.address, setting), { files: FILES });
  return { front, origin };
}

function config(address: string, tls: string): string {
  return plainConfig([address], '', `protocol: h2\ntls: { ${tls} }`);
}
