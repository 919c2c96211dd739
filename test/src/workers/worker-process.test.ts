import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../src/core/clock.ts';
import type { Server } from '../../../src/core/server.ts';
import type { Settings } from '../../../src/core/settings.ts';
import type { ServerPorts } from '../../../src/server.ts';
import { renderExposition } from '../../../src/telemetry/exposition.ts';
import type { LineChannel } from '../../../src/telemetry/line-channel.ts';
import { DEFAULT_TLS } from '../../../src/tls/tls-policy.ts';
import type { FromWorker } from '../../../src/workers/messages.ts';
import { settingsDelta } from '../../../src/workers/settings-delta.ts';
import { WorkerProcess } from '../../../src/workers/worker-process.ts';
import { emptySettings, serverStatus } from '../../support/fake-worker.ts';
import { finishedExchange } from '../../support/finished-exchange.ts';

test('starts a server with what the primary sent', async () => {
  const { worker, sent, given } = testWorker();

  worker.receive(startMessage(emptySettings()));
  await settled();

  assert.deepEqual(sent, [{ kind: 'started', listeners: [] }]);
  assert.equal(given()!.reusePort, true);
  assert.deepEqual(given()!.ticketKeys, [Buffer.from('keys')]);
});

test('answers the challenges that came with the start, and those that come later, and says so', async () => {
  const taken: unknown[] = [];
  const { worker, sent } = testWorker({ answerChallenges: (challenges) => taken.push(challenges) });
  const challenge = { kind: 'http-01', host: 'a.example', token: 't', answer: 't.x' } as const;

  worker.receive({ ...startMessage(emptySettings()), challenges: [challenge] });
  worker.receive({ kind: 'challenges', request: 7, challenges: [] });
  await settled();

  assert.deepEqual(taken, [[challenge], []]);
  assert.deepEqual(sent.at(-1), { kind: 'challenges-taken', request: 7 });
});

test('begins with what others have found, takes over what they find, and tells what it finds itself', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const calls: unknown[] = [];
  const { worker, sent, given } = testWorker({
    probeForAll: () => calls.push('probeForAll'),
    takeProbes: (results) => calls.push(results),
  });
  const down = { cluster: 'web', address: 'a:80', ok: false, isDown: true };

  worker.receive({ ...startMessage(emptySettings()), probes: [down] });
  worker.receive({ kind: 'probes', results: [down] });
  worker.receive({ kind: 'probe-for-all' });
  await settled();
  const { known, tell } = given()!.probing!;
  tell(down);
  tell({ ...down, address: 'b:80' });
  t.mock.timers.tick(50);

  assert.deepEqual(known, [down]);
  assert.deepEqual(calls, [[down], 'probeForAll']);
  assert.deepEqual(sent.slice(1), [{ kind: 'probes', results: [down, { ...down, address: 'b:80' }] }]);
});

test('a server that cannot start is reported and ends the process with 1', async () => {
  const { worker, sent, exits } = testWorker({ start: () => Promise.reject(new Error('EADDRINUSE')) });

  worker.receive(startMessage(emptySettings()));
  await settled();

  assert.deepEqual(sent, [{ kind: 'start-failed', reason: 'EADDRINUSE' }]);
  assert.deepEqual(exits, [1]);
});

test('an access log that cannot be opened is reported in the same way', async () => {
  const { worker, sent, exits } = testWorker();
  const access = { kind: 'file', file: '/nonexistent/access.log' } as const;

  worker.receive(startMessage(emptySettings({ log: { level: 'silent', access } })));
  await settled();

  const reason = 'the access log cannot be opened: /nonexistent/access.log: no such file or directory';
  assert.deepEqual(sent, [{ kind: 'start-failed', reason }]);
  assert.deepEqual(exits, [1]);
});

test('what a reload does not send again is what the worker has, and not what it has refused', async () => {
  const taken: Settings[] = [];
  const { worker, sent } = testWorker({
    reload(settings) {
      taken.push(settings);
      return taken.length === 2 ? Promise.reject(new Error('no')) : Promise.resolve([]);
    },
  });
  const tenant = (name: string) => ({ name, hosts: [name], tls: DEFAULT_TLS, routes: [] });
  const settings = (...names: string[]) => emptySettings({ tenants: names.map(tenant) });
  const [a, b, c] = [settings('a', 'b', 'c'), settings('a', 'x', 'c'), settings('y')];

  worker.receive(startMessage(a));
  for (const [request, next, base] of [
    [1, b, a],
    [2, c, b],
    [3, a, b],
  ] as const)
    worker.receive({ kind: 'reload', request, settings: settingsDelta(next, base), generation: 2 });
  worker.receive({ kind: 'reload', request: 4, settings: settingsDelta(a, a), generation: 2 });
  worker.receive({ kind: 'reload', request: 5, settings: settingsDelta(c, undefined), generation: 2 });
  worker.receive({ kind: 'reload', request: 6, settings: settingsDelta(a, a), generation: 2 });
  await until(() => sent.length === 7);

  assert.deepEqual(taken, [b, c, a, a, c]);
  assert.deepEqual(
    sent.slice(1).map((message) => message.kind),
    ['reloaded', 'reload-failed', 'reloaded', 'reloaded', 'reloaded', 'reload-failed'],
  );
});

