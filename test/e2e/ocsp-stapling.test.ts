import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createServer as createEmbedded } from '../../src/index.ts';
import { type AnswerOptions, OpensslAuthority, type OpensslLeaf } from '../support/openssl-authority.ts';
import { opensslMissing } from '../support/outside-judge.ts';
import { PATIENCE_MS } from '../support/peer.ts';
import { PorticoProcess } from '../support/portico-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTlsFront } from '../support/tls-front.ts';

// Authority, responder and client are the openssl command.

const options = { skip: opensslMissing };
const HOST = 'shop.example';

test(
  'who asks for an OCSP response gets it, on TLS 1.2 and 1.3, with and without a name',
  options,
  async (t) => {
    const { authority, leaf, front, staple } = await stapledFront(t);
    staple(authority.answer(leaf), 60_000);

    for (const version of ['-tls1_2', '-tls1_3']) {
      for (const name of [['-servername', HOST], ['-noservername']]) {
        const seen = await ask(front.port(), authority, [version, ...name]);

        assert.match(seen, /OCSP Response Status: successful/, `${version} ${name}`);
        assert.match(seen, /Cert Status: good/);
        assert.match(seen, /Verify return code: 0 \(ok\)/);
      }
    }
  },
);

test(
  'there is none for who does not ask, none past its end, and none once it is withdrawn',
  options,
  async (t) => {
    const { authority, leaf, front, staple } = await stapledFront(t);
    const answer = authority.answer(leaf);

    staple(answer, 60_000);
    assert.match(await ask(front.port(), authority, [], false), /Verify return code: 0/);
    staple(answer, -1);
    assert.match(await ask(front.port(), authority), /OCSP response: no response sent/);
    staple(answer, 60_000);
    assert.match(await ask(front.port(), authority), /Cert Status: good/);
    staple(undefined, 0);
    assert.match(await ask(front.port(), authority), /OCSP response: no response sent/);
  },
);

test(
  'the server asks the responder that the certificate names, and all its workers send the answer',
  options,
  async (t) => {
    const authority = new OpensslAuthority(t);
    const { leaf } = await issueAndRespond(authority, {}, ['tlsfeature=status_request']);
    const portico = await start(t, authority, leaf);

    await stapled(portico);
    for (let i = 0; i < 6; i++) assert.match(await ask(portico.port(), authority), /Cert Status: good/);

    const { certificates } = (await portico.admin('/status')).json() as unknown as Statuses;
    assert.equal(certificates[0]!.ocsp.state, 'stapled');
    assert.ok(Date.parse(certificates[0]!.ocsp.until!) > Date.now() + 50 * 60_000);
    assert.match((await portico.admin('/metrics')).text, /^portico_ocsp_staples\{state="stapled"\} 1$/m);
  },
);

test('a worker that is started again has the staple from its first handshake', options, async (t) => {
  const authority = new OpensslAuthority(t);
  const { leaf, responder } = await issueAndRespond(authority);
  const portico = await start(t, authority, leaf);
  await stapled(portico);
  responder.stop();

  for (const { pid } of (await portico.admin('/status')).json().workers) process.kill(pid, 'SIGKILL');
  await until(async () => portico.lines.filter((line) => /is up again/.test(line)).length === 2);

  for (let i = 0; i < 6; i++) assert.match(await ask(portico.port(), authority), /Cert Status: good/);
});

test('a revoked certificate is told, and no response is sent', options, async (t) => {
  const authority = new OpensslAuthority(t);
  const port = await freePort();
  const leaf = authority.issue(HOST, [ocspAt(port)]);
  authority.revoke(leaf);
  await authority.respond({ port });
  const portico = await start(t, authority, leaf);

  await portico.line(/a certificate is revoked, says its responder: replace it/);

  assert.match(await ask(portico.port(), authority), /OCSP response: no response sent/);
  const { certificates } = (await portico.admin('/status')).json() as unknown as Statuses;
  assert.equal(certificates[0]!.ocsp.state, 'revoked');
});

test(
  'a responder that is not there costs nothing but the staple; a certificate that needs one is named',
  options,
  async (t) => {
    const authority = new OpensslAuthority(t);
    const leaf = authority.issue(HOST, [ocspAt(await freePort()), 'tlsfeature=status_request']);
    const portico = await start(t, authority, leaf);

    const line = await portico.line(/must be stapled and no OCSP response can be had/);

    assert.match(line, /ECONNREFUSED/);
    assert.match(await ask(portico.port(), authority, ['-servername', HOST]), /no response sent/);
  },
);

test('a response signed by somebody else is not sent', options, async (t) => {
  const authority = new OpensslAuthority(t);
  const { leaf } = await issueAndRespond(authority, { signer: new OpensslAuthority(t).ca });
  const portico = await start(t, authority, leaf);

  await portico.line(/signed neither by the issuer/);

  assert.match(await ask(portico.port(), authority), /no response sent/);
});

