import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { testCertificate } from '../support/certificates.ts';
import { beginTlsClient, openClient, openTlsClient, requestText } from '../support/client.ts';
import { handshake, records } from '../support/client-hello-builder.ts';
import { captureHello, startHelloRelay } from '../support/hello-relay.ts';
import { startTlsFront } from '../support/tls-front.ts';

const CERTIFICATES = {
  fallback: testCertificate(['fallback.example']),
  exact: testCertificate(['exact.shop.example'], { key: 'rsa' }),
  wildcard: testCertificate(['*.shop.example'], { key: 'ec-p384' }),
};
const TENANTS = {
  shop: { hosts: ['shop.example', '*.shop.example'] },
  modern: { hosts: ['modern.example'], tls: '{ minVersion: "1.3" }' },
  old: { hosts: ['old.example'], tls: '{ maxVersion: "1.2" }' },
};

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`the certificate is chosen by SNI: exact, wildcard, default, on ${version}`, async (t) => {
    const front = await startTlsFront(t, { certificates: CERTIFICATES, tenants: TENANTS });
    for (const [servername, subject, keyType] of [
      ['exact.shop.example', 'exact.shop.example', 'rsa'],
      ['EXACT.shop.example', 'exact.shop.example', 'rsa'],
      ['other.shop.example', '*.shop.example', 'ec'],
      ['a.b.shop.example', 'fallback.example', 'ec'],
      ['nobody.example', 'fallback.example', 'ec'],
      [undefined, 'fallback.example', 'ec'],
    ] as const) {
      const client = await openTlsClient(t, front.port(), {
        minVersion: version,
        maxVersion: version,
        ...(servername === undefined ? {} : { servername }),
      });
      assert.equal(client.socket.authorized, true);
      assert.equal(client.socket.getProtocol(), version);
      const certificate = client.socket.getPeerX509Certificate()!;
      assert.equal(certificate.subject, `CN=${subject}`);
      assert.equal(certificate.publicKey.asymmetricKeyType, keyType);
      client.end();
    }
    await front.settled();
    const { tls } = front.closedSessions[0]!;
    assert.equal(tls!.version, version);
    assert.equal(tls!.serverName, 'exact.shop.example');
  });
}

test('a request over TLS is answered, and its session says what was negotiated', async (t) => {
  const front = await startTlsFront(t, {});
  const client = await openTlsClient(t, front.port(), {
    servername: 'shop.example',
    ALPNProtocols: ['http/1.1'],
  });

  client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'shop');
  assert.equal(client.socket.alpnProtocol, 'http/1.1');
  const { tls, scheme, protocol } = front.exchanges[0]!.session;
  assert.equal(protocol, 'http/1.1');
  assert.equal(scheme, 'https');
  assert.deepEqual(
    { ...tls, cipher: undefined },
    {
      serverName: 'shop.example',
      alpn: 'http/1.1',
      version: 'TLSv1.3',
      cipher: undefined,
      resumed: false,
      certificateHosts: ['shop.example'],
      isOldCipher: false,
      client: undefined,
    },
  );
  assert.match(tls!.cipher, /^TLS_AES/);
});

test('a client that sends its request with the end of its handshake is answered', async (t) => {
  const front = await startTlsFront(t, {});
  const { peer } = beginTlsClient(t, front.port(), { servername: 'shop.example' });

  // Written before the handshake: it goes out together with Finished.
  peer.send(requestText('GET /'));

  assert.equal((await peer.message()).body, 'shop');
});

test("a tenant's TLS versions are kept, and a client outside of them gets the alert", async (t) => {
  const front = await startTlsFront(t, { certificates: CERTIFICATES, tenants: TENANTS });
  const accepted = [
    ['modern.example', 'TLSv1.3'],
    ['old.example', 'TLSv1.2'],
  ] as const;
  for (const [servername, version] of accepted) {
    const client = await openTlsClient(t, front.port(), { servername });
    assert.equal(client.socket.getProtocol(), version);
    client.end();
  }

  for (const [servername, version] of [
    ['modern.example', 'TLSv1.2'],
    ['old.example', 'TLSv1.3'],
  ] as const) {
    const { peer } = beginTlsClient(t, front.port(), {
      servername,
      minVersion: version,
      maxVersion: version,
    });
    assert.equal(await peer.untilEnded(), 'error');
    assert.match((peer.error as NodeJS.ErrnoException).code!, /PROTOCOL_VERSION/);
  }
  await front.settled();
  assert.deepEqual(
    front.refusals.map(({ error }) => [error!.name, error!.detail]),
    [
      ['tls-handshake-failed', 'no-shared-version'],
      ['tls-handshake-failed', 'no-shared-version'],
    ],
  );
});

