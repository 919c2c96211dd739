import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { PorticoProcess, writeConfig } from '../support/portico-process.ts';
import { type ProbedOrigin, startProbedOrigin } from '../support/probed-origin.ts';

// Who sends probes, seen from the backend: one that gives no answer shows how many processes ask, because each waits for its answer.

test('one of three workers probes, and each probe is counted once', async (t) => {
  const [silent, well] = [await startProbedOrigin(t, 'silent'), await startProbedOrigin(t, 'well')];
  silent.health = 'hold';
  const { portico } = await start(t, [silent, well]);

  await well.until(() => well.probes >= 12);

  assert.equal(silent.held, 1);
  assert.equal(silent.probes, 1);
  const { workers } = (await portico.admin('/status')).json();
  assert.equal(workers.filter(({ probes }) => probes).length, 1);
  const before = well.probes;
  const counted = await probesCounted(portico, well);
  assert.ok(counted >= before - 1 && counted <= well.probes, `${before} ${counted} ${well.probes}`);
  assert.equal(await portico.stop(), 0);
});

test('when the worker that probes is killed another one goes on', async (t) => {
  const [silent, well] = [await startProbedOrigin(t, 'silent'), await startProbedOrigin(t, 'well')];
  silent.health = 'hold';
  const { portico } = await start(t, [silent, well]);
  await silent.until(() => silent.held === 1);
  const before = await prober(portico);

  process.kill(before.pid, 'SIGKILL');
  await silent.until(() => silent.probes === 2);
  const after = await prober(portico);
  await portico.line(/worker is up again/);
  const { probes } = well;
  await well.until(() => well.probes >= probes + 12);

  assert.notEqual(after.pid, before.pid);
  assert.equal((await prober(portico)).pid, after.pid, 'the successor leaves it to him');
  assert.equal(silent.held, 1);
});

test('when a reload takes away the worker that probes, another one goes on', async (t) => {
  const [silent, well] = [await startProbedOrigin(t, 'silent'), await startProbedOrigin(t, 'well')];
  silent.health = 'hold';
  const { portico, reload } = await start(t, [silent, well]);
  // That of the first slot stays in every reload: the role is to be with another.
  let probing = await prober(portico);
  while (probing.slot === 0) {
    const { probes } = silent;
    process.kill(probing.pid, 'SIGKILL');
    await silent.until(() => silent.probes > probes && silent.held === 1);
    probing = await prober(portico);
  }

  const { probes } = silent;
  await reload(1);
  await silent.until(() => silent.probes > probes && silent.held === 1);

  assert.equal((await prober(portico)).slot, 0);
  assert.equal(silent.probes, probes + 1);
});

test('what one worker finds holds for all, and for those that come later, from their first request on', async (t) => {
  const [ill, well] = [await startProbedOrigin(t, 'ill'), await startProbedOrigin(t, 'well')];
  const { portico, reload } = await start(t, [ill, well]);
  await state(portico, ill, 'healthy');
  assert.deepEqual(await answers(portico), new Set(['ill', 'well']));

  ill.answer('ill');
  await state(portico, ill, 'ejected');
  assert.deepEqual(await answers(portico), new Set(['well']));

  // No result comes any more: who is new has only what it was told.
  ill.health = 'hold';
  await ill.until(() => ill.held === 1);
  const probing = await prober(portico);
  const { workers } = (await portico.admin('/status')).json();
  const victim = workers.find(({ pid }) => pid !== probing.pid)!;
  let from = portico.lines.length;
  process.kill(victim.pid, 'SIGKILL');
  await portico.line(/worker is up again/, from);
  assert.equal(await stateOf(portico, ill), 'ejected');

  const { probes } = ill;
  from = portico.lines.length;
  process.kill(probing.pid, 'SIGKILL');
  await ill.until(() => ill.probes === probes + 1);
  await portico.line(/worker is up again/, from);
  await reload(4);
  assert.equal(await stateOf(portico, ill), 'ejected');
  assert.deepEqual(await answers(portico), new Set(['well']));
  assert.match((await portico.admin('/metrics')).text, healthy(ill, 0));

  ill.answer('well');
  await state(portico, ill, 'healthy');
  assert.deepEqual(await answers(portico), new Set(['ill', 'well']));
  assert.match((await portico.admin('/metrics')).text, healthy(ill, 1));
});

test('an instance that workers have ejected for its requests is brought back by the probes that one of them sends', async (t) => {
  const [broken, well] = [await startProbedOrigin(t, 'broken'), await startProbedOrigin(t, 'well')];
  const { portico } = await start(t, [broken, well]);
  await broken.until(() => broken.probes > 0);
  broken.health = 'hold';
  broken.isBroken = true;
  await broken.until(() => broken.held === 1);

  // Each worker must meet it itself.
  while ((await stateOf(portico, broken)) !== 'ejected') await answers(portico);
  const { probes } = well;
  await well.until(() => well.probes >= probes + 6);
  assert.equal(broken.held, 1, 'none of them asks by itself');

  broken.isBroken = false;
  broken.answer('well');
  await state(portico, broken, 'healthy');
  assert.deepEqual(await answers(portico), new Set(['broken', 'well']));
});

async function start(t: TestContext, origins: readonly ProbedOrigin[]) {
  const text = (workers: number): string => `workers: ${workers}
drain: 2s
listen: [{ address: "127.0.0.1:0" }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
tenants:
  all: { hosts: ["127.0.0.1"], routes: [{ cluster: web }] }
clusters:
  web:
    instances: [${origins.map(({ address }) => `{ address: "${address}" }`).join(', ')}]
    health: { path: /healthz, interval: 100ms, timeout: 10m, fail: 2, pass: 1 }
`;
  const file = writeConfig(text(3));
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.signal('SIGKILL'));
  await portico.ready();
  return {
    portico,
    reload: async (workers: number) => {
      writeFileSync(file, text(workers));
      assert.equal((await portico.admin('/reload', 'POST')).status, 200);
    },
  };
}

async function prober(portico: PorticoProcess) {
  const { workers } = (await portico.admin('/status')).json();
  return workers.find(({ probes }) => probes)!;
}

/** As all workers see it: `mixed` when they do not agree. */
async function stateOf(portico: PorticoProcess, { address }: ProbedOrigin): Promise<string> {
  const { clusters } = (await portico.admin('/status')).json();
  return clusters[0]!.instances.find((instance) => instance.address === address)!.state;
}

async function state(portico: PorticoProcess, origin: ProbedOrigin, wanted: string): Promise<void> {
  while ((await stateOf(portico, origin)) !== wanted);
}

/** Whoever answers forty requests, each on a connection of its own, so that every worker is among those asked. */
async function answers(portico: PorticoProcess): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const call = request({ host: '127.0.0.1', port: portico.port(), agent: false });
    call.end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    if (response.statusCode === 200) seen.add(text);
  }
  return seen;
}

async function probesCounted(portico: PorticoProcess, { address }: ProbedOrigin): Promise<number> {
  const { text } = await portico.admin('/metrics');
  const pattern = new RegExp(`^portico_probes_total\\{instance="${address}",result="ok"\\} (\\d+)$`, 'm');
  return Number(pattern.exec(text)?.[1]);
}

function healthy({ address }: ProbedOrigin, value: number): RegExp {
  return new RegExp(`^portico_instance_healthy\\{cluster="web",instance="${address}"\\} ${value}$`, 'm');
}
