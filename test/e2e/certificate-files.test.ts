import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { createServer } from '../../src/index.ts';
import { issueCertificate } from '../../src/tls/issue-certificate.ts';
import { createAuthority, type IssuedPair } from '../../src/tls/local-authority.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { PorticoProcess } from '../support/portico-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// Certificates that change under a running server: nobody tells it, it sees the files.

const HOST = 'shop.example';

test('a renewed pair is served by all workers, without a reload that anybody asked for', async (t) => {
  const { portico, directory, served } = await start(t);
  const before = await served();
  const held = connect({
    port: portico.port(),
    host: '127.0.0.1',
    servername: HOST,
    ca: testAuthority().cert,
  });
  t.after(() => held.destroy());
  await once(held, 'secureConnect');

  writePair(directory, 80);
  await portico.line(/certificate files have changed and were taken/);

  // With two workers that share a port by the kernel's dice, twenty connections reach both.
  const seen = new Set<string>();
  for (let i = 0; i < 20; i++) seen.add(await served());
  assert.deepEqual([...seen], [testFingerprint(80)]);
  assert.notEqual(before, testFingerprint(80));
  held.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  const [answer] = await once(held, 'data');
  assert.match(String(answer), /^HTTP\/1.1 200/, 'connections go on');
  const { text } = await portico.admin('/metrics');
  assert.match(text, /^portico_file_renewals_total\{result="ok"\} 1$/m);
  assert.match(text, /^portico_reloads_total\{result="ok"\} 0$/m);
});

test('a bad pair changes nothing, is told in log, status and metrics, and is taken when it is mended', async (t) => {
  const { portico, directory, served } = await start(t);
  const before = await served();
  const fresh = testCertificate([HOST], { untilDays: 70 });

  writeFileSync(join(directory, 'tls.crt'), fresh.cert);
  const complaint = await portico.line(/are not good/);
  const bad = {
    served: await served(),
    status: (await portico.admin('/status')).json() as unknown as {
      refusedFiles: { files: string[]; report: string }[];
    },
    metrics: (await portico.admin('/metrics')).text,
    page: (await portico.admin('/')).text,
  };
  writeFileSync(join(directory, 'tls.key'), fresh.key);
  await portico.line(/were taken/);

  assert.match(complaint, /the key does not belong to the certificate/);
  assert.equal(bad.served, before);
  assert.deepEqual(bad.status.refusedFiles[0]!.files, [
    join(directory, 'tls.crt'),
    join(directory, 'tls.key'),
  ]);
  assert.match(bad.metrics, /^portico_files_refused 1$/m);
  assert.match(bad.page, /the key does not belong/);
  assert.equal(await served(), testFingerprint(70));
  assert.match((await portico.admin('/metrics')).text, /^portico_files_refused 0$/m);
  assert.equal(portico.lines.filter((line) => /are not good/.test(line)).length, 1);
});

test('a change of the configuration is not taken along with a certificate', async (t) => {
  const { portico, directory, served } = await start(t);

  writeFileSync(join(directory, 'portico.yaml'), 'nonsense: true\n');
  writePair(directory, 60);
  await portico.line(/were taken/);

  assert.equal(await served(), testFingerprint(60));
});

test('a secret that Kubernetes swaps is seen', async (t) => {
  const directory = temporaryDirectory(t);
  release(directory, 1, 90);
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(directory, name));
  const { portico, served } = await start(t, directory);

  release(directory, 2, 50);
  await portico.line(/were taken/);

  assert.equal(await served(), testFingerprint(50));
});