test('a client that offers only other protocols gets the alert for it', async (t) => {
  const front = await startTlsFront(t, {});
  const { peer } = beginTlsClient(t, front.port(), {
    servername: 'shop.example',
    ALPNProtocols: ['spdy/3.1'],
  });

  assert.equal(await peer.untilEnded(), 'error');

  assert.match((peer.error as NodeJS.ErrnoException).code!, /NO_APPLICATION_PROTOCOL/);
  await front.settled();
  assert.equal(front.closedSessions[0]!.error!.name, 'tls-handshake-failed');
  assert.equal(front.closedSessions[0]!.protocol, '');
});

test('a tenant of HTTP/2 alone gives the same alert to a client of HTTP/1.1, and to one without ALPN', async (t) => {
  const tenants = { shop: { hosts: ['shop.example'], tls: '{ protocols: [h2] }' } };
  const front = await startTlsFront(t, { tenants });
  for (const offer of [{}, { ALPNProtocols: ['http/1.1', 'http/1.0'] }]) {
    const { peer } = beginTlsClient(t, front.port(), { servername: 'shop.example', ...offer });

    assert.equal(await peer.untilEnded(), 'error');

    assert.match((peer.error as NodeJS.ErrnoException).code!, /NO_APPLICATION_PROTOCOL/);
  }
});

