import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Instance } from '../../../src/balance/instance.ts';
import type { ProbeResult } from '../../../src/core/probe-result.ts';
import type { HealthSettings } from '../../../src/core/settings.ts';
import { noTelemetry } from '../../../src/core/telemetry.ts';
import { MAX_PROBES } from '../../../src/upstream/probe-gate.ts';
import type { ProbeSettings, ProbeTarget } from '../../../src/upstream/prober.ts';
import { Probers } from '../../../src/upstream/probers.ts';
import { FakeConnector } from '../../support/fake-connector.ts';
import { FakeFront } from '../../support/fake-front.ts';
import { healthSettings } from '../balance/cluster-settings.ts';

const PROBED = { probe: { kind: 'http', path: '/', host: undefined, statuses: [] } } as const;

test('the first probes of many instances are spread over the interval, and none waits longer', (t) => {
  const { probers, connector } = started(t);
  probers.add(targets(1000, connector));

  const begun: number[] = [];
  for (let at = 0; at < 1000; at += 100) {
    const before = connector.opened.length;
    t.mock.timers.tick(100);
    begun.push(connector.opened.length - before);
  }

  assert.equal(connector.opened.length, 1000);
  // A tenth each, within what chance allows.
  for (const part of begun) assert.ok(part > 50 && part < 150, `${begun}`);
});

test('so many probes are under way at a time, and the others begin when these end', (t) => {
  const { probers, connector } = started(t);
  probers.add(targets(MAX_PROBES + 10, connector));

  t.mock.timers.tick(5000);
  assert.equal(connector.opened.length, MAX_PROBES);
  for (let i = 0; i < 4; i++) connector.opened[i]!.fail();
  assert.equal(connector.opened.length, MAX_PROBES + 4);

  // Those that wait want nothing any more, and those under way are over.
  probers.stop();
  for (let i = 4; i < MAX_PROBES; i++) connector.opened[i]!.fail();
  assert.equal(connector.opened.length, MAX_PROBES + 4);
  probers.add(targets(MAX_PROBES, connector));
  t.mock.timers.tick(1000);
  assert.equal(connector.opened.length, 2 * MAX_PROBES + 4, 'as many again, so none was forgotten');
});

test('an instance that is gone is probed no more, and one that is added is, beside one that stays', (t) => {
  const { probers } = started(t);
  const [kept, gone, added] = [new FakeConnector(1), new FakeConnector(1), new FakeConnector(1)];
  const old = targets(1, gone);
  const probed = () => {
    for (const connector of [kept, gone, added]) connector.opened.at(-1)?.fail();
    t.mock.timers.tick(1000);
    return [kept, gone, added].map(({ opened }) => opened.length);
  };
  probers.add(targets(1, kept));
  probers.add(old);
  assert.deepEqual(probed(), [1, 1, 0]);

  probers.remove([...old.keys()]);
  probers.add(targets(1, added));

  assert.deepEqual(probed(), [2, 1, 1]);
  assert.deepEqual(probed(), [3, 1, 2]);
});

test('a probe that cannot be begun is a fault that is told, and neither ends the process nor takes a place', (t) => {
  const faults: unknown[] = [];
  const { probers, connector } = started(t, false, (error) => faults.push(error));
  connector.onOpen = () => {
    throw new Error('a fault of ours');
  };
  probers.add(targets(MAX_PROBES, connector));
  t.mock.timers.tick(1000);
  assert.equal(faults.length, MAX_PROBES);

  connector.onOpen = () => {};
  t.mock.timers.tick(1000);
  assert.equal(connector.opened.length, 2 * MAX_PROBES);
});

test('who shares probes sends none before it is told to, and then tells every result', (t) => {
  const { probers, connector, told } = started(t, true);
  const wanted = targets(1, connector, { fail: 2 });
  const [target] = wanted.keys();
  probers.add(wanted);
  t.mock.timers.tick(5000);
  assert.equal(connector.opened.length, 0);

  probers.probeForAll();
  probers.probeForAll();
  t.mock.timers.tick(1000);
  assert.equal(connector.opened.length, 1);
  connector.opened[0]!.fail();
  t.mock.timers.tick(1000);
  connector.opened[1]!.fail();

  const { cluster, address } = target!;
  assert.deepEqual(told, [
    { cluster, address: address.text, ok: false, isDown: false },
    { cluster, address: address.text, ok: false, isDown: true },
  ]);
  assert.equal(target!.isHealthy, false);
});

test('what another has found is taken over, and counts for who was ejected by requests', (t) => {
  const { probers, connector } = started(t, true);
  const wanted = targets(1, connector, { fail: 2, pass: 2 });
  const target = [...wanted.keys()][0] as Instance;
  probers.add(wanted);
  const take = (ok: boolean, isDown: boolean): boolean => {
    const { cluster, address } = target;
    probers.take([{ cluster, address: address.text, ok, isDown }]);
    return target.isHealthy;
  };

  assert.equal(take(false, false), true);
  assert.equal(take(false, true), false);
  assert.equal(take(true, true), false);
  assert.equal(take(true, false), true, 'as the other judged it');

  target.recordFailure(0);
  assert.equal(target.recordFailure(0), true);
  probers.ejected(target);
  t.mock.timers.tick(5000);
  assert.equal(connector.opened.length, 0, 'it does not ask by itself');
  assert.equal(take(true, false), false);
  assert.equal(take(true, false), true);
});

test('results of what is not there, or is not probed for all, mean nothing', (t) => {
  const { probers, connector } = started(t, true);
  const wanted = targets(1, connector, { probe: undefined });
  const [target] = wanted.keys();
  probers.add(wanted);

  probers.take([
    { cluster: target!.cluster, address: target!.address.text, ok: false, isDown: true },
    { cluster: 'gone', address: target!.address.text, ok: false, isDown: true },
    { cluster: target!.cluster, address: 'gone:80', ok: false, isDown: true },
  ]);

  assert.equal(target!.isHealthy, true);
});

test('where nobody asked for probes, who ejected an instance asks it himself, and tells nobody', (t) => {
  const { probers, connector, told } = started(t, true);
  const wanted = targets(1, connector, { probe: undefined, fail: 1 });
  const target = [...wanted.keys()][0] as Instance;
  probers.add(wanted);

  target.recordFailure(0);
  probers.ejected(target);
  t.mock.timers.tick(999);
  assert.equal(connector.opened.length, 0, 'not before the interval');
  t.mock.timers.tick(1);
  connector.opened[0]!.accept(1);

  assert.equal(target.isHealthy, true);
  assert.deepEqual(told, []);
});

function started(t: TestContext, isShared = false, internalError = unexpected) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const { clock, deadlines } = new FakeFront();
  const told: ProbeResult[] = [];
  const probers = new Probers(
    clock,
    deadlines,
    noTelemetry,
    internalError,
    isShared ? (result) => told.push(result) : undefined,
  );
  return { probers, connector: new FakeConnector(1), told };
}

function unexpected(error: unknown): void {
  throw error;
}

function targets(
  count: number,
  connector: FakeConnector,
  changes: Partial<HealthSettings> = {},
): Map<ProbeTarget, ProbeSettings> {
  const health = healthSettings({ ...PROBED, ...changes });
  const timeouts = { connectMs: 2000, responseHeaderMs: 60_000, idleMs: 60_000 };
  return new Map(
    Array.from({ length: count }, (_, i) => {
      const settings = { host: '127.0.0.1', port: 9000 + i, text: `127.0.0.1:${9000 + i}`, weight: 1 };
      return [new Instance('web', settings, i, health), { health, timeouts, connector }] as const;
    }),
  );
}
