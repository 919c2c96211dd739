import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { PorticoProcess, smallConfig, writeConfig } from '../support/portico-process.ts';

/** Answers /slow when told to, everything else at once. */
const origin: Server = createHttpServer((incoming, response) => {
  if (incoming.url === '/slow') slow.push(() => response.end('slow\n'));
  else response.end('hello\n');
  for (const look of slowWaiters.splice(0)) look();
});
const slow: (() => void)[] = [];
const slowWaiters: (() => void)[] = [];
let originPort = 0;

before(async () => {
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  originPort = (origin.address() as AddressInfo).port;
});

after(() => {
  // Those of tests that failed half-way.
  for (const portico of started) portico.signal('SIGKILL');
  origin.close();
  origin.closeAllConnections();
});

test('says where it listens and that it is ready, serves, and exits 0 on SIGTERM', async () => {
  const portico = await start();

  assert.match(
    portico.lines.join('\n'),
    /listening on 127\.0\.0\.1:\d+ \(HTTP, plain\)[\s\S]*ready \(2 workers\)/,
  );
  assert.equal(await get(portico.port()), 'hello\n');
  assert.equal(await portico.stop(), 0);
  assert.equal(portico.stderr, '');
});

test('all of standard output is JSON lines', async () => {
  const portico = await start();
  await portico.stop();

  for (const line of portico.lines) assert.doesNotThrow(() => JSON.parse(line), line);
});

test('a bad configuration is reported whole on stderr and ends with exit code 2', async () => {
  const file = writeConfig('listne: []\nworkers: -1\n');
  const portico = new PorticoProcess(['run', '-c', file]);

  const { code } = await portico.exited;

  assert.equal(code, 2);
  assert.match(portico.stderr, /portico\.yaml:1:1: .*"listne"/);
  assert.match(portico.stderr, /portico\.yaml:2:10: /);
});

