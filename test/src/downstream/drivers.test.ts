import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../../../src/core/session.ts';
import { type Driver, Drivers } from '../../../src/downstream/front.ts';

class FakeDriver implements Driver {
  readonly session = new Session({
    id: 1,
    listener: ':0',
    remoteAddress: '192.0.2.1',
    remotePort: 1,
    acceptedAt: 0,
    endpoint: {},
  });
  isBusy = false;
  readonly calls: string[] = [];
  onCall: () => void = () => {};

  drain(): void {
    this.calls.push('drain');
    this.onCall();
  }

  destroy(): void {
    this.calls.push('destroy');
    this.onCall();
  }
}

test('emptied resolves at once when there is no driver, else when the last has gone', async () => {
  const drivers = new Drivers();
  await drivers.emptied();
  const [first, second] = [new FakeDriver(), new FakeDriver()];
  drivers.add(first);
  drivers.add(second);
  let isEmpty = false;

  const emptied = drivers.emptied().then(() => {
    isEmpty = true;
  });
  drivers.delete(first);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isEmpty, false);
  drivers.delete(second);

  await emptied;
  assert.equal(drivers.size, 0);
});

test('a driver that hands its connection on leaves no gap', async () => {
  const drivers = new Drivers();
  const [opening, session] = [new FakeDriver(), new FakeDriver()];
  drivers.add(opening);
  let isEmpty = false;

  const emptied = drivers.emptied().then(() => {
    isEmpty = true;
  });
  drivers.delete(opening);
  drivers.add(session);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isEmpty, false);
  drivers.delete(session);

  await emptied;
});

test('drain and destroy reach every driver, though drivers come and go meanwhile', () => {
  for (const act of ['drain', 'destroy'] as const) {
    const drivers = new Drivers();
    const all = Array.from({ length: 5 }, () => new FakeDriver());
    const newcomer = new FakeDriver();
    for (const driver of all) {
      drivers.add(driver);
      driver.onCall = () => {
        drivers.delete(driver);
        drivers.add(newcomer);
      };
    }

    drivers[act]();

    for (const { calls } of all) assert.deepEqual(calls, [act]);
    assert.deepEqual(newcomer.calls, []);
    assert.equal(drivers.size, 1);
  }
});

test('a driver that leaves twice counts once', () => {
  const drivers = new Drivers();
  const [driver, other] = [new FakeDriver(), new FakeDriver()];
  drivers.add(driver);
  drivers.add(other);

  drivers.delete(driver);
  drivers.delete(driver);

  assert.equal(drivers.size, 1);
});

test('who destroys them is told of those on which something was under way', () => {
  const drivers = new Drivers();
  const [idle, busy] = [new FakeDriver(), new FakeDriver()];
  busy.isBusy = true;
  drivers.add(idle);
  drivers.add(busy);

  assert.deepEqual(drivers.destroy(), [busy.session]);
  assert.deepEqual(idle.calls, ['destroy']);
});
