import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import type { AcmeChallenge } from '../../../src/core/acme-challenge.ts';
import type { ProbeResult } from '../../../src/core/probe-result.ts';
import type { CertificateSettings } from '../../../src/core/settings.ts';
import { Fleet, type FleetPorts } from '../../../src/workers/fleet.ts';
import type { FromWorker, ToWorker, WorkerReport } from '../../../src/workers/messages.ts';
import { emptySettings, FakeWorker, wellBehaved } from '../../support/fake-worker.ts';

test('starts as many workers as wanted, all with the same settings and ticket keys', async () => {
  const { fleet, workers } = testFleet();

  const outcome = await fleet.start();

  assert.ok(outcome.ok);
  assert.equal(workers.length, 2);
  assert.ok(fleet.ready);
  assert.deepEqual(workers[0]!.received[0], workers[1]!.received[0]);
});

test('new ticket keys go to all workers, also to one that was starting meanwhile', async () => {
  const { fleet, workers } = testFleet();
  const start = fleet.start();
  // Both were sent their start by now, and have not answered.
  await settled();
  fleet.setTicketKeys(['early']);
  await start;
  fleet.setTicketKeys(['late', 'early']);

  for (const worker of workers) {
    const keys = worker.received.flatMap((message) => {
      if (message.kind === 'start') return [message.ticketKeys];
      return message.kind === 'ticket-keys' ? [message.keys] : [];
    });
    assert.deepEqual(keys.at(0), ['keys']);
    assert.deepEqual(keys.slice(-2), [['early'], ['late', 'early']]);
  }
});

test('when one worker cannot start the others are ended, and the reason is told', async () => {
  const { fleet, workers } = testFleet({
    answers: [wellBehaved, () => ({ kind: 'start-failed', reason: 'no luck' })],
  });

  const outcome = await fleet.start();

  assert.deepEqual(outcome, { ok: false, reason: 'no luck' });
  assert.ok(workers.every((worker) => !worker.alive));
  assert.equal(fleet.ready, false);
});

test('a worker that a signal to the whole group meets while it starts is started again, a few times', async () => {
  const silent = () => undefined;
  const { fleet, workers } = testFleet({ answers: [wellBehaved, silent, wellBehaved] });
  const start = fleet.start();
  await settled();
  workers[1]!.die(null, 'SIGHUP');

  assert.ok((await start).ok);
  assert.equal(workers.length, 3);
  assert.ok(fleet.ready);

  const hopeless = testFleet({ answers: [wellBehaved, ...Array(9).fill(silent)] });
  const outcome = hopeless.fleet.start();
  for (let i = 1; i <= 5; i += 1) {
    await settled();
    hopeless.workers[i]!.die(null, 'SIGHUP');
  }
  assert.deepEqual(await outcome, { ok: false, reason: 'was killed by SIGHUP' });
  assert.equal(hopeless.workers.length, 6);
});

test('a worker that is killed while it starts, or that a stop meets, is not started again', async () => {
  for (const [signal, isStopping] of [
    ['SIGKILL', false],
    ['SIGTERM', true],
  ] as const) {
    const { fleet, workers } = testFleet({ answers: [wellBehaved, () => undefined, wellBehaved] });
    const start = fleet.start();
    await settled();
    if (isStopping) void fleet.stop();
    workers[1]!.die(null, signal);

    assert.deepEqual(await start, { ok: false, reason: `was killed by ${signal}` });
    assert.equal(workers.length, 2);
  }
});

test('a worker that dies is started again at once, and again after a pause', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers, died } = testFleet();
  await fleet.start();

  workers[0]!.die(null, 'SIGKILL');
  await settled();
  context.mock.timers.tick(0);
  await settled();
  assert.equal(workers.length, 3);
  assert.ok(fleet.ready);

  workers[2]!.die(1, null);
  await settled();
  context.mock.timers.tick(499);
  await settled();
  assert.equal(workers.length, 3);
  assert.equal(fleet.ready, false);
  context.mock.timers.tick(1);
  await settled();

  assert.equal(workers.length, 4);
  assert.deepEqual(died, [
    ['was killed by SIGKILL', 0],
    ['exited with code 1', 500],
  ]);
  assert.equal(fleet.restartsOf(0), 2);
});

