import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, type DetailedPeerCertificate } from 'node:tls';
import { AccountKey } from '../../src/acme/account-key.ts';
import { httpsTransport } from '../../src/acme/https-transport.ts';
import { signRequest } from '../../src/acme/jws.ts';
import { type Pebble, pebbleMissing, startPebble } from '../support/pebble.ts';
import { PorticoProcess, writeConfig } from '../support/portico-process.ts';

// Portico as the client of a real ACME server: Pebble, which Let's Encrypt tests clients with. It finds every host on loopback.

const options = { skip: pebbleMissing };
const HOSTS = ['shop.example.org', 'www.shop.example.org'];

for (const challenge of ['http-01', 'tls-alpn-01'] as const) {
  test(
    `a certificate is obtained by ${challenge}, served by all workers, and found again`,
    options,
    async (t) => {
      const pebble = await startPebble(t);
      const { portico, file, tlsPort } = await startSite(t, pebble, { challenge });

      const before = await shown(tlsPort);
      assert.equal(before.issuer.CN, 'Portico temporary certificate');
      pebble.leadTo({ plain: portico.port(0), tls: tlsPort });
      const obtained = await portico.line(/certificate obtained/);

      assert.deepEqual(JSON.parse(obtained).hosts, HOSTS);
      await portico.line(/certificate served/);
      const root = await pebble.root();
      const [first] = await Promise.all(HOSTS.map((host) => trusted(tlsPort, host, root)));
      assert.equal(await portico.stop(), 0);

      const storage = join(dirname(file), 'acme');
      assert.equal(statSync(storage).mode & 0o777, 0o700);
      for (const name of readdirSync(storage))
        assert.equal(statSync(join(storage, name)).mode & 0o777, 0o600);
      const again = await startProcess(t, file);
      const { serialNumber } = await trusted(again.port(1), HOSTS[0]!, root);
      assert.equal(serialNumber, first!.serialNumber);
      assert.equal(
        again.lines.some((line) => line.includes('certificate obtained')),
        false,
      );
    },
  );
}

test('a CA that refuses every third nonce, and an RSA key', options, async (t) => {
  const pebble = await startPebble(t, { refusedNonces: 33 });
  const { portico, tlsPort } = await startSite(t, pebble, { keyType: 'rsa' });
  pebble.leadTo({ plain: portico.port(0) });

  await portico.line(/certificate served/);

  const shownNow = await trusted(tlsPort, HOSTS[0]!, await pebble.root());
  assert.equal(shownNow.bits, 2048);
  assert.equal(await portico.stop(), 0);
});

test('a certificate is renewed before its end, and no handshake fails meanwhile', options, async (t) => {
  const pebble = await startPebble(t, { validitySeconds: 30 });
  const { portico, tlsPort } = await startSite(t, pebble, { more: 'renewBefore: 1h' });
  pebble.leadTo({ plain: portico.port(0) });
  await portico.line(/certificate served/);
  const lines = portico.lines.length;
  let isRenewed = false;
  const renewed = portico.line(/certificate served/, lines).finally(() => {
    isRenewed = true;
  });

  const serials = new Set<string>();
  while (!isRenewed) serials.add((await shown(tlsPort)).serialNumber);
  await renewed;

  const { serialNumber } = await shown(tlsPort);
  assert.equal(serials.add(serialNumber).size, 2, 'the old one, then the new one');
  const metrics = (await portico.admin('/metrics')).text;
  assert.match(metrics, /^portico_acme_orders_total\{result="ok"\} 2$/m);
  assert.match(metrics, /^portico_acme_failures\{host="shop.example.org"\} 0$/m);
});

test(
  'hosts that do not lead here are told with what to look at, and the rest goes on',
  options,
  async (t) => {
    const pebble = await startPebble(t);
    const { portico, tlsPort } = await startSite(t, pebble);
    pebble.leadTo({});

    const failure = JSON.parse(await portico.line(/certificate not obtained/)) as Record<string, string>;

    assert.match(failure['reason']!, /^(www\.)?shop\.example\.org: connection: /);
    assert.match(failure['advice']!, /DNS, the firewall, and that port 80/);
    assert.match(failure['served']!, /temporary certificate/);
    assert.equal((await shown(tlsPort)).issuer.CN, 'Portico temporary certificate');
    const [kept] = ((await portico.admin('/status')).json() as unknown as { acme: { failures: number }[] })
      .acme;
    assert.equal(kept!.failures, 1);
  },
);

