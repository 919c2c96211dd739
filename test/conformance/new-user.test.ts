import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestTls, Agent as TlsAgent } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { freePorts } from '../../bench/ports.ts';
import { startNginxBackend } from '../support/nginx-backend.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { commandMissing } from '../support/outside-judge.ts';
import { PorticoProcess } from '../support/portico-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// The first hour of somebody who has an nginx and a small application, an empty directory, and the command line.

test('a newcomer puts Portico in front of nginx and an application, grows, errs and recovers', {
  skip: commandMissing('nginx'),
}, async (t) => {
  const directory = temporaryDirectory(t);
  const nginxPort = await startNginxBackend(t, { 'index.html': 'static page\n', 'notes.txt': 'notes\n' });
  const application = await startHttpOrigin(t, (request, response) => {
    const { host, 'x-forwarded-proto': proto, 'x-forwarded-for': client } = request.headers;
    response.end(`${request.method} ${request.url} of ${host} by ${proto} from ${client}\n`);
  });
  const [plainPort, tlsPort, adminPort] = (await freePorts(3)) as [number, number, number];
  const configFile = join(directory, 'portico.yaml');
  const write = (text: string) => writeFileSync(configFile, text);
  const portico = (...args: string[]) => runPortico(directory, args);
  const first = firstConfig({ nginxPort, application: application.address, plainPort, tlsPort, adminPort });
  const second = withSecondHost(first);
  const get = (url: string, agent?: Agent) => getPage(url, join(directory, 'certs/local-ca.pem'), agent);
  const plain = (host: string) => `http://${host}:${plainPort}`;
  const tls = (host: string) => `https://${host}:${tlsPort}`;
  let server!: PorticoProcess;

  await t.test('makes a certificate, writes the file, and is told that it is good', async () => {
    const created = await portico('certs', 'create', 'shop.example.org');
    write(first);
    const checked = await portico('check', '-c', 'portico.yaml');

    assert.equal(created.code, 0, created.stderr);
    assert.match(created.stdout, /curl --cacert certs\/local-ca\.pem/);
    assert.equal(checked.code, 0, checked.stderr);
    assert.match(checked.stdout, /ok \(2 listeners, 1 tenant, 2 clusters, 1 certificate\)/);
  });

  await t.test('asks what would become of a request before anything runs', async () => {
    const { code, stdout } = await portico(
      'explain',
      `${tls('shop.example.org')}/api/cart`,
      '-c',
      configFile,
    );

    assert.equal(code, 0);
    assert.match(stdout, /\bapi\b/);
    assert.ok(stdout.includes(application.address), stdout);
  });

  await t.test('starts it, and gets both backends by http and https', async () => {
    server = new PorticoProcess(['run', '-c', 'portico.yaml'], { directory });
    t.after(() => server.signal('SIGKILL'));
    await server.ready();

    for (const [base, proto] of [
      [plain('shop.example.org'), 'http'],
      [tls('shop.example.org'), 'https'],
    ] as const) {
      assert.equal((await get(`${base}/`)).text, 'static page\n');
      assert.equal((await get(`${base}/notes.txt`)).text, 'notes\n');
      const { text } = await get(`${base}/api/cart?id=7`);
      assert.equal(text, `GET /api/cart?id=7 of ${new URL(base).host} by ${proto} from 127.0.0.1\n`);
    }
    assert.equal((await get(`${plain('blog.example.org')}/`)).status, 404);
  });

  await t.test('adds a second host with its own certificate by SIGHUP, and loses no connection', async () => {
    const agent = new TlsAgent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    await get(`${tls('shop.example.org')}/`, agent);
    const created = await portico('certs', 'create', 'blog.example.org');
    write(second);
    server.signal('SIGHUP');
    await server.line(/configuration reloaded/);

    const blog = await get(`${tls('blog.example.org')}/`);
    const shop = await get(`${tls('shop.example.org')}/`, agent);

    assert.equal(created.code, 0, created.stderr);
    assert.equal(blog.text, 'static page\n');
    assert.equal(blog.certificateNames, 'DNS:blog.example.org');
    assert.equal(shop.certificateNames, 'DNS:shop.example.org');
    assert.equal(shop.isReused, true);
  });

  await t.test('errs: check and reload both say where and what, and nothing changes', async () => {
    write(
      second.replace('cluster: api', 'clutser: api').replace('blog.example.org.key', 'shop.example.org.key'),
    );

    const checked = await portico('check', '-c', 'portico.yaml');
    const reloaded = await portico('reload', '-c', 'portico.yaml');

    const line = second.split('\n').findIndex((text) => text.includes('cluster: api')) + 1;
    assert.equal(checked.code, 2);
    assert.match(checked.stderr, new RegExp(`^portico\\.yaml:${line}:\\d+: unknown key "clutser"$`, 'm'));
    assert.match(checked.stderr, /hint: did you mean "cluster"\?/);
    assert.match(checked.stderr, /shop\.example\.org\.key/, 'the wrong key is reported in the same run');
    assert.notEqual(reloaded.code, 0);
    assert.match(reloaded.stderr, /unknown key "clutser"/);
    assert.equal((await get(`${tls('shop.example.org')}/api/`)).status, 200);
    assert.equal((await get(`${tls('blog.example.org')}/`)).text, 'static page\n');
  });

  await t.test('errs by SIGHUP: the log says why, and nothing changes', async () => {
    const before = server.lines.length;
    server.signal('SIGHUP');
    const complaint = await server.line(/not reloaded/, before);

    assert.match(complaint, /unknown key \\"clutser\\"/);
    assert.equal((await get(`${plain('shop.example.org')}/api/`)).status, 200);
  });

  await t.test('mends it, reloads by command, and reads the state', async () => {
    write(second);

    const reloaded = await portico('reload', '-c', 'portico.yaml');
    const status = await portico('status', '-c', 'portico.yaml');
    const listed = await portico('certs', 'list', '-c', 'portico.yaml');

    assert.equal(reloaded.code, 0, reloaded.stderr);
    assert.equal(status.code, 0, status.stderr);
    assert.match(status.stdout, /running/);
    assert.match(listed.stdout, /blog\.example\.org/);
  });

  await t.test('stops it by command, and it ends well', async () => {
    const { code } = await portico('drain', '-c', 'portico.yaml');

    assert.equal(code, 0);
    assert.equal((await server.exited).code, 0);
    assert.equal(server.stderr, '');
  });
});

