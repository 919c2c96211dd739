import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, type DetailedPeerCertificate } from 'node:tls';
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

interface SiteOptions {
  readonly challenge: 'http-01' | 'tls-alpn-01';
  readonly keyType?: string;
}

async function startSite(
  t: TestContext,
  { directory, caFile }: Pick<Pebble, 'directory' | 'caFile'>,
  { challenge, keyType = 'ec' }: SiteOptions,
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
