import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { offeredProtocols } from '../../src/tls/protocol-offer.ts';
import { testCertificate } from '../support/certificates.ts';
import { beginTlsClient, openTlsClient, requestText } from '../support/client.ts';
import type { TestFront } from '../support/front.ts';
import { startTlsFront } from '../support/tls-front.ts';

const TENANTS = {
  standard: { hosts: ['standard.example'] },
  modern: { hosts: ['modern.example'], tls: '{ profile: modern }' },
  intermediate: { hosts: ['intermediate.example'], tls: '{ profile: A }' },
  old: { hosts: ['old.example'], tls: '{ profile: old }' },
  newer: { hosts: ['newer.example'], tls: '{ profile: old, minVersion: "1.1" }' },
  curve: { hosts: ['curve.example'], tls: '{ curves: [P-384, P-256] }' },
};

/** Nothing is too old for this client. */
const ANYTHING = 'ALL:@SECLEVEL=0';

function only(version: SecureVersion): ConnectionOptions {
  return { minVersion: version, maxVersion: version, ciphers: ANYTHING };
}

/** What a handshake with a host comes to: version and suite, or the reason that is logged for its failure. */
async function outcome(t: TestContext, front: TestFront, host: string, options: ConnectionOptions) {
  const { peer, secured } = beginTlsClient(t, front.port(), { servername: host, ...options });
  try {
    await secured;
  } catch {
    peer.end();
    await front.settled();
    return front.refusals.at(-1)!.error!.detail;
  }
  const settled = { version: peer.socket.getProtocol(), cipher: peer.socket.getCipher().name };
  peer.send(requestText('GET /', [], host));
  assert.equal((await peer.message()).status, 200);
  const { tls } = front.exchanges.at(-1)!.session;
  assert.deepEqual({ version: tls!.version, cipher: tls!.cipher }, settled);
  peer.end();
  return settled.version;
}