function firstConfig(
  ports: Record<'nginxPort' | 'plainPort' | 'tlsPort' | 'adminPort', number> & { application: string },
): string {
  return `workers: 2
listen:
  - address: "127.0.0.1:${ports.plainPort}"
  - { address: "127.0.0.1:${ports.tlsPort}", tls: true }
admin: { address: "127.0.0.1:${ports.adminPort}" }
certificates:
  - { cert: certs/shop.example.org.pem, key: certs/shop.example.org.key }
tenants:
  shop:
    hosts: [shop.example.org]
    routes:
      - { path: "/api/*", cluster: api }
      - { cluster: static }
clusters:
  static:
    instances: [{ address: "127.0.0.1:${ports.nginxPort}" }]
  api:
    instances: [{ address: "${ports.application}" }]
`;
}

function withSecondHost(config: string): string {
  return config
    .replace(
      'tenants:\n',
      '  - { cert: certs/blog.example.org.pem, key: certs/blog.example.org.key }\ntenants:\n',
    )
    .replace(
      'clusters:\n',
      '  blog:\n    hosts: [blog.example.org]\n    routes: [{ cluster: static }]\nclusters:\n',
    );
}

/** A command of portico's, run to its end in `directory`. */
async function runPortico(
  directory: string,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const command = new PorticoProcess(args, { directory });
  const { code } = await command.exited;
  return { code, stdout: command.lines.join('\n'), stderr: command.stderr };
}

interface Page {
  readonly status: number;
  readonly text: string;
  /** Of the certificate, over TLS. */
  readonly certificateNames: string;
  /** The connection had been used before. */
  readonly isReused: boolean;
}

/** Asks a host that is really on loopback; over TLS its certificate must be good, by this authority. */
async function getPage(url: string, caFile: string, agent?: Agent): Promise<Page> {
  const { protocol, hostname, host, port, pathname, search } = new URL(url);
  const options = {
    host: '127.0.0.1',
    port,
    path: pathname + search,
    headers: { host },
    agent: agent ?? false,
  };
  const call =
    protocol === 'http:'
      ? requestHttp(options)
      : requestTls({ ...options, servername: hostname, ca: readFileSync(caFile) });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const certificate = protocol === 'http:' ? undefined : (response.socket as TLSSocket).getPeerCertificate();
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return {
    status: response.statusCode!,
    text,
    certificateNames: certificate?.subjectaltname ?? '',
    isReused: call.reusedSocket,
  };
}