test('a restarted worker that cannot start is tried again, with the reason in the log', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers, died } = testFleet({
    answers: [wellBehaved, wellBehaved, () => ({ kind: 'start-failed', reason: 'port taken' })],
  });
  await fleet.start();

  workers[0]!.die(1, null);
  await settled();
  context.mock.timers.tick(0);
  await settled();

  assert.deepEqual(died[1], ['port taken', 500]);
});

test('challenges are shown when every worker has said so, and workers that start later know them', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  await fleet.start();
  const asked: ToWorker[] = [];
  workers[1]!.answer = (message) => {
    asked.push(message);
    return undefined;
  };

  let isOver = false;
  const shown = fleet.showChallenges([CHALLENGE]).finally(() => {
    isOver = true;
  });
  await settled();
  assert.equal(isOver, false, 'one worker has not answered');
  const [{ request, challenges }] = asked as [Extract<ToWorker, { kind: 'challenges' }>];
  assert.deepEqual(challenges, [CHALLENGE]);
  workers[1]!.emit('message', { kind: 'challenges-taken', request });
  assert.equal(await shown, undefined);

  workers[0]!.die(null, 'SIGKILL');
  await settled();
  context.mock.timers.tick(0);
  await settled();
  const start = workers[2]!.received[0] as Extract<ToWorker, { kind: 'start' }>;
  assert.deepEqual(start.challenges, [CHALLENGE]);
});

test('a worker that dies does not keep challenges from being shown; one that hangs does', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  await fleet.start();
  const silent = (): undefined => undefined;
  workers[0]!.answer = silent;

  const shown = fleet.showChallenges([CHALLENGE]);
  workers[0]!.die(null, 'SIGKILL');
  assert.equal(await shown, undefined);

  workers[1]!.answer = silent;
  const hanging = fleet.showChallenges([]);
  await settled();
  context.mock.timers.tick(30_000);
  assert.equal(await hanging, 'no answer for 30 s');
});

test('a reload reaches every worker', async () => {
  const { fleet, workers } = testFleet();
  await fleet.start();

  const refusal = await fleet.reload(emptySettings());

  assert.equal(refusal, undefined);
  assert.equal(fleet.generation, 2);
  assert.deepEqual(
    workers.map((worker) => worker.generations),
    [
      [1, 2],
      [1, 2],
    ],
  );
});

test('a reload that one worker refuses is taken back from the others', async () => {
  const { fleet, workers } = testFleet({ answers: [wellBehaved, refuses(2)] });
  const settings = fleet.settings;
  await fleet.start();

  const refusal = await fleet.reload(emptySettings({ drainMs: 7 }));

  assert.equal(refusal, 'cannot');
  assert.equal(fleet.generation, 1);
  assert.equal(fleet.settings, settings);
  assert.deepEqual(workers[0]!.generations, [1, 2, 1]);
  assert.deepEqual(workers[1]!.generations, [1, 2]);
});

test('a worker that dies of new settings keeps the others from having them', async () => {
  const { fleet, workers } = testFleet();
  await fleet.start();
  workers[1]!.answer = (message) => {
    if (message.kind === 'reload') workers[1]!.die(null, 'SIGSEGV');
    return undefined;
  };

  const refusal = await fleet.reload(emptySettings());

  assert.equal(refusal, 'a worker was killed by SIGSEGV before it had the new settings: reload again');
  assert.deepEqual(workers[0]!.generations, [1, 2, 1]);
  await fleet.kill();
});

test('a worker that does not answer a reload is given up after a time', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  await fleet.start();
  workers[1]!.answer = () => undefined;

  const refusal = fleet.reload(emptySettings());
  await settled();
  context.mock.timers.tick(30_000);

  assert.match((await refusal)!, /^a worker gave no answer for 30 s/);
  await fleet.kill();
});

test('a worker that was starting during a reload gets the new settings when it is up', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet({ answers: [wellBehaved, wellBehaved, () => undefined] });
  await fleet.start();
  workers[0]!.die(null, 'SIGKILL');
  await settled();
  context.mock.timers.tick(0);
  await settled();

  const refusal = await fleet.reload(emptySettings());
  workers[2]!.answer = wellBehaved;
  workers[2]!.emit('message', { kind: 'started', listeners: [] });
  await settled();

  assert.equal(refusal, undefined);
  assert.deepEqual(workers[2]!.generations, [1, 2]);
});