for (const key of ['ec', 'rsa'] as const) {
  test(`every profile speaks its versions and no other, side by side on one port, with an ${key} key`, async (t) => {
    const hosts = Object.values(TENANTS).flatMap((tenant) => tenant.hosts);
    const front = await startTlsFront(t, {
      certificates: { site: testCertificate(hosts, { key }) },
      tenants: TENANTS,
    });
    const no = 'no-shared-version';
    for (const [host, ...expected] of [
      ['standard.example', no, no, 'TLSv1.2', 'TLSv1.3'],
      ['modern.example', no, no, no, 'TLSv1.3'],
      ['intermediate.example', no, no, 'TLSv1.2', 'TLSv1.3'],
      ['old.example', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
      ['newer.example', no, 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    ] as const) {
      for (const [i, version] of (['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const).entries())
        assert.equal(await outcome(t, front, host, only(version)), expected[i], `${host} ${version}`);
    }
  });
}

test('weak suites are agreed on under the profile old alone, and only by clients that have no other', async (t) => {
  const hosts = Object.values(TENANTS).flatMap((tenant) => tenant.hosts);
  const front = await startTlsFront(t, {
    certificates: { site: testCertificate(hosts, { key: 'rsa' }) },
    tenants: TENANTS,
  });
  const with12 = (ciphers: string): ConnectionOptions => ({
    ...only('TLSv1.2'),
    ciphers: `${ciphers}:@SECLEVEL=0`,
  });
  for (const weak of ['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-RSA-AES128-SHA']) {
    assert.equal(await outcome(t, front, 'old.example', with12(weak)), 'TLSv1.2');
    assert.equal(front.exchanges.at(-1)!.session.tls!.isOldCipher, true);
    assert.equal(await outcome(t, front, 'standard.example', with12(weak)), 'no-shared-cipher');
    await outcome(t, front, 'old.example', with12(`${weak}:ECDHE-RSA-AES256-GCM-SHA384`));
    assert.equal(front.exchanges.at(-1)!.session.tls!.cipher, 'ECDHE-RSA-AES256-GCM-SHA384');
    assert.equal(front.exchanges.at(-1)!.session.tls!.isOldCipher, false);
  }
  for (const broken of ['NULL-SHA256', 'AECDH-AES128-SHA', 'DHE-RSA-AES128-SHA'])
    assert.equal(await outcome(t, front, 'old.example', with12(broken)), 'no-shared-cipher', broken);
});

test('HTTP/2 is not spoken where the profile old has agreed on what HTTP/2 forbids', async (t) => {
  const tenants = { old: { hosts: ['old.example'], tls: '{ profile: old }' } };
  const front = await startTlsFront(t, {
    certificates: { site: testCertificate(['old.example'], { key: 'rsa' }) },
    tenants,
  });
  const ALPNProtocols = ['h2', 'http/1.1'];
  for (const [options, alpn] of [
    [only('TLSv1.3'), 'h2'],
    [only('TLSv1.2'), 'h2'],
    [{ ...only('TLSv1.2'), ciphers: 'AES128-SHA:@SECLEVEL=0' }, 'http/1.1'],
    [only('TLSv1.1'), 'http/1.1'],
    [only('TLSv1'), 'http/1.1'],
  ] as const) {
    const client = await openTlsClient(t, front.port(), {
      servername: 'old.example',
      ...options,
      ALPNProtocols,
    });
    assert.equal(client.socket.alpnProtocol, alpn);
    client.end();
  }
});

test('curves are those of the host, and a client that knows none of them is refused', async (t) => {
  const front = await startTlsFront(t, {
    certificates: { site: testCertificate(['curve.example', 'standard.example']) },
    tenants: TENANTS,
  });
  const groupOf = async (servername: string, ecdhCurve: string) => {
    const { socket } = await openTlsClient(t, front.port(), { servername, ecdhCurve });
    return (socket.getEphemeralKeyInfo() as { name?: string }).name;
  };

  assert.equal(await groupOf('curve.example', 'X25519:P-256:P-384'), 'secp384r1');
  // What the client has sent a key for already is not worth another round trip.
  assert.equal(await groupOf('curve.example', 'P-256:P-384'), 'prime256v1');
  assert.equal(await groupOf('standard.example', 'P-521:X25519:P-384'), 'X25519');
  const { secured, peer } = beginTlsClient(t, front.port(), {
    servername: 'curve.example',
    ecdhCurve: 'X25519',
  });
  await assert.rejects(secured, /handshake failure/);
  peer.end();
  await front.until(() => front.refusals.length === 1, 'the refusal');
  assert.equal(front.refusals[0]!.error!.detail, 'no-shared-group');
});

test('a rate offers a protocol to a share of the clients, to the same ones each time', async (t) => {
  const front = await startTlsFront(t, {
    tenants: { shop: { hosts: ['shop.example'], tls: '{ protocols: [{ name: h2, rate: 50 }, http/1.1] }' } },
  });
  const settings = {
    protocols: ['h2', 'http/1.1'],
    rates: { h2: 50 },
    minVersion: '1.2',
    maxVersion: '1.3',
  } as const;
  const seen = new Set<string>();
  for (let i = 1; i <= 12; i++) {
    const localAddress = `127.0.0.${i}`;
    const expected = offeredProtocols(settings, { versions: [], cipherSuites: [] }, localAddress)[0]!;
    for (let turn = 0; turn < 2; turn++) {
      const options = { servername: 'shop.example', localAddress, ALPNProtocols: ['http/1.1', 'h2'] };
      const client = await openTlsClient(t, front.port(), options as ConnectionOptions);
      assert.equal(client.socket.alpnProtocol, expected, localAddress);
      client.end();
    }
    seen.add(expected);
  }
  assert.deepEqual([...seen].toSorted(), ['h2', 'http/1.1']);
});

test('a client that is not offered what it asks for alone gets the alert', async (t) => {
  const front = await startTlsFront(t, {
    tenants: { shop: { hosts: ['shop.example'], tls: '{ protocols: [{ name: h2, rate: 0 }, http/1.1] }' } },
  });
  const { secured } = beginTlsClient(t, front.port(), { servername: 'shop.example', ALPNProtocols: ['h2'] });

  await assert.rejects(secured, /no application protocol/);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`without tickets no session is resumed, on ${version}`, async (t) => {
    const front = await startTlsFront(t, {
      tenants: { shop: { hosts: ['shop.example'], tls: '{ tickets: false }' } },
    });
    const options: ConnectionOptions = {
      servername: 'shop.example',
      minVersion: version,
      maxVersion: version,
    };
    const { peer } = beginTlsClient(t, front.port(), options);
    let session: Buffer | undefined;
    peer.socket.on('session', (given) => {
      session = given;
    });
    peer.send(requestText('GET /'));
    await peer.message();
    peer.end();
    await once(peer.socket, 'close');

    const again = await openTlsClient(t, front.port(), {
      ...options,
      ...(session === undefined ? {} : { session }),
    });

    assert.equal(again.socket.isSessionReused(), false);
  });
}

test('a connection without SNI takes no weak suite to a host that would not have agreed to it', async (t) => {
  const front = await startTlsFront(t, {
    certificates: { site: testCertificate(['old.example', 'shop.example'], { key: 'rsa' }) },
    tenants: {
      old: { hosts: ['old.example'], tls: '{ profile: old }' },
      shop: { hosts: ['shop.example'] },
    },
    top: 'defaultTenant: old',
  });
  for (const [options, status] of [
    [only('TLSv1.3'), 200],
    [only('TLSv1.2'), 200],
    [{ ...only('TLSv1.2'), ciphers: 'AES128-SHA:@SECLEVEL=0' }, 421],
    [only('TLSv1.1'), 421],
  ] as const) {
    const client = await openTlsClient(t, front.port(), options);
    for (const [host, expected] of [
      ['shop.example', status],
      ['old.example', 200],
    ] as const) {
      client.send(requestText('GET /', [], host));
      assert.equal((await client.message()).status, expected, host);
    }
  }
});
