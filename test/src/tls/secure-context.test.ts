import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { connect as connectPlain } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { type ConnectionOptions, getCiphers, type TLSSocket } from 'node:tls';
import { CertificateStore } from '../../../src/tls/certificate-store.ts';
import { ContextPolicy, type ContextSettings } from '../../../src/tls/context-policy.ts';
import { handshakeErrorReason } from '../../../src/tls/handshake-error.ts';
import { TicketKeys } from '../../../src/tls/ticket-keys.ts';
import { certificateSettings, type KeyKind, testCertificate } from '../../support/certificates.ts';
import { opensslMissing } from '../../support/outside-judge.ts';
import { TlsLoopback } from '../../support/tls-loopback.ts';

const BOTH: ContextSettings = { minVersion: '1.2', maxVersion: '1.3' };
const BOTH_POLICY = new ContextPolicy(BOTH);
const HOST = 'a.example';

let loopback: TlsLoopback | undefined;

afterEach(() => {
  loopback?.close();
  loopback = undefined;
});

describe('server contexts', () => {
  const keys: readonly KeyKind[] = ['ec', 'ec-p384', 'rsa'];
  for (const key of keys) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`serve an ${key} certificate on ${version}`, async () => {
        await serve(key);

        const client = await open({ minVersion: version, maxVersion: version });

        assert.equal(client.authorized, true);
        assert.equal(client.getProtocol(), version);
        const peer = client.getPeerX509Certificate()!;
        assert.equal(peer.publicKey.asymmetricKeyType, key.startsWith('ec') ? 'ec' : 'rsa');
        client.destroy();
      });
    }
  }

  it('send the intermediate, so that who knows only the root is satisfied', async () => {
    await serve('ec', BOTH, { intermediate: true });

    const client = await open({});

    assert.equal(client.authorized, true);
    client.destroy();
  });

  it('order ciphers themselves, except for a client that prefers ChaCha20', async () => {
    await serve('ec');
    const cipherFor = async (ciphers: string) => {
      const client = await open({ ciphers, maxVersion: 'TLSv1.2' });
      const { name } = client.getCipher();
      client.destroy();
      return name;
    };
    const [aes128, aes256, chacha] = [
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
    ];

    assert.equal(await cipherFor(`${aes256}:${aes128}`), aes128);
    assert.equal(await cipherFor(`${aes128}:${chacha}`), aes128);
    assert.equal(await cipherFor(`${chacha}:${aes128}`), chacha);
  });

  it('refuse ciphers without forward secrecy or without AEAD', async () => {
    const server = await serve('rsa');

    for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA256', 'DHE-RSA-AES128-GCM-SHA256']) {
      const failure = server.nextFailure();
      await assert.rejects(open({ ciphers, maxVersion: 'TLSv1.2' }), ciphers);
      assert.equal(handshakeErrorReason(await failure), 'no-shared-cipher');
    }
  });

  for (const key of ['ec', 'rsa'] as const) {
    it(`agree with no client on a suite of TLS 1.2 that HTTP/2 forbids, with an ${key} certificate`, async () => {
      await serve(key);
      const agreed = new Set<string>();

      for (const suite of getCiphers().filter((name) => !name.startsWith('tls_'))) {
        const ciphers = `${suite.toUpperCase()}:@SECLEVEL=0`;
        const client = await open({ ciphers, maxVersion: 'TLSv1.2' }).catch(() => undefined);
        if (client !== undefined) agreed.add(client.getCipher().name);
        client?.destroy();
      }

      // RFC 9113, section 9.2.2 and appendix A: what is left has an ephemeral key exchange and an AEAD cipher.
      assert.equal(agreed.size, 3);
      for (const suite of agreed)
        assert.match(suite, /^ECDHE-(ECDSA|RSA)-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305)$/);
    });
  }

  it('refuse versions outside their policy', async () => {
    const server = await serve('ec', { minVersion: '1.3', maxVersion: '1.3' });
    const failure = server.nextFailure();

    await assert.rejects(open({ maxVersion: 'TLSv1.2' }));

    assert.equal(handshakeErrorReason(await failure), 'no-shared-version');
  });

  it('never speak TLS 1.1', async () => {
    const server = await serve('ec');
    const failure = server.nextFailure();

    await assert.rejects(open({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));

    assert.equal(handshakeErrorReason(await failure), 'no-shared-version');
  });

  it('refuse renegotiation in TLS 1.2', async () => {
    await serve('ec');
    const client = await open({ maxVersion: 'TLSv1.2' });

    const error = await new Promise<Error | null>((resolve) => {
      client.on('error', resolve);
      client.renegotiate({}, resolve);
    });

    assert.match(String((error as NodeJS.ErrnoException).code), /RENEGOTIATION/);
    client.destroy();
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`resume sessions on ${version}, also those of another process with the same ticket keys`, async () => {
      const ticketKeys = new TicketKeys([Buffer.alloc(48, 7)]);
      const stores = [makeStore('ec', { ticketKeys }), makeStore('ec', { ticketKeys })];
      let turn = 0;
      loopback = new TlsLoopback(() => stores[turn++]!.choose(HOST).context(BOTH_POLICY));
      await loopback.listen();

      const session = await loopback.session({ servername: HOST, maxVersion: version });
      const again = await open({ maxVersion: version, session });

      assert.equal(again.isSessionReused(), true);
      again.destroy();
    });
  }

  it('do not resume a session that began under another certificate', async () => {
    const ticketKeys = new TicketKeys([Buffer.alloc(48, 7)]);
    const stores = [makeStore('ec', { ticketKeys }), makeStore('ec', { ticketKeys }, { untilDays: 77 })];
    let turn = 0;
    loopback = new TlsLoopback(() => stores[turn++]!.choose(HOST).context(BOTH_POLICY));
    await loopback.listen();

    const session = await loopback.session({ servername: HOST });
    const again = await open({ session });

    assert.equal(again.isSessionReused(), false);
    again.destroy();
  });

  it('agree on the post-quantum hybrid with a client that knows it, and on X25519 with one that does not', async () => {
    await serve('ec');

    const modern = await open({ ecdhCurve: 'X25519MLKEM768:X25519' });
    const classic = await open({ ecdhCurve: 'X25519' });

    assert.equal(groupOf(modern), 'X25519MLKEM768');
    assert.equal(groupOf(classic), 'X25519');
    modern.destroy();
    classic.destroy();
  });
});

