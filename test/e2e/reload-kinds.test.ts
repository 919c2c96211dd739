import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Settings } from '../../src/core/settings.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { ChangingConfig, type ChangingSite } from '../support/changing-config.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { startFront } from '../support/front.ts';
import { heldMemory } from '../support/held-memory.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { PorticoProcess, writeConfig } from '../support/portico-process.ts';
import { startProbedOrigin } from '../support/probed-origin.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const RELOADS = 100;

test('a hundred reloads, each of another kind of object, lose no request, no connection, and nothing that is known of instances', async (t) => {
  const site = await startSite(t);
  const { portico, config, held, broken, ill } = site;
  const stream = await site.stream();
  await site.eject();
  const answers = await site.hold(3);
  const before = await portico.admin('/metrics');
  const excess = await site.descriptors();
  const loads = site.loads();

  for (let i = 0; i < RELOADS; i++) {
    const kind = config.change(i);
    await site.reload(kind);
    await Promise.all([
      ...loads.map((load) => Promise.race([load.more(2), load.failed])),
      stream.echoes(`${i} ${kind}\n`),
    ]);
    assert.deepEqual(
      loads.flatMap(({ failures }) => failures.map(({ reason }) => reason)),
      [],
      kind,
    );
    assert.deepEqual(await site.known(), { sick: 'ejected 0', ill: 'ejected 0', held: 'healthy 3' }, kind);
  }
  config.reset();
  await site.reload('all as it was');
  await Promise.all(loads.map((load) => load.stop()));

  for (const response of held.splice(0)) response.end('held');
  assert.deepEqual(await Promise.all(answers), ['200 held', '200 held', '200 held']);
  const after = await portico.admin('/metrics');
  const asked = loads.reduce((sum, load) => sum + load.answers, 3);
  assert.equal(sum(after.text, 'portico_requests_total') - sum(before.text, 'portico_requests_total'), asked);
  for (const origin of [broken, ill]) {
    const ejections = (text: string) =>
      sum(text, `portico_instance_ejections_total{instance="${origin.address}"}`);
    assert.equal(ejections(after.text), ejections(before.text), 'it was out all the time');
  }
  assert.equal((await portico.admin('/status')).json().generation, RELOADS + 2);
  assert.deepEqual(
    portico.lines.filter((line) => /"level":"(error|warn)"/.test(line)),
    [],
  );
  assert.deepEqual(await site.idle(), []);
  if (process.platform === 'linux') assert.equal(await site.descriptors(excess), excess);
  // Each prober waits for its answer: there is one for each instance of a cluster, whatever came and went.
  const [going, other, coming] = site.well;
  going.health = 'hold';
  coming.health = 'hold';
  const { probes } = other;
  await other.until(() => other.probes > probes + 20);
  assert.deepEqual([going.held, coming.held], [2, 0]);
  stream.end();
  assert.equal(await portico.stop(), 0);
});

test('what a reload has replaced is let go of, whatever it has changed', async (t) => {
  const { addresses, files } = await startBackends(t);
  const config = new ChangingConfig(addresses);
  const front = await startFront(t, config.text, { files });
  const [plain, secured] = await Promise.all([
    openClient(t, front.port(0)),
    openTlsClient(t, front.port(1), { host: '127.0.0.3', servername: 'load.example.org' }),
  ]);
  const taken: WeakRef<Settings>[] = [];

  for (let i = 0; i < RELOADS; i++) {
    config.change(i);
    const settings = front.settingsFrom(config.text);
    taken.push(new WeakRef(settings));
    await front.server.reload(settings);
    for (const client of [plain, secured]) {
      client.send(requestText('GET /', [], 'load.example.org'));
      assert.equal((await client.message()).body, BODY);
    }
  }
  await front.until(() => front.exchanges.length === 2 * RELOADS);
  // What the test itself has kept.
  front.exchanges.length = 0;
  await new Promise((resolve) => setImmediate(resolve));
  heldMemory();

  const kept = taken.flatMap((settings, i) => (settings.deref() === undefined ? [] : [i]));
  assert.deepEqual(kept, [RELOADS - 1]);
});

async function startBackends(t: TestContext) {
  const start = () => startProbedOrigin(t, BODY);
  const well = [await start(), await start(), await start()] as const;
  const [broken, ill] = [await startProbedOrigin(t, 'broken'), await startProbedOrigin(t, 'ill')];
  broken.isBroken = true;
  ill.health = 'ill';
  const held: ServerResponse[] = [];
  const holding = await startHttpOrigin(t, (_request, response) => held.push(response));
  const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  t.after(() => echo.close());

  const both = { ...testCertificate(['localhost']), allowHTTP1: true };
  const secured = createSecureServer(both, (_request, response) => {
    response.writeHead(200, { 'content-length': BODY.length });
    response.end(BODY);
  });
  const open = new Set<Socket>();
  secured.on('connection', (socket: Socket) => open.add(socket));
  secured.listen(0, '127.0.0.1');
  await once(secured, 'listening');
  t.after(() => {
    secured.close();
    for (const socket of open) socket.destroy();
  });
  const module = join(temporaryDirectory(t), 'noting.mjs');
  writeFileSync(module, MODULE);

  const files: Record<string, string> = { 'ca.pem': testAuthority().cert };
  for (const [name, untilDays] of [
    ['one', 90],
    ['two', 80],
  ] as const) {
    const { cert, key } = testCertificate(['*.example.org'], { untilDays });
    files[`${name}.pem`] = cert;
    files[`${name}.key`] = key;
  }
  const addresses: ChangingSite = {
    well: [well[0].address, well[1].address, well[2].address],
    broken: broken.address,
    ill: ill.address,
    holding: holding.address,
    echo: `127.0.0.1:${(echo.address() as AddressInfo).port}`,
    certificates: ['one', 'two'],
    secured: `127.0.0.1:${(secured.address() as AddressInfo).port}`,
    authority: 'ca.pem',
    module,
    accessLog: 'access.log',
  };
  return { addresses, files, held, well, broken, ill };
}