test('a client without ALPN speaks HTTP/1.1', async (t) => {
  const front = await startTlsFront(t, {});
  const client = await openTlsClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'shop');
  assert.equal(front.exchanges[0]!.session.tls!.alpn, '');
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session is resumed on ${version}`, async (t) => {
    const front = await startTlsFront(t, {});
    const options = { servername: 'shop.example', minVersion: version, maxVersion: version };
    const { peer: first } = beginTlsClient(t, front.port(), options);
    const session = once(first.socket, 'session');
    first.send(requestText('GET /'));
    await first.message();

    const second = await openTlsClient(t, front.port(), { ...options, session: (await session)[0] });
    second.send(requestText('GET /'));

    assert.equal((await second.message()).body, 'shop');
    assert.equal(second.socket.isSessionReused(), true);
    assert.deepEqual(
      front.exchanges.map(({ session: { tls } }) => tls!.resumed),
      [false, true],
    );
  });
}

test('requests for a host that the connection is not for are answered 421, and it is kept', async (t) => {
  const front = await startTlsFront(t, {
    certificates: {
      a: testCertificate(['a.example', 'also-a.example', '*.a.example']),
      b: testCertificate(['b.example']),
    },
    tenants: {
      a: { hosts: ['a.example', '*.a.example'] },
      also: { hosts: ['also-a.example'] },
      b: { hosts: ['b.example'] },
    },
  });
  const client = await openTlsClient(t, front.port(), { servername: 'a.example' });
  const nameless = await openTlsClient(t, front.port());

  for (const [host, status, body] of [
    ['a.example', 200, 'a'],
    ['A.Example:443', 200, 'a'],
    ['b.example', 421, 'misdirected-request'],
    ['nobody.example', 421, 'misdirected-request'],
    ['also-a.example', 421, 'misdirected-request'],
    ['x.a.example', 200, 'a'],
    ['x.y.a.example', 421, 'misdirected-request'],
  ] as const) {
    client.send(requestText('GET /', [], host));
    const answer = await client.message();
    assert.equal(answer.status, status, host);
    assert.ok(answer.body.includes(body), answer.body);
    assert.equal(answer.headers.get('x-request-id'), front.exchanges.at(-1)!.id);
  }
  for (const host of ['a.example', 'b.example']) {
    nameless.send(requestText('GET /', [], host));
    assert.equal((await nameless.message()).status, 200);
  }
  assert.equal(front.exchanges[2]!.error!.side, 'downstream');
});

test("a tenant's TLS versions are kept on connections without SNI too", async (t) => {
  const front = await startTlsFront(t, { certificates: CERTIFICATES, tenants: TENANTS });
  const client = await openTlsClient(t, front.port(), { maxVersion: 'TLSv1.2' });

  for (const [host, status] of [
    ['shop.example', 200],
    ['modern.example', 421],
    ['old.example', 200],
  ] as const) {
    client.send(requestText('GET /', [], host));
    assert.equal((await client.message()).status, status, host);
  }
});

test('a ClientHello may arrive in any two pieces, or octet by octet', async (t) => {
  const front = await startTlsFront(t, {});
  const { length } = await captureHello(t, { servername: 'shop.example' });
  const offsets = Array.from({ length }, (_, at) => at).filter(
    (at) => at > 0 && (at < 12 || at > length - 4 || at % 89 === 0),
  );
  const eachOctet = (hello: Buffer) => Array.from(hello, (octet) => Buffer.from([octet]));
  const rewrites = [
    ...offsets.map((at) => (hello: Buffer) => [hello.subarray(0, at), hello.subarray(at)]),
    eachOctet,
  ];

  await Promise.all(
    rewrites.map(async (rewrite) => {
      const relay = await startHelloRelay(t, front.port(), rewrite);
      const client = await openTlsClient(t, relay, { servername: 'shop.example' });
      client.send(requestText('GET /'));
      assert.equal((await client.message()).body, 'shop');
      client.end();
    }),
  );

  await front.until(() => front.count('sessionClosed') === rewrites.length, 'the end of all sessions');
  assert.equal(front.exchanges.length, rewrites.length);
  for (const { session } of front.exchanges) assert.equal(session.tls!.serverName, 'shop.example');
});

test('a ClientHello may be cut into records', async (t) => {
  const front = await startTlsFront(t, {});
  for (const fragmentBytes of [1000, 100, 16]) {
    const relay = await startHelloRelay(t, front.port(), (hello) => [
      records(hello.subarray(5), fragmentBytes),
    ]);
    const client = await openTlsClient(t, relay, { servername: 'shop.example' });
    client.send(requestText('GET /'));
    assert.equal((await client.message()).body, 'shop');
    assert.equal(front.exchanges.at(-1)!.session.tls!.serverName, 'shop.example');
    client.end();
  }
});

test('plain HTTP on a TLS port, and TLS on a plain port, get an answer that people can read', async (t) => {
  const front = await startTlsFront(t, {});
  const plain = await openClient(t, front.port(0));
  const secured = await openClient(t, front.port(1));

  plain.send(requestText('GET /'));
  secured.send(await captureHello(t));

  for (const client of [plain, secured]) {
    const answer = await client.message();
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get('connection'), 'close');
    assert.match(answer.body, /TLS/);
    assert.ok(front.refusals.some(({ id }) => id === answer.headers.get('x-request-id')));
    assert.equal(await client.untilEnded(), 'end');
    client.end();
  }
  await front.settled();
});

test('rubbish on a TLS port gets an alert and the end of the connection', async (t) => {
  const front = await startTlsFront(t, {});
  for (const bytes of [
    '\0\0\0\0\0\0\0\0',
    'SSH-2.0-OpenSSH_9.0\r\n',
    '\x80\x2e\x01\x03\x01',
    '\xff'.repeat(1000),
    '\x16\x03\x01\x00\x00',
    '\x16\x03\x01\xff\xff',
    '\x16\x03\x01\x00\x04\x01\xff\xff\xff',
    '\x17\x03\x03\x00\x01\x00',
    Buffer.from(records(handshake(1, Buffer.alloc(40)))).toString('latin1'),
  ]) {
    const client = await openClient(t, front.port());
    client.send(bytes);
    assert.equal(await client.untilEnded(), 'end', JSON.stringify(bytes));
    assert.match(client.text, /^\x15\x03[\x01-\x03]\x00\x02\x02.$/s);
    client.end();
  }
  await front.settled();
  for (const { error } of front.closedSessions) assert.equal(error!.name, 'tls-handshake-failed');
});

test('clients that leave in the middle of their handshake leave nothing behind', async (t) => {
  const front = await startTlsFront(t, {});
  const hello = await captureHello(t, { servername: 'shop.example' });
  for (const first of [Buffer.alloc(0), hello.subarray(0, 3), hello.subarray(0, 100), hello]) {
    for (const leave of ['end', 'reset'] as const) {
      const client = await openClient(t, front.port());
      if (first.length > 0) client.send(first);
      if (first === hello) await client.until(() => client.receivedBytes > 0, 'our hello');
      client[leave]();
    }
  }
  const broken = await openClient(t, front.port());
  broken.send(hello);
  await broken.until(() => broken.receivedBytes > 0, 'our hello');
  broken.send(Buffer.alloc(100, 0x55));
  await broken.untilEnded();
  broken.end();

  await front.until(() => front.count('sessionClosed') === 9, 'the end of all sessions');
  await front.settled();
  // The two that said nothing are no news.
  assert.equal(front.refusals.length, 7);
  for (const { error } of front.refusals) assert.equal(error!.name, 'tls-handshake-failed');
  assert.equal(front.count('requestRefused'), 7);
});

test('a handshake that does not go on is ended', async (t) => {
  const front = await startTlsFront(t, { top: 'timeouts: { clientHeader: 200ms }' });
  const client = await openClient(t, front.port());

  client.send(await captureHello(t, { servername: 'shop.example' }));

  assert.notEqual(await client.untilEnded(), 'destroyed');
  await front.settled();
  assert.deepEqual(
    front.refusals.map(({ error }) => error!.detail),
    ['handshake-timeout'],
  );
});

test('a TLS client that ends with close_notify alone is answered and closed with it', async (t) => {
  const front = await startTlsFront(t, {});
  const client = await openTlsClient(t, front.port());

  client.end(requestText('GET /'));

  assert.equal((await client.message()).body, 'shop');
  assert.equal(await client.untilEnded(), 'end');
  await once(client.socket, 'close');
  await front.settled();
});
