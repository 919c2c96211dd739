import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, test } from 'node:test';
import { type AdminControl, AdminServer } from '../../../src/telemetry/admin.ts';
import type { AdminStatus } from '../../../src/telemetry/admin-status.ts';
import { Registry } from '../../../src/telemetry/registry.ts';

let running: AdminServer | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

test('answers health whatever the state, and readiness by it', async () => {
  let ready = false;
  const port = await listen({
    get ready() {
      return ready;
    },
  });

  assert.deepEqual(await ask(port, 'GET', '/healthz').then(brief), [200, 'alive\n']);
  assert.deepEqual(await ask(port, 'GET', '/readyz').then(brief), [503, 'not ready\n']);
  ready = true;
  assert.deepEqual(await ask(port, 'GET', '/readyz').then(brief), [200, 'ready\n']);
});

test('answers metrics as Prometheus text', async () => {
  const registry = new Registry();
  registry.counter('c_total', 'Help.').add(0, 3);
  const port = await listen({ metrics: () => Promise.resolve(registry.snapshot()) });

  const answer = await ask(port, 'GET', '/metrics');

  assert.equal(answer.type, 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(answer.body, /^c_total 3$/m);
});

test('answers status as JSON', async () => {
  const port = await listen({});

  const answer = await ask(port, 'GET', '/status');

  assert.equal(answer.type, 'application/json');
  assert.deepEqual(JSON.parse(answer.body), JSON.parse(JSON.stringify(STATUS)));
});

test('a reload answers with the generation, or with what is wrong', async () => {
  const outcomes = [
    { ok: true, generation: 4 },
    { ok: false, report: 'a.yaml:1:2: no\n' },
  ] as const;
  let asked = 0;
  const port = await listen({ reload: () => Promise.resolve(outcomes[asked++]!) });

  const good = await ask(port, 'POST', '/reload');
  const bad = await ask(port, 'POST', '/reload');

  assert.deepEqual(JSON.parse(good.body), { generation: 4 });
  assert.deepEqual(brief(bad), [422, 'a.yaml:1:2: no\n']);
});

test('a drain is begun and answered with 202', async () => {
  let drains = 0;
  const port = await listen({ drain: () => (drains += 1) });

  const answer = await ask(port, 'POST', '/drain');

  assert.equal(answer.status, 202);
  assert.equal(drains, 1);
});

test('refuses other methods and unknown paths, and says what there is', async () => {
  const port = await listen({ reload: () => assert.fail() });

  const get = await ask(port, 'GET', '/reload');
  const post = await ask(port, 'POST', '/status');
  const unknown = await ask(port, 'GET', '/../etc/passwd');
  const proto = await ask(port, 'GET', '/__proto__');

  assert.deepEqual([get.status, get.allow], [405, 'POST']);
  assert.deepEqual([post.status, post.allow], [405, 'GET, HEAD']);
  assert.equal(unknown.status, 404);
  assert.match(unknown.body, /\/metrics/);
  assert.equal(proto.status, 404);
});

test('HEAD is answered without a body', async () => {
  const port = await listen({});

  assert.deepEqual(await ask(port, 'HEAD', '/healthz').then(brief), [200, '']);
});

test('refuses changes that a foreign page asks a browser for', async () => {
  const port = await listen({ reload: () => assert.fail() });

  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { host: `evil.example:${port}`, origin: `http://evil.example:${port}` },
  ]) {
    const answer = await ask(port, 'POST', '/reload', headers);

    assert.equal(answer.status, 403, JSON.stringify(headers));
  }
});

test('answers a health check of HTTP/1.0, which names no host', async () => {
  const port = await listen({});
  const socket = connect(port, '127.0.0.1');
  socket.end('GET /healthz HTTP/1.0\r\n\r\n');

  let answer = '';
  for await (const chunk of socket.setEncoding('latin1')) answer += chunk;

  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
});

test('on loopback a rebound name reads nothing either', async () => {
  const port = await listen({ status: () => assert.fail() });

  const answer = await ask(port, 'GET', '/status', { host: `evil.example:${port}` });

  assert.equal(answer.status, 403);
});