test('an account that was deactivated is told, and what to do about it', options, async (t) => {
  const pebble = await startPebble(t);
  const { portico, file } = await startSite(t, pebble);
  pebble.leadTo({ plain: portico.port(0) });
  await portico.line(/certificate served/);
  await portico.stop();
  const storage = join(dirname(file), 'acme');
  const names = readdirSync(storage);
  await deactivate(pebble, join(storage, names.find((name) => name.startsWith('account-'))!));
  rmSync(join(storage, names.find((name) => name.endsWith('.pem'))!));

  const again = await startProcess(t, file);
  const failure = JSON.parse(await again.line(/certificate not obtained/)) as Record<string, string>;

  assert.match(failure['reason']!, /^the account: unauthorized: /);
  assert.match(failure['advice']!, /move its key away from acme\.storage/);
});

test('a CA that is gone hurts nobody who has a certificate', options, async (t) => {
  const pebble = await startPebble(t);
  const { portico, file } = await startSite(t, pebble);
  pebble.leadTo({ plain: portico.port(0) });
  await portico.line(/certificate served/);
  const { serialNumber } = await shown(portico.port(1));
  await portico.stop();
  await pebble.stop();
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('storage: acme', 'storage: acme\n      renewBefore: 596h'),
  );

  const again = await startProcess(t, file);
  assert.equal((await shown(again.port(1))).serialNumber, serialNumber);
  writeFileSync(file, readFileSync(file, 'utf8').replace(HOSTS[1]!, 'new.shop.example.org'));
  assert.equal((await again.admin('/reload', 'POST')).status, 200);
  const failure = JSON.parse(await again.line(/certificate not obtained/)) as Record<string, string>;

  assert.match(failure['reason']!, /ECONNREFUSED/);
  assert.match(failure['served']!, /^the certificate of before, which ends /);
  assert.equal((await shown(again.port(1))).serialNumber, serialNumber);
});

/** Ends the account of this key, as its owner may. */
async function deactivate({ directory, caFile }: Pebble, keyFile: string): Promise<void> {
  const key = AccountKey.fromPem(readFileSync(keyFile, 'utf8'));
  const send = httpsTransport(readFileSync(caFile, 'utf8'), 'test');
  const { signal } = new AbortController();
  const { newNonce, newAccount } = JSON.parse(
    (await send({ method: 'GET', url: directory, body: undefined }, signal)).body,
  ) as { newNonce: string; newAccount: string };
  const first = await send({ method: 'HEAD', url: newNonce, body: undefined }, signal);
  const asked = signRequest(
    { onlyReturnExisting: true },
    { nonce: first.replayNonce!, url: newAccount, kid: undefined },
    key,
  );
  const account = await send({ method: 'POST', url: newAccount, body: asked }, signal);
  const url = account.location!;
  const ended = signRequest({ status: 'deactivated' }, { nonce: account.replayNonce!, url, kid: url }, key);
  assert.equal((await send({ method: 'POST', url, body: ended }, signal)).status, 200);
}

interface SiteOptions {
  readonly challenge?: 'http-01' | 'tls-alpn-01';
  readonly keyType?: string;
  /** Further lines of the entry. */
  readonly more?: string;
}

async function startSite(
  t: TestContext,
  { directory, caFile }: Pick<Pebble, 'directory' | 'caFile'>,
  { challenge = 'http-01', keyType = 'ec', more = '' }: SiteOptions = {},
): Promise<{ portico: PorticoProcess; file: string; tlsPort: number }> {
  const file = writeConfig(`workers: 2
drain: 1s
listen: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:0", tls: true }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
certificates:
  - hosts: [${HOSTS.join(', ')}]
    acme:
      directory: ${directory}
      ca: ${caFile}
      email: ops@example.org
      terms: agreed
      challenge: ${challenge}
      storage: acme
      keyType: ${keyType}
      ${more}
tenants:
  shop: { hosts: [${HOSTS.join(', ')}], routes: [{ redirect: { to: "https://shop.example.org/", status: 301 } }] }
`);
  const portico = await startProcess(t, file);
  return { portico, file, tlsPort: portico.port(1) };
}

async function startProcess(t: TestContext, file: string): Promise<PorticoProcess> {
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.signal('SIGKILL'));
  return portico.ready();
}

/** The certificate that a client is shown, whatever it is. */
async function shown(port: number, host = HOSTS[0]!): Promise<DetailedPeerCertificate> {
  return handshake({ port, servername: host, rejectUnauthorized: false });
}

/** The same, which must lead to this root and be for this host. */
async function trusted(port: number, host: string, root: string): Promise<DetailedPeerCertificate> {
  return handshake({ port, servername: host, ca: root });
}

function handshake(options: ConnectionOptions): Promise<DetailedPeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...options }, () => {
      resolve(socket.getPeerCertificate(true));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