test('a reload that the server refuses leaves the access log where it was', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'portico-'));
  const files = ['old.log', 'new.log'].map((name) => join(directory, name));
  const logTo = (file: string): Settings =>
    emptySettings({ log: { level: 'silent', access: { kind: 'file', file } } });
  const { worker, sent, exits, given } = testWorker({ reload: () => Promise.reject(new Error('no')) });

  worker.receive(startMessage(logTo(files[0]!)));
  worker.receive({ kind: 'reload', request: 5, settings: logTo(files[1]!), generation: 2 });
  await settled();
  given()!.accessLog!.handlers!.requestFinish!(finishedExchange());
  worker.receive({ kind: 'stop' });
  await until(() => exits.length > 0);

  assert.deepEqual(sent[1], { kind: 'reload-failed', request: 5, reason: 'no' });
  assert.match(readFileSync(files[0]!, 'utf8'), /"type":"access"/);
  assert.equal(readFileSync(files[1]!, 'utf8'), '');
});

test('reports its counts, and what is wrong', async () => {
  const troubles = [{ name: 'web', panic: true, waiting: 0, ejected: ['a'] }];
  const { worker, sent, given } = testWorker({ troubles: () => troubles });
  worker.receive(startMessage(emptySettings()));
  await settled();
  given()!.telemetry.exchangeFinished(finishedExchange());

  worker.receive({ kind: 'report', request: 9 });

  const answer = sent.at(-1)!;
  assert.ok(answer.kind === 'report' && answer.request === 9);
  assert.deepEqual(answer.report.troubles, troubles);
  const text = renderExposition(answer.report.metrics);
  assert.match(text, /^portico_requests_total\{.*\} 1$/m);
  assert.match(text, /^portico_resident_memory_bytes\{process="worker"\} \d+$/m);
});

test('tells its status when it is asked', async () => {
  const status = serverStatus({ sessions: 3 });
  const { worker, sent } = testWorker({ status: () => status });
  worker.receive(startMessage(emptySettings()));
  await settled();

  worker.receive({ kind: 'status', request: 9 });

  assert.deepEqual(sent.at(-1), { kind: 'status', request: 9, status });
});

test('a question before the start is answered too', () => {
  const { worker, sent } = testWorker();

  worker.receive({ kind: 'report', request: 1 });
  worker.receive({ kind: 'status', request: 2 });

  assert.deepEqual(
    sent.map(({ kind }) => kind),
    ['report', 'status'],
  );
});

for (const isDebugged of [false, true]) {
  test(`a ping is answered whatever else is under way${isDebugged ? ', and says that a debugger is there' : ''}`, async () => {
    const { worker, sent } = testWorker({ start: () => new Promise(() => {}) }, isDebugged);

    worker.receive(startMessage(emptySettings()));
    worker.receive({ kind: 'stop' });
    await settled();
    worker.receive({ kind: 'ping' });

    assert.deepEqual(sent, [{ kind: 'pong', isDebugged }]);
  });
}

test('a stop during a start waits for it, tells the last counts and ends with 0', async () => {
  const started = Promise.withResolvers<[]>();
  const calls: string[] = [];
  const { worker, sent, exits } = testWorker({
    start: () => started.promise,
    stop: () => {
      calls.push('stop');
      return Promise.resolve([]);
    },
  });

  worker.receive(startMessage(emptySettings()));
  worker.receive({ kind: 'stop' });
  worker.receive({ kind: 'stop' });
  await settled();
  assert.deepEqual(calls, []);
  started.resolve([]);
  await settled();

  assert.deepEqual(calls, ['stop']);
  assert.deepEqual(
    sent.map((message) => message.kind),
    ['started', 'stopped'],
  );
  assert.deepEqual(exits, [0]);
});

function startMessage(settings: Settings) {
  return {
    kind: 'start',
    settings,
    generation: 1,
    reusePort: true,
    ticketKeys: [Buffer.from('keys').toString('base64')],
    staples: [],
    challenges: [],
    probes: [],
  } as const;
}

function testWorker(
  overrides: Partial<Server> = {},
  isDebugged = false,
): {
  worker: WorkerProcess;
  sent: FromWorker[];
  exits: number[];
  given: () => ServerPorts | undefined;
} {
  const sent: FromWorker[] = [];
  const exits: number[] = [];
  let given: ServerPorts | undefined;
  const stdout: LineChannel = {
    dropped: 0,
    write: () => true,
    flush() {},
    flushSync() {},
    reopen() {},
    close: () => Promise.resolve(),
  };
  const server: Server = {
    start: () => Promise.resolve([]),
    reload: () => Promise.resolve([]),
    listen: () => Promise.reject(new Error('not asked of workers')),
    serve: () => {
      throw new Error('not asked of workers');
    },
    stop: () => Promise.resolve([]),
    setTicketKeys() {},
    setStaple() {},
    answerChallenges() {},
    probeForAll() {},
    takeProbes() {},
    status: () => serverStatus(),
    troubles: () => [],
    ...overrides,
  };
  const worker = new WorkerProcess({
    stdout,
    clock: systemClock,
    createServer(_settings, ports) {
      given = ports;
      return server;
    },
    isDebugged: () => isDebugged,
    send: (message) => sent.push(message),
    exit: (code) => exits.push(code),
  });
  return { worker, sent, exits, given: () => given };
}

/** What waits for nothing but promises has gone on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