test('a page of its own may ask for changes', async () => {
  const port = await listen({});

  const answer = await ask(port, 'POST', '/reload', { origin: `http://127.0.0.1:${port}` });

  assert.equal(answer.status, 200);
});

test('shows a page that runs nothing, fetches nothing, and shows names as text', async () => {
  const tenant = { name: '<script>alert(1)</script>', hosts: ['"><img src=x>'], routes: 1 };
  const port = await listen({ status: () => Promise.resolve({ ...STATUS, tenants: [tenant] }) });

  const answer = await ask(port, 'GET', '/');

  assert.equal(answer.status, 200);
  assert.match(answer.policy ?? '', /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors 'none'/);
  assert.doesNotMatch(answer.body, /<script|<img|https?:\/\/|src=x>/);
  assert.match(answer.body, /&#60;script&#62;/);
  assert.match(answer.body, /127\.0\.0\.1:9001/);
  assert.match(answer.body, /0\.4 of 4/);
  assert.match(answer.body, /3 streams/);
});

test('the page says which certificates could not be obtained, and shows what a CA says as text', async () => {
  const kept = { hosts: ['a.example'], state: 'temporary', nextAttempt: '2026-11-20T00:00:00.000Z' } as const;
  let acme: AdminStatus['acme'] = [{ ...kept, failures: 0, reason: '' }];
  const port = await listen({ status: () => Promise.resolve({ ...STATUS, acme }) });

  assert.doesNotMatch((await ask(port, 'GET', '/')).body, /could not be obtained/);
  acme = [{ ...kept, failures: 2, reason: 'caa: <b>no</b>' }];
  const { body } = await ask(port, 'GET', '/');

  assert.match(body, /a\.example: caa: &#60;b&#62;no&#60;\/b&#62;\ntried again at 2026-11-20/);
});

test('explains a request as JSON to programs, and to browsers on a page with a form', async () => {
  const asked: string[] = [];
  const port = await listen({
    explain(query) {
      asked.push(query.toString());
      return query.has('url')
        ? { ok: true, decision: { route: '/<b>' }, report: 'route /<b>\n' }
        : { ok: false, problem: 'name <a> request' };
    },
  });
  const accept = 'text/html,*/*;q=0.8';

  const json = await ask(port, 'GET', '/explain?url=http://a/%3Cb%3E&header=x:1');
  assert.equal(json.type, 'application/json');
  assert.deepEqual(JSON.parse(json.body), { route: '/<b>' });
  const page = await ask(port, 'GET', '/explain?url=http://a/%3Cb%3E&header=x:1%0D%0Ay:2', { accept });
  assert.equal(page.type, 'text/html; charset=utf-8');
  assert.match(page.body, /<pre class="report">route \/&#60;b&#62;<\/pre>/);
  assert.match(page.body, /name="url" value="http:\/\/a\/&#60;b&#62;"/);
  assert.match(page.body, /<textarea [^>]*>\nx:1\r?\ny:2<\/textarea>/);
  assert.match(page.policy ?? '', /^default-src 'none'; .*; form-action 'self'$/);
  assert.doesNotMatch(page.body, /<b>|<script|style=| on\w+=/);
  const form = await ask(port, 'GET', '/explain', { accept });
  assert.equal(form.status, 200);
  assert.doesNotMatch(form.body, /<pre/);
  assert.equal(asked.length, 2);

  assert.deepEqual(brief(await ask(port, 'GET', '/explain')), [400, 'name <a> request\n']);
  const wrong = await ask(port, 'GET', '/explain?method=GET', { accept });
  assert.equal(wrong.status, 400);
  assert.match(wrong.body, /<pre>name &#60;a&#62; request<\/pre>/);
  assert.equal((await ask(port, 'POST', '/explain')).allow, 'GET, HEAD');
});

test('shows of a long explanation the beginning', async () => {
  const report = Array.from({ length: 502 }, (_, i) => `line ${i}`).join('\n');
  const port = await listen({ explain: () => ({ ok: true, decision: {}, report }) });

  const { body } = await ask(port, 'GET', '/explain?url=x', { accept: 'text/html' });

  assert.match(body, /line 499<\/pre><p class="dim">and 2 lines more/);
});

test('the page shows rates from its second showing on', async () => {
  const registry = new Registry();
  const requests = registry.counter('portico_requests_total', 'Help.', [
    'tenant',
    'cluster',
    'instance',
    'protocol',
    'code',
  ]);
  let now = 0;
  const port = await listen({ metrics: () => Promise.resolve(registry.snapshot()) }, () => now);
  const tenantRow = async (): Promise<string> =>
    /<tr><td class="">shop.*<\/tr>/.exec((await ask(port, 'GET', '/')).body)![0];

  assert.match(await tenantRow(), /–/);
  requests.add(requests.series(['shop', 'web', '', '', '5xx']), 100);
  now += 2_000;

  assert.match(await tenantRow(), /<td class="number ">50<\/td><td class="number bad">50<\/td>/);
});

test('a failure inside is answered with 500 and ends nothing', async () => {
  const port = await listen({ status: () => Promise.reject(new Error('broken')) });

  assert.deepEqual(await ask(port, 'GET', '/status').then(brief), [500, 'broken\n']);
  assert.equal((await ask(port, 'GET', '/healthz')).status, 200);
});

test('garbage is answered with 400 and ends its connection only', async () => {
  const port = await listen({});
  const socket = connect(port, '127.0.0.1');

  socket.write('garbage\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += chunk;

  assert.match(text, /^HTTP\/1\.1 400/);
  assert.equal((await ask(port, 'GET', '/healthz')).status, 200);
});

test('rejects when its address cannot be had', async () => {
  const port = await listen({});
  const second = new AdminServer(control({}));

  await assert.rejects(second.listen({ host: '127.0.0.1', port, text: 'x' }), { code: 'EADDRINUSE' });
});

const STATUS: AdminStatus = {
  version: '1.2.3',
  pid: 7,
  uptimeSeconds: 10,
  configuration: 'conf/portico.yaml',
  state: 'running',
  generation: 1,
  sessions: 2,
  exchanges: 1,
  streams: 3,
  workers: [
    { slot: 0, pid: 8, state: 'ready', startedAt: '2026-11-20T00:00:00.000Z', restarts: 0, probes: true },
  ],
  listeners: [{ text: ':8080', host: '::', port: 8080, tls: false }],
  tenants: [{ name: 'shop', hosts: ['shop.example.org'], routes: 2 }],
  clusters: [
    {
      name: 'web',
      panic: false,
      waiting: 0,
      instances: [
        {
          address: '127.0.0.1:9001',
          weight: 4,
          effectiveWeight: 0.4,
          state: 'healthy',
          inFlight: 0,
          openConnections: 1,
        },
      ],
    },
  ],
  certificates: [
    {
      hosts: ['shop.example.org'],
      names: ['shop.example.org'],
      file: '/c.pem',
      keyType: 'EC P-256',
      issuer: 'itself',
      serial: '01',
      fingerprint: 'AB:CD',
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '2027-01-01T00:00:00.000Z',
      daysLeft: 42,
      state: 'valid',
      ocsp: { state: 'none' },
    },
  ],
  refusedFiles: [],
  acme: [],
  lastReload: undefined,
};

function control(overrides: Partial<AdminControl>): AdminControl {
  const defaults: AdminControl = {
    ready: true,
    status: () => Promise.resolve(STATUS),
    metrics: () => Promise.resolve({ families: [] }),
    reload: () => Promise.resolve({ ok: true, generation: 2 }),
    drain() {},
    explain: () => ({ ok: true, decision: {}, report: '' }),
  };
  return Object.defineProperties(defaults, Object.getOwnPropertyDescriptors(overrides));
}

async function listen(overrides: Partial<AdminControl>, now?: () => number): Promise<number> {
  running = new AdminServer(control(overrides), now);
  return running.listen({ host: '127.0.0.1', port: 0, text: '127.0.0.1:0' });
}

interface Answered {
  readonly status: number;
  readonly type: string | undefined;
  readonly allow: string | undefined;
  readonly policy: string | undefined;
  readonly body: string;
}

async function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const call = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return {
    status: response.statusCode!,
    type: response.headers['content-type'],
    allow: response.headers.allow,
    policy: response.headers['content-security-policy'] as string | undefined,
    body,
  };
}

function brief({ status, body }: Answered): [number, string] {
  return [status, body];
}