test('a response from a file is sent, and another one when the file changes', options, async (t) => {
  const authority = new OpensslAuthority(t);
  const leaf = authority.issue(HOST);
  const directory = temporaryDirectory(t);
  const file = join(directory, 'shop.ocsp');
  writeFileSync(file, authority.answer(leaf, { minutes: 60 }));
  const portico = await start(t, authority, leaf, { directory, ocsp: 'shop.ocsp' });
  await stapled(portico);
  const first = await ask(portico.port(), authority);

  writeFileSync(file, authority.answer(leaf, { minutes: 600 }));
  await portico.line(/were taken/);
  await until(async () => nextUpdate(await ask(portico.port(), authority)) !== nextUpdate(first));

  assert.match(await ask(portico.port(), authority), /Cert Status: good/);
});

test(
  'a server inside a program asks the responder, and sends its answer as long as it runs',
  options,
  async (t) => {
    const authority = new OpensslAuthority(t);
    const { leaf } = await issueAndRespond(authority, {}, ['tlsfeature=status_request']);
    const directory = temporaryDirectory(t);
    const server = createEmbedded({ file: write(directory, authority, leaf, 'auto') });
    const [listener] = await server.start();
    t.after(() => server.close());

    await until(async () => /Cert Status: good/.test(await ask(listener!.port, authority)));
    await server.reload({ file: join(directory, 'portico.yaml') });

    assert.match(await ask(listener!.port, authority), /Cert Status: good/);
  },
);

test('what must be stapled and cannot be is warned of at the start', options, async (t) => {
  const authority = new OpensslAuthority(t);
  const leaf = authority.issue(HOST, ['tlsfeature=status_request']);

  const unnamed = await start(t, authority, leaf);
  await unnamed.line(/must be stapled and cannot be.*/);
  const off = await start(t, authority, leaf, { ocsp: 'off' });
  const line = await off.line(/must be stapled and cannot be/);

  assert.match(line, /ocsp is off/);
});

interface Statuses {
  readonly certificates: readonly { readonly ocsp: { readonly state: string; readonly until?: string } }[];
}

function ocspAt(port: number): string {
  return `authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}/`;
}

/** The responder reads what was issued when it starts. */
async function issueAndRespond(
  authority: OpensslAuthority,
  answers: AnswerOptions = {},
  extensions: readonly string[] = [],
) {
  const port = await freePort();
  const leaf = authority.issue(HOST, [ocspAt(port), ...extensions]);
  return { leaf, responder: await authority.respond({ ...answers, port }) };
}

async function stapledFront(t: TestContext) {
  const authority = new OpensslAuthority(t);
  const leaf = authority.issue(HOST);
  const front = await startTlsFront(t, { certificates: { shop: leaf } });
  const { fingerprint256 } = new X509Certificate(leaf.cert);
  const staple = (answer: Buffer | undefined, ms: number): void =>
    front.server.setStaple({
      fingerprint: fingerprint256,
      response: answer?.toString('base64'),
      until: Date.now() + ms,
    });
  return { authority, leaf, front, staple };
}

async function start(
  t: TestContext,
  authority: OpensslAuthority,
  leaf: OpensslLeaf,
  plan: { readonly directory?: string; readonly ocsp?: string } = {},
): Promise<PorticoProcess> {
  const directory = plan.directory ?? temporaryDirectory(t);
  const file = write(directory, authority, leaf, plan.ocsp ?? 'auto');
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.stop());
  return portico.ready();
}

/** The configuration with its files; gives its name. */
function write(directory: string, authority: OpensslAuthority, leaf: OpensslLeaf, ocsp: string): string {
  writeFileSync(join(directory, 'shop.pem'), leaf.cert + authority.ca.cert);
  writeFileSync(join(directory, 'shop.key'), leaf.key);
  const file = join(directory, 'portico.yaml');
  writeFileSync(
    file,
    `workers: 2
listen: [{ address: "127.0.0.1:0", tls: true }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
certificates: [{ cert: shop.pem, key: shop.key, ocsp: ${ocsp} }]
tenants: { shop: { hosts: [${HOST}], routes: [{ respond: { status: 200 } }] } }
`,
  );
  return file;
}

function stapled(portico: PorticoProcess): Promise<void> {
  return until(async () => /staples\{state="stapled"\} 1/.test((await portico.admin('/metrics')).text));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  while (!(await condition())) {
    patience.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What `openssl s_client -status` prints of one handshake. */
function ask(
  port: number,
  authority: OpensslAuthority,
  args: string[] = [],
  wantsStatus = true,
): Promise<string> {
  const trust = ['-CAfile', join(authority.directory, 'ca.pem')];
  const status = wantsStatus ? ['-status'] : [];
  return new Promise((resolve) => {
    const child = execFile(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${port}`, ...trust, ...status, ...args],
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
    child.stdin!.end();
  });
}

function nextUpdate(seen: string): string | undefined {
  return /Next Update: (.*)/.exec(seen)?.[1];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