test('an authority of clients that changes decides from the next handshake on, and a bad file keeps the one before', async (t) => {
  const directory = temporaryDirectory(t);
  const [old, young] = [createAuthority(Date.now()), createAuthority(Date.now())];
  writeFileSync(join(directory, 'clients.pem'), old.cert);
  const { portico } = await start(t, directory, 'isolate: true, tls: { clientAuth: { ca: clients.pem } },');
  const isServed = (authority: IssuedPair) => isServedTo(portico.port(), clientOf(authority));

  const before = [await isServed(old), await isServed(young)];
  writeFileSync(join(directory, 'clients.pem'), young.cert);
  await portico.line(/were taken/);
  const after = [await isServed(old), await isServed(young)];
  writeFileSync(join(directory, 'clients.pem'), 'nothing');
  await portico.line(/are not good/);
  const kept = [await isServed(old), await isServed(young)];

  assert.deepEqual(
    [before, after, kept],
    [
      [true, false],
      [false, true],
      [false, true],
    ],
  );
});

test('an embedded server that was given a file sees the files that it names', async (t) => {
  const directory = temporaryDirectory(t);
  writePair(directory, 90);
  const file = writeConfiguration(directory);
  const taken = Promise.withResolvers<void>();
  const info = (_fields: object, message: string): void => {
    if (/were taken/.test(message)) taken.resolve();
  };
  const server = createServer({ file }, { logger: { debug() {}, info, warn() {}, error() {} } });
  const [listener] = await server.start();
  t.after(() => server.stop());

  writePair(directory, 40);
  await taken.promise;

  assert.equal(await servedBy(listener!.port), testFingerprint(40));
  assert.equal(server.status().generation, 2);
});

function writePair(directory: string, untilDays: number): void {
  const { cert, key } = testCertificate([HOST], { untilDays });
  writeFileSync(join(directory, 'tls.crt'), cert);
  writeFileSync(join(directory, 'tls.key'), key);
}

function release(directory: string, n: number, untilDays: number): void {
  mkdirSync(join(directory, `..${n}`));
  writePair(join(directory, `..${n}`), untilDays);
  symlinkSync(`..${n}`, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
}

/** A certificate for a client. */
function clientOf(authority: IssuedPair): { cert: string; key: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = issueCertificate(
    {
      commonName: 'a client',
      publicKey: pair.publicKey,
      profile: { kind: 'client' },
      notBefore: Date.now() - 60_000,
      notAfter: Date.now() + 3_600_000,
    },
    { certificate: authority.cert, privateKey: createPrivateKey(authority.key) },
  );
  return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

/** Whether a client with this certificate gets an answer. */
function isServedTo(port: number, client: { cert: string; key: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: HOST,
      ca: testAuthority().cert,
      ...client,
    });
    socket.on('data', (text) => resolve(/^HTTP\/1.1 200/.test(String(text))));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
  });
}

function writeConfiguration(directory: string, tenant = ''): string {
  const file = join(directory, 'portico.yaml');
  writeFileSync(
    file,
    `workers: 2
listen: [{ address: "127.0.0.1:0", tls: true }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
certificates: [{ cert: tls.crt, key: tls.key }]
tenants: { shop: { ${tenant} hosts: [${HOST}], routes: [{ respond: { status: 200 } }] } }
`,
  );
  return file;
}

async function start(
  t: TestContext,
  directory?: string,
  tenant = '',
): Promise<{ portico: PorticoProcess; directory: string; served: () => Promise<string> }> {
  const place = directory ?? temporaryDirectory(t);
  if (!existsSync(join(place, 'tls.crt'))) writePair(place, 90);
  const portico = new PorticoProcess(['run', '-c', writeConfiguration(place, tenant)]);
  t.after(() => portico.stop());
  await portico.ready();
  return { portico, directory: place, served: () => servedBy(portico.port()) };
}

/** The fingerprint of the certificate that a new connection is given. */
async function servedBy(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername: HOST, ca: testAuthority().cert });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerX509Certificate()!;
  socket.destroy();
  return fingerprint256;
}

function testFingerprint(untilDays: number): string {
  return new X509Certificate(testCertificate([HOST], { untilDays }).cert).fingerprint256;
}