describe('handshakeErrorReason on real handshakes', () => {
  it('names a client that does not trust the certificate', { skip: opensslMissing }, async () => {
    const server = await serve('ec');
    const failure = server.nextFailure();
    const client = spawn(
      'openssl',
      ['s_client', '-verify_return_error', '-connect', `127.0.0.1:${server.port}`],
      {
        stdio: 'ignore',
      },
    );

    assert.equal(handshakeErrorReason(await failure), 'client-rejected-certificate');
    client.kill();
  });

  it('names a client that speaks HTTP without TLS', async () => {
    const server = await serve('ec');
    const failure = server.nextFailure();
    const client = connectPlain(server.port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\n\r\n'));
    client.on('error', () => {});

    assert.equal(handshakeErrorReason(await failure), 'not-tls');
    client.destroy();
  });

  it('names a client that goes away', async () => {
    const server = await serve('ec');
    const failure = server.nextFailure();
    const client = connectPlain(server.port, '127.0.0.1', () => client.resetAndDestroy());

    assert.equal(handshakeErrorReason(await failure), 'client-gone');
  });
});

function makeStore(
  key: KeyKind,
  options: ConstructorParameters<typeof CertificateStore>[1] = {},
  certificate: Parameters<typeof testCertificate>[1] = {},
): CertificateStore {
  return new CertificateStore(
    [certificateSettings(testCertificate([HOST], { key, ...certificate }))],
    options,
  );
}

async function serve(
  key: KeyKind,
  settings: ContextSettings = BOTH,
  certificate: Parameters<typeof testCertificate>[1] = {},
): Promise<TlsLoopback> {
  const store = makeStore(key, {}, certificate);
  const policy = new ContextPolicy(settings);
  loopback = new TlsLoopback(() => store.choose(HOST).context(policy));
  await loopback.listen();
  return loopback;
}

function open(options: ConnectionOptions): Promise<TLSSocket> {
  return loopback!.connect({ servername: HOST, ...options });
}

function groupOf(client: TLSSocket): string | undefined {
  return (client.getEphemeralKeyInfo() as { name?: string } | null)?.name;
}