test('a worker is sent what differs from the settings that it has said it has, and all of them where it has not', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  const certificates = Array.from({ length: 100 }, (_, i) => pair(i));
  const renewed = (place: number) =>
    emptySettings({ workers: 1, certificates: certificates.with(place, pair(999)) });
  await fleet.start();
  const sent = (): number => {
    const message = workers[0]!.received.at(-1)!;
    return message.kind === 'reload' ? message.settings.certificates.length : -1;
  };

  await fleet.reload(emptySettings({ workers: 1, certificates }));
  assert.equal(sent(), 100);
  await fleet.reload(renewed(50));
  assert.equal(sent(), 3);

  workers[0]!.answer = refuses(4);
  assert.equal(await fleet.reload(renewed(0)), 'cannot');
  assert.equal(sent(), 4);
  workers[0]!.answer = wellBehaved;
  await fleet.reload(renewed(50));
  assert.equal(sent(), 1, 'it has what it had before');

  // It does not answer in time, and nobody knows what it has.
  let late: ToWorker | undefined;
  workers[0]!.answer = (message) => {
    late = message;
    return undefined;
  };
  const lost = fleet.reload(renewed(1));
  await settled();
  context.mock.timers.tick(30_000);
  assert.match((await lost)!, /no answer/);
  workers[0]!.answer = () => undefined;
  const next = fleet.reload(renewed(2));
  await settled();
  assert.equal(sent(), 100);
  // Late, and about settings that it has no more when it reads the next message.
  workers[0]!.emit('message', refuses(5)(late!));
  const asked = workers[0]!.received.at(-1)!;
  workers[0]!.emit('message', wellBehaved(asked));
  assert.equal(await next, undefined);
  workers[0]!.answer = wellBehaved;
  await fleet.reload(renewed(2));
  assert.equal(sent(), 1);
  await fleet.kill();
});

test('settings that are sent while others are under way are based on none', async () => {
  const { fleet, workers } = testFleet();
  const certificates = [pair(1), pair(2)];
  await fleet.start();
  await fleet.reload(emptySettings({ certificates }));
  workers[0]!.answer = () => undefined;

  const [handle] = fleet.handles();
  void handle!.reload(emptySettings({ certificates: [pair(2)] }), 3);
  void handle!.reload(emptySettings({ certificates }), 4);

  const sent = workers[0]!.received.flatMap((message) =>
    message.kind === 'reload' ? [message.settings] : [],
  );
  assert.deepEqual(sent.at(-2)!.certificates, [{ from: 1, count: 1 }]);
  assert.deepEqual(sent.at(-1)!.certificates, certificates);
  await fleet.kill();
});

test('a reload can change the number of workers', async () => {
  const { fleet, workers } = testFleet();
  await fleet.start();

  await fleet.reload(emptySettings({ workers: 3 }));
  assert.equal(fleet.handles().length, 3);
  assert.deepEqual(workers[2]!.generations, [2]);

  await fleet.reload(emptySettings({ workers: 1 }));
  await settled();
  assert.equal(fleet.handles().length, 1);
  assert.deepEqual(
    workers.map((worker) => worker.alive),
    [true, false, false],
  );
  assert.ok(fleet.ready);
});

test('one worker probes for all, and what it finds goes to the others', async () => {
  const { fleet, workers } = testFleet();
  await fleet.start();

  workers[0]!.emit('message', { kind: 'probes', results: [DOWN] });
  await settled();

  assert.deepEqual(workers.map(kindsOfProbing), [['probe-for-all'], ['probes']]);
  assert.deepEqual(workers[1]!.received.at(-1), { kind: 'probes', results: [DOWN] });
  assert.deepEqual(
    fleet.handles().map((handle) => fleet.isProber(handle)),
    [true, false],
  );
});