async function startSite(t: TestContext) {
  const { addresses, files, held, well, broken, ill } = await startBackends(t);
  const file = writeConfig('');
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dirname(file), name), content);
  const config = new ChangingConfig(addresses);
  writeFileSync(file, config.text);
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.signal('SIGKILL'));
  await portico.ready();
  return {
    portico,
    config,
    held,
    well,
    broken,
    ill,

    async reload(what: string) {
      writeFileSync(file, config.text);
      const { status, text } = await portico.admin('/reload', 'POST');
      assert.equal(status, 200, `${what}: ${text}`);
    },

    /** HTTP/1.1 and HTTP/2, in the clear and over TLS, on old connections and on new ones. */
    loads(): SteadyLoad[] {
      const plain = { port: portico.port(0), body: BODY };
      const tls = { ca: testAuthority().cert, servername: 'load.example.org' };
      const secured = { port: portico.port(1), host: '127.0.0.3', body: BODY, tls };
      const forever = { requestsPerConnection: Number.POSITIVE_INFINITY };
      const loads = [
        new SteadyLoad({ ...plain, clients: 3, ...forever }),
        new SteadyLoad({ ...plain, clients: 2, requestsPerConnection: 1 }),
        new SteadyLoad({ ...secured, clients: 1, ...forever, path: '/pools/x' }),
        new SteadyLoad({ ...secured, clients: 1, requestsPerConnection: 5 }),
        new SteadyLoad({ ...plain, clients: 2, ...forever, path: '/secured' }),
        new SteadyLoad({ ...plain, clients: 1, ...forever, isHttp2: true, path: '/pools/x' }),
        new SteadyLoad({ ...secured, clients: 2, ...forever, isHttp2: true }),
        new SteadyLoad({
          ...secured,
          clients: 1,
          requestsPerConnection: 10,
          isHttp2: true,
          path: '/pools/x',
        }),
      ];
      for (const load of loads) t.after(() => load.stop());
      return loads;
    },

    /** A connection that is relayed. */
    async stream() {
      const client = await openClient(t, portico.port(2), '127.0.0.4');
      return {
        async echoes(line: string) {
          client.send(line);
          await client.untilText(line);
        },
        end: () => client.socket.end(),
      };
    },

    /** Until every worker has ejected the instances that fail. */
    async eject() {
      const isOut = async () => {
        const { sick, ill: other } = await this.known();
        return sick === 'ejected 0' && other === 'ejected 0';
      };
      while (!(await isOut()))
        await Promise.all(Array.from({ length: 8 }, () => get(portico.port(), '/sick')));
    },

    /** So many requests that have no answer yet; what they get in the end. */
    async hold(count: number) {
      const answers = Array.from({ length: count }, () => get(portico.port(), '/held'));
      while (held.length < count) await new Promise((resolve) => setImmediate(resolve));
      return answers;
    },

    /** State and requests under way, as all workers see them. */
    async known() {
      const { clusters } = (await portico.admin('/status')).json();
      const of = (name: string) => {
        const { state, inFlight } = clusters.find((cluster) => cluster.name === name)!.instances[0]!;
        return `${state} ${inFlight}`;
      };
      return { sick: of('sick'), ill: of('ill'), held: of('held') };
    },

    /** Instances that have something under way, beside the stream. */
    async idle() {
      const { clusters } = (await portico.admin('/status')).json();
      return clusters
        .flatMap(({ name, instances }) => instances.map((instance) => ({ name, ...instance })))
        .filter(({ name, inFlight }) => inFlight !== (name === 'echo' ? 1 : 0));
    },

    /**
     * Descriptors of all workers that are neither of clients nor of pooled connections to backends: how many there are most of the time,
     * for a probe under way is one more. With `wanted` it waits for that many.
     */
    async descriptors(wanted?: number): Promise<number> {
      const counts: number[] = [];
      while (counts.length < 101) {
        const { text } = await portico.admin('/metrics');
        const { workers, sessions } = (await portico.admin('/status')).json();
        const open = workers.reduce((count, { pid }) => count + readdirSync(`/proc/${pid}/fd`).length, 0);
        const count = open - sessions - sum(text, 'portico_upstream_connections_open');
        if (count === wanted) return count;
        counts.push(count);
      }
      return counts.toSorted((a, b) => a - b)[50]!;
    },
  };
}

const BODY = 'well';

/** A kind of module, from a file. */
const MODULE = `export const moduleKind = {
  name: 'noting',
  create: ({ value }) => ({ tag: () => ['noted', value], dispose() {} }),
};
`;

async function get(port: number, path: string): Promise<string> {
  const call = request({
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    headers: { host: 'load.example.org' },
  });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return `${response.statusCode} ${text}`;
}

/** Of all series whose name and labels begin so. */
function sum(metrics: string, name: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