test('a taken port ends with exit code 1 and names it and the process that has it', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as AddressInfo;
  const config = smallConfig(originPort).replace('"127.0.0.1:0" }]', `"127.0.0.1:${port}" }]`);

  const portico = new PorticoProcess(['run', '-c', writeConfig(config)]);
  const { code } = await portico.exited;
  squatter.close();

  assert.equal(code, 1);
  assert.match(
    portico.stderr,
    new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: port ${port} is taken by`),
  );
  if (process.platform === 'linux') assert.match(portico.stderr, new RegExp(`process ${process.pid} \\(`));
});

test('a second Portico does not quietly share the port of the first', async () => {
  const first = await start();
  const config = smallConfig(originPort).replace('"127.0.0.1:0" }]', `"127.0.0.1:${first.port()}" }]`);

  const second = new PorticoProcess(['run', '-c', writeConfig(config)]);
  started.add(second);

  await assert.rejects(second.line(/ready/), /port \d+ is taken/);
  // The primary: a worker that is stopped is started again.
  if (process.platform === 'linux')
    assert.match(second.stderr, new RegExp(`process ${first.child.pid} \\(.* run -c `));
  assert.equal((await second.exited).code, 1);
  assert.equal(await first.stop(), 0);
});

test('SIGTERM lets what is in flight finish and takes nothing new', async () => {
  const portico = await start();
  const answer = get(portico.port(), '/slow');
  await slowRequest();

  portico.signal('SIGTERM');
  await portico.line(/stopping/);
  await refused(portico.port());
  slow.pop()!();

  assert.equal(await answer, 'slow\n');
  assert.equal((await portico.exited).code, 0);
});

test('a second signal stops at once', async () => {
  const portico = await start(smallConfig(originPort).replace('drain: 2s', 'drain: 60s'));
  const answer = get(portico.port(), '/slow').catch(() => 'cut');
  await slowRequest();

  portico.signal('SIGTERM');
  await portico.line(/stopping/);
  portico.signal('SIGTERM');

  assert.equal((await portico.exited).code, 0);
  assert.equal(await answer, 'cut');
  slow.pop();
});

test('SIGHUP takes a good configuration and keeps the old one when the new one is bad', async () => {
  const portico = await start();
  const file = configOf(portico);

  writeFileSync(
    file,
    smallConfig(originPort).replace('{ cluster: web }', '{ respond: { status: 200, body: "new\\n" } }'),
  );
  portico.signal('SIGHUP');
  await portico.line(/configuration reloaded/);
  assert.equal(await get(portico.port()), 'new\n');

  writeFileSync(file, 'nonsense: true\n');
  portico.signal('SIGHUP');
  const complaint = await portico.line(/not reloaded/);

  assert.match(complaint, /unknown key/);
  assert.equal(await get(portico.port()), 'new\n');
  assert.equal(await portico.stop(), 0);
});

test('POST /reload answers with the generation, or with the problems', async () => {
  const portico = await start();

  const good = await portico.admin('/reload', 'POST');
  writeFileSync(configOf(portico), 'nonsense: true\n');
  const bad = await portico.admin('/reload', 'POST');
  const status = (await portico.admin('/status')).json();

  assert.equal(good.status, 200);
  assert.equal(good.json().generation, 2);
  assert.equal(bad.status, 422);
  assert.match(bad.text, /portico\.yaml:1:1: unknown key "nonsense"/);
  assert.equal(status.generation, 2);
  assert.equal(status.lastReload?.ok, false);
  await portico.stop();
});

test('a reload opens new listeners, keeps the port of those with port 0, and changes the number of workers', async () => {
  const portico = await start();
  const kept = portico.port();
  const config = smallConfig(originPort)
    .replace('workers: 2', 'workers: 3')
    .replace('listen: [', 'listen: [{ address: "127.0.0.2:0" }, ');

  writeFileSync(configOf(portico), config);
  const answer = await portico.admin('/reload', 'POST');
  const status = (await portico.admin('/status')).json();

  assert.equal(answer.status, 200, answer.text);
  assert.equal(status.workers.length, 3);
  const added = status.listeners.find((listener) => listener.text === '127.0.0.2:0')!;
  assert.equal(await get(kept), 'hello\n');
  assert.equal(await get(added.port, '/', '127.0.0.2'), 'hello\n');
  await portico.stop();
});

test('a reload leaves clusters and tenants of which it changes nothing as they are, in the middle of their turns', async (t) => {
  const connections: Promise<unknown>[] = [];
  const other = createHttpServer((_incoming, response) => response.end('other\n')).listen(0, '127.0.0.1');
  other.on('connection', (socket) => connections.push(once(socket, 'close')));
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const config = smallConfig(originPort)
    .replace('workers: 2', 'workers: 1')
    .replace('" }] }\n', `" }, { address: "127.0.0.1:${port}" }] }\n`);
  const portico = await start(config);
  const answers = async (count: number): Promise<readonly string[]> => {
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(await get(portico.port()));
    return texts;
  };
  assert.deepEqual(await answers(3), ['hello\n', 'other\n', 'hello\n']);

  const more =
    '  more: { hosts: ["more.example"], routes: [{ cluster: web }, { path: /a, cluster: a }] }\ndefaultTenant';
  const added = config.replace(
    'clusters:',
    `clusters:\n  a: { instances: [{ address: "127.0.0.1:${port}" }] }`,
  );
  writeFileSync(configOf(portico), added.replace('defaultTenant', more));
  assert.equal((await portico.admin('/reload', 'POST')).status, 200);

  assert.deepEqual(await answers(2), ['other\n', 'hello\n']);
  assert.equal(connections.length, 1);

  writeFileSync(configOf(portico), config.replace(`, { address: "127.0.0.1:${port}" }`, ''));
  assert.equal((await portico.admin('/reload', 'POST')).status, 200);

  await connections[0];
  assert.deepEqual(await answers(2), ['hello\n', 'hello\n']);
  await portico.stop();
});