test('another worker probes at once when the one that did is killed, or is taken away', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  await fleet.start();

  workers[0]!.die(null, 'SIGKILL');
  await settled();
  assert.deepEqual(kindsOfProbing(workers[1]!), ['probe-for-all']);
  context.mock.timers.tick(0);
  await settled();
  assert.deepEqual(kindsOfProbing(workers[2]!), [], 'its successor does not');

  workers[1]!.answer = (message) => (message.kind === 'stop' ? undefined : wellBehaved(message));
  await fleet.reload(emptySettings({ workers: 1 }));
  assert.ok(workers[1]!.alive, 'it finishes what is in flight');
  assert.deepEqual(kindsOfProbing(workers[2]!), ['probe-for-all']);
  await fleet.kill();
});

test('when no worker is left that could probe, the first that is up again does', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  await fleet.start();

  for (const worker of [...workers]) worker.die(1, null);
  await settled();
  context.mock.timers.tick(0);
  await settled();

  assert.deepEqual(workers.slice(2).map(kindsOfProbing), [['probe-for-all'], []]);
});

test('a worker that starts knows what is down, and what was found while it started', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet({ answers: [wellBehaved, wellBehaved, () => undefined] });
  await fleet.start();
  workers[0]!.emit('message', { kind: 'probes', results: [DOWN] });
  workers[1]!.die(null, 'SIGKILL');
  await settled();
  context.mock.timers.tick(0);
  await settled();
  const late = workers[2]!;
  assert.deepEqual((late.received[0] as Extract<ToWorker, { kind: 'start' }>).probes, [DOWN]);

  const other = { ...DOWN, address: 'b:80' };
  workers[0]!.emit('message', { kind: 'probes', results: [{ ...DOWN, ok: true, isDown: false }, other] });
  assert.equal(late.received.length, 1, 'nothing before it is up');
  late.answer = wellBehaved;
  late.emit('message', { kind: 'started', listeners: [] });
  await settled();

  assert.deepEqual(late.received.slice(1), [
    { kind: 'probes', results: [{ ...DOWN, ok: true, isDown: false }, other] },
  ]);
});

test('what a reload takes away is forgotten', async () => {
  const { fleet, workers } = testFleet();
  await fleet.start();
  workers[0]!.emit('message', { kind: 'probes', results: [DOWN] });

  await fleet.reload(emptySettings({ workers: 3 }));

  assert.deepEqual((workers[2]!.received[0] as Extract<ToWorker, { kind: 'start' }>).probes, []);
});

test('a worker that does not come round to its messages for ten seconds is killed, and replaced', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const { fleet, workers, died, hung } = testFleet();
  await fleet.start();
  const pass = (seconds: number): Promise<void> => passed(context, seconds);
  await pass(60);
  assert.deepEqual(hung, []);

  const { answer } = workers[0]!;
  workers[0]!.answer = () => undefined;
  await pass(9);
  // Its answer comes late, but it comes.
  workers[0]!.answer = answer;
  workers[0]!.emit('message', { kind: 'pong', isDebugged: false });
  await pass(60);
  assert.deepEqual(hung, []);

  workers[0]!.answer = () => undefined;
  await pass(10);
  assert.deepEqual(hung, []);
  await pass(1);
  assert.deepEqual(hung, [[1000, 10_000]]);
  assert.deepEqual(died, [['was killed by SIGKILL', 0]]);
  await pass(20);
  assert.equal(workers.length, 3);
  assert.ok(fleet.ready);
  assert.equal(hung.length, 1);
  await fleet.kill();
});

test('a worker that a debugger holds, or that is at a reload, is not killed', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const { fleet, workers, hung } = testFleet();
  await fleet.start();
  workers[0]!.answer = (message) =>
    message.kind === 'ping' ? { kind: 'pong', isDebugged: true } : undefined;
  await passed(context, 2);
  workers[0]!.answer = () => undefined;
  await passed(context, 60);
  assert.deepEqual(hung, []);

  const { answer } = workers[1]!;
  workers[1]!.answer = () => undefined;
  const reload = fleet.reload(emptySettings());
  await passed(context, 29);
  assert.deepEqual(hung, []);
  await passed(context, 1);
  assert.match((await reload)!, /no answer for 30 s/);
  workers[1]!.answer = answer;
  await fleet.kill();
});

