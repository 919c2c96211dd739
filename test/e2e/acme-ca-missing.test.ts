import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { PorticoProcess, writeConfig } from '../support/portico-process.ts';

// ACME without a CA that answers. With one it is test/conformance/acme.test.ts.

const ENTRY = `
  - hosts: [shop.example.org]
    acme: { directory: "https://127.0.0.1:PORT/dir", terms: agreed, storage: acme }
`;

test('an entry that a reload brings is served a temporary certificate, and one that it takes away is not', async (t) => {
  const { file, portico } = await startSite(t, ENTRY.replace('PORT', '1'));

  assert.equal(await issuerOf(portico, 'shop.example.org'), 'Portico temporary certificate');
  const failure = JSON.parse(await portico.line(/certificate not obtained/)) as Record<string, unknown>;
  assert.match(String(failure['reason']), /^127\.0\.0\.1:1 cannot be asked: /);
  writeFileSync(file, readFileSync(file, 'utf8').replace('shop.example.org', 'new.example.org'));
  assert.equal((await portico.admin('/reload', 'POST')).status, 200);

  assert.equal(await issuerOf(portico, 'new.example.org'), 'Portico temporary certificate');
  const status = (await portico.admin('/status')).json() as unknown as {
    acme: { hosts: string[]; state: string }[];
  };
  assert.deepEqual(
    status.acme.map(({ hosts, state }) => [hosts, state]),
    [[['new.example.org'], 'temporary']],
  );
  assert.equal(await portico.stop(), 0);
});

test('a stop does not wait for a CA that does not answer', async (t) => {
  const connected = Promise.withResolvers<void>();
  const deaf = createServer((socket) => {
    socket.on('error', () => {});
    connected.resolve();
  });
  deaf.listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  t.after(() => deaf.close());
  const { portico } = await startSite(t, ENTRY.replace('PORT', String((deaf.address() as AddressInfo).port)));

  await connected.promise;
  const before = Date.now();
  assert.equal(await portico.stop(), 0);

  // The CA would be waited for thirty seconds.
  assert.ok(Date.now() - before < 20_000);
  assert.equal(
    portico.lines.some((line) => line.includes('not obtained')),
    false,
  );
});

async function startSite(t: TestContext, entry: string): Promise<{ file: string; portico: PorticoProcess }> {
  const file = writeConfig(`workers: 1
drain: 1s
listen: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:0", tls: true }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
certificates:${entry}
tenants:
  shop: { hosts: ["*.example.org"], routes: [{ respond: { status: 200 } }] }
`);
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.signal('SIGKILL'));
  return { file, portico: await portico.ready() };
}

async function issuerOf(portico: PorticoProcess, servername: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: portico.port(1), servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { issuer, subjectaltname } = socket.getPeerCertificate();
  socket.destroy();
  assert.equal(subjectaltname, `DNS:${servername}`);
  return String(issuer.CN);
}