test('a worker that is killed under load is replaced within seconds while the other one answers', async () => {
  const portico = await start();
  const [victim] = (await portico.admin('/status')).json().workers;
  let stop = false;
  let answered = 0;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!stop) {
        // Those that the dead worker held are lost; a new connection reaches a living one.
        if ((await get(portico.port()).catch(() => '')) === 'hello\n') answered += 1;
      }
    }),
  );

  const killedAt = performance.now();
  process.kill(victim!.pid, 'SIGKILL');
  await portico.line(/worker ended: was killed by SIGKILL/);
  const answeredAtDeath = answered;
  await portico.line(/worker is up again/);
  const replacedAfterMs = performance.now() - killedAt;
  stop = true;
  await load;

  const status = (await portico.admin('/status')).json();
  assert.ok(answered > answeredAtDeath, 'the other worker answered meanwhile');
  assert.ok(replacedAfterMs < 10_000, `${replacedAfterMs} ms`);
  assert.equal(status.workers.length, 2);
  assert.ok(status.workers.every((worker) => worker.state === 'ready' && worker.pid !== victim!.pid));
  assert.equal(
    status.workers.reduce((sum, worker) => sum + worker.restarts, 0),
    1,
  );
  assert.equal((await portico.admin('/readyz')).status, 200);
  assert.equal(await portico.stop(), 0);
});

test('metrics are summed over the workers, and do not go back when one dies', async () => {
  const portico = await start();
  for (let i = 0; i < 40; i += 1) await get(portico.port());

  const before = await portico.admin('/metrics');
  const [victim] = (await portico.admin('/status')).json().workers;
  process.kill(victim!.pid, 'SIGKILL');
  await portico.line(/worker is up again/);
  const after = await portico.admin('/metrics');

  assert.equal(requestsTotal(before.text), 40);
  assert.equal(requestsTotal(after.text), 40);
  assert.match(after.text, /^portico_worker_restarts_total 1$/m);
  assert.match(after.text, /^portico_workers_ready 2$/m);
  assert.match(after.text, /^portico_instance_healthy\{cluster="web",instance="127.0.0.1:\d+"\} 1$/m);
  await portico.stop();
});

test('POST /drain stops as SIGTERM does, and /readyz says so meanwhile', async () => {
  const portico = await start();
  assert.equal((await portico.admin('/readyz')).status, 200);
  const answer = get(portico.port(), '/slow');
  await slowRequest();

  const drain = await portico.admin('/drain', 'POST');
  const ready = await portico.admin('/readyz');
  const health = await portico.admin('/healthz');
  slow.pop()!();

  assert.equal(drain.status, 202);
  assert.equal(ready.status, 503);
  assert.equal(health.status, 200);
  assert.equal(await answer, 'slow\n');
  assert.equal((await portico.exited).code, 0);
});

test('workers end when their primary is killed', async () => {
  const portico = await start();
  const pids = (await portico.admin('/status')).json().workers.map((worker) => worker.pid);

  portico.signal('SIGKILL');
  await portico.exited;

  for (const pid of pids) await gone(pid);
});

async function start(config = smallConfig(originPort)): Promise<PorticoProcess> {
  const file = writeConfig(config);
  const portico = new PorticoProcess(['run', '-c', file]);
  configs.set(portico, file);
  started.add(portico);
  void portico.exited.then(() => started.delete(portico));
  return portico.ready();
}

const started = new Set<PorticoProcess>();
const configs = new WeakMap<PorticoProcess, string>();

function configOf(portico: PorticoProcess): string {
  return configs.get(portico)!;
}

/** On a connection of its own. */
async function get(port: number, path = '/', host = '127.0.0.1'): Promise<string> {
  const call = request({ host, port, path, agent: false });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

async function slowRequest(): Promise<void> {
  while (slow.length === 0) {
    const next = Promise.withResolvers<void>();
    slowWaiters.push(next.resolve);
    await next.promise;
  }
}

/** Resolves when nobody listens there any more. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port });
    const outcome = await Promise.race([
      once(socket, 'connect').then(() => 'connected'),
      once(socket, 'error').then(() => 'refused'),
    ]).catch(() => 'refused');
    socket.on('error', () => {});
    socket.destroy();
    if (outcome === 'refused') return;
  }
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function requestsTotal(metrics: string): number {
  let total = 0;
  for (const [, value] of metrics.matchAll(/^portico_requests_total\{.*\} (\d+)$/gm)) total += Number(value);
  return total;
}