test('a worker that a reload takes away and that does not end is killed', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  await fleet.start();
  workers[1]!.answer = (message) => (message.kind === 'stop' ? undefined : wellBehaved(message));

  await fleet.reload(emptySettings({ workers: 1 }));
  context.mock.timers.tick(5_999);
  assert.ok(workers[1]!.alive);
  context.mock.timers.tick(1);

  assert.equal(workers[1]!.alive, false);
  assert.ok(workers[0]!.alive);
});

test('reports come from the living; the dead are handed over once', async () => {
  const { fleet, workers, retired } = testFleet();
  await fleet.start();
  assert.equal((await fleet.reports()).length, 2);
  // It dies while it is being asked: its counts are among the retired, and must not be in the report too.
  workers[0]!.answer = () => {
    workers[0]!.die(null, 'SIGKILL');
    return undefined;
  };

  const reports = await fleet.reports();

  assert.equal(reports.length, 1);
  assert.equal(retired.length, 1);
  await fleet.kill();
});

test('a worker that does not report in time is represented by what it told last', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  await fleet.start();
  await fleet.reports();
  workers[0]!.answer = () => undefined;

  const reports = fleet.reports();
  await settled();
  context.mock.timers.tick(2_000);

  assert.equal((await reports).length, 2);
});

test('stop waits for the workers, and kills one that does not end in time', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { fleet, workers } = testFleet();
  await fleet.start();
  workers[1]!.answer = () => undefined;
  let stopped = false;

  const stop = fleet.stop().then(() => {
    stopped = true;
  });
  await settled();
  assert.equal(workers[0]!.alive, false);
  assert.equal(stopped, false);
  context.mock.timers.tick(6_000);
  await stop;

  assert.equal(workers[1]!.alive, false);
  assert.equal(workers.length, 2, 'none was started again');
});

function refuses(generation: number): (message: ToWorker) => FromWorker | undefined {
  return (message) =>
    message.kind === 'reload' && message.generation === generation
      ? { kind: 'reload-failed', request: message.request, reason: 'cannot' }
      : wellBehaved(message);
}

const DOWN: ProbeResult = { cluster: 'web', address: 'a:80', ok: false, isDown: true };

/** What a worker was told of probes, without its start. */
function kindsOfProbing({ received }: FakeWorker): string[] {
  return received.map(({ kind }) => kind).filter((kind) => kind === 'probe-for-all' || kind === 'probes');
}

const CHALLENGE: AcmeChallenge = { kind: 'http-01', host: 'a.example', token: 't', answer: 't.x' };

function testFleet(options: { answers?: ((message: ToWorker) => FromWorker | undefined)[] } = {}): {
  fleet: Fleet;
  workers: FakeWorker[];
  died: [string, number][];
  hung: [number, number][];
  retired: WorkerReport[];
} {
  const workers: FakeWorker[] = [];
  const died: [string, number][] = [];
  const hung: [number, number][] = [];
  const retired: WorkerReport[] = [];
  const ports: FleetPorts = {
    reusePort: true,
    now: () => 0,
    fork() {
      const worker = new FakeWorker(1000 + workers.length, options.answers?.[workers.length]);
      workers.push(worker);
      return worker.port;
    },
    restarted: mock.fn(),
    died: (_handle, reason, delayMs) => died.push([reason, delayMs]),
    hung: (handle, ms) => hung.push([handle.pid, ms]),
    retired: (report) => retired.push(report),
  };
  return { fleet: new Fleet(emptySettings(), ['keys'], ports), workers, died, hung, retired };
}

/** Second by second, and what follows from each. */
async function passed({ mock: { timers } }: TestContext, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i += 1) {
    timers.tick(1000);
    await settled();
  }
}

/** All promises that wait for nothing but each other have gone on. */
async function settled(): Promise<void> {
  for (let i = 0; i < 30; i += 1) await Promise.resolve();
}

function pair(i: number): CertificateSettings {
  const [certFile, keyFile] = [`${i}.pem`, `${i}.key`];
  return {
    hosts: [`${i}.example`],
    vips: [],
    cert: `cert ${i}`,
    key: `key ${i}`,
    certFile,
    keyFile,
    isDefault: false,
  };
}
