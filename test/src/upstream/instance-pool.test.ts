import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExchangeError } from '../../../src/core/errors.ts';
import { noTelemetry } from '../../../src/core/telemetry.ts';
import { ForwardRequest, type UpstreamConnection } from '../../../src/core/upstream.ts';
import { type ConnectWaiter, InstancePool } from '../../../src/upstream/instance-pool.ts';
import { FakeConnector, type FakeStream, NO_SINK } from '../../support/fake-connector.ts';
import { FakeFront } from '../../support/fake-front.ts';

const TIMEOUTS = { connectMs: 5000, responseHeaderMs: 5000, idleMs: 60_000 };
const REQUEST = new ForwardRequest('GET', '/', 'shop.example.org', [], 0, '', undefined, false);

test('a connection for one request at a time is opened for each waiter, and carries one', () => {
  const { pool, connector } = start(1);
  const waiters = waitingIn(pool, 3);

  assert.equal(connector.opened.length, 3);
  connector.opened[1]!.accept(1);

  assert.deepEqual(
    waiters.map(({ isConnected }) => isConnected),
    [true, false, false],
  );
  assert.equal(pool.take(), undefined);
});

test('waiters share a connection as far as it is expected to have room', () => {
  const { pool, connector } = start(4);
  const waiters = waitingIn(pool, 4);
  assert.equal(connector.opened.length, 1);

  waiters.push(...waitingIn(pool, 1));
  assert.equal(connector.opened.length, 2);
  connector.opened[0]!.accept(4);

  assert.deepEqual(
    waiters.map(({ isConnected }) => isConnected),
    [true, true, true, true, false],
  );
});

test('where a connection has less room than expected, more are opened for those who wait, and that is remembered', () => {
  const { pool, connector } = start(4);
  const waiters = waitingIn(pool, 4);

  connector.opened[0]!.accept(1);

  assert.equal(waiters.filter(({ isConnected }) => isConnected).length, 1);
  assert.equal(connector.opened.length, 4);
});

test('a connection stays until it is full, and comes back when it is not', () => {
  const { pool, connector } = start(2);
  const [waiter] = waitingIn(pool, 1);
  const connection = connector.opened[0]!;
  connection.accept(2);

  assert.equal(pool.take(), connection);
  const stream = connection.send(REQUEST, '', TIMEOUTS, NO_SINK);
  assert.equal(pool.take(), undefined);
  stream.abort();
  assert.equal(pool.take(), connection);
  assert.ok(waiter?.isConnected);
});

test('a connection whose room comes and goes is given out while it has some, and takes no place of others', () => {
  const { pool, connector } = start(2);
  waitingIn(pool, 1);
  const connection = connector.opened[0]!;
  connection.accept(3);

  for (let i = 0; i < 300; i++) {
    connection.allow(1);
    connection.allow(2);
  }
  pool.connect(TIMEOUTS, new Waiter());
  connector.opened[1]!.accept(2);
  assert.equal(connector.opened[1]!.isRetired, false);

  connection.allow(1);
  assert.equal(pool.take(), connector.opened[1]);
  connector.opened[1]!.send(REQUEST, '', TIMEOUTS, NO_SINK);
  assert.equal(pool.take(), undefined);
  connection.allow(2);
  assert.equal(pool.take(), connection);
});

test('those who would have shared a connection that fails are told, and nobody else', () => {
  const { pool, connector } = start(2);
  const waiters = waitingIn(pool, 3);

  connector.opened[0]!.fail();

  assert.deepEqual(
    waiters.map(({ error }) => error?.name),
    ['connect-failed', 'connect-failed', undefined],
  );
  assert.equal(connector.opened.length, 2);
  connector.opened[1]!.accept(2);
  assert.ok(waiters[2]?.isConnected);
});

test('a connection that takes no request at all counts as one that failed, until it has room', () => {
  const { pool, connector } = start(2);
  const waiters = waitingIn(pool, 3);
  const [first] = connector.opened;

  first!.accept(0);

  assert.deepEqual(
    waiters.map(({ error }) => error?.name),
    ['connect-failed', 'connect-failed', undefined],
  );
  assert.equal(connector.opened.length, 2);
  first!.allow(1);
  assert.equal(pool.take(), first);
});

test('a waiter that throws costs the others nothing', () => {
  const { pool, connector, faults } = start(3);
  const [before] = waitingIn(pool, 1);
  pool.connect(TIMEOUTS, THROWING);
  const [after] = waitingIn(pool, 1);

  assert.throws(() => connector.opened[0]!.accept(3), /ours/);
  assert.ok(before?.isConnected);
  assert.equal(connector.opened.length, 2);
  connector.opened[1]!.accept(3);
  assert.ok(after?.isConnected);

  pool.connect(TIMEOUTS, THROWING);
  const [last] = waitingIn(pool, 2);
  connector.opened[2]!.fail();
  assert.equal(faults.length, 1);
  assert.equal(last?.error?.name, 'connect-failed');
});

test('a waiter that asks again when it is told of a failure waits for another connection', () => {
  const { pool, connector } = start(2);
  const waiter = new Waiter();
  let failures = 0;
  pool.connect(TIMEOUTS, {
    connected: (connection) => waiter.connected(connection),
    connectFailed(): void {
      failures += 1;
      pool.connect(TIMEOUTS, this);
    },
  });

  connector.opened[0]!.fail();
  assert.equal(failures, 1);
  connector.opened[1]!.accept(1);

  assert.ok(waiter.isConnected);
});

test('who waits when the place of one who has gone is being opened gets that', () => {
  const { pool, connector } = start(1);
  const gone = new Waiter();
  pool.connect(TIMEOUTS, gone);
  pool.forget(gone);

  const [waiter] = waitingIn(pool, 1);
  assert.equal(connector.opened.length, 1);
  connector.opened[0]!.accept(1);

  assert.ok(waiter?.isConnected);
  assert.equal(gone.isConnected, false);
});

test('a pool that is retired lets what is in flight end, and keeps nothing', () => {
  const { pool, connector } = start(2);
  const waiters = waitingIn(pool, 3);
  const [full, other] = connector.opened;
  full!.accept(2);
  other!.accept(2);

  pool.retire();

  assert.ok(other?.isRetired);
  assert.equal(pool.open, 2);
  for (const waiter of waiters) waiter.stream?.abort();
  assert.equal(pool.open, 0);
});

test('connections with room beyond the bound are closed', () => {
  const { pool, connector } = start(1);
  waitingIn(pool, 4098);
  for (const connection of connector.opened) connection.accept(1);

  for (const connection of connector.opened) connection.streams[0]?.abort();

  assert.equal(pool.open, 4096);
});

function start(expectedRoom: number): { pool: InstancePool; connector: FakeConnector; faults: unknown[] } {
  const connector = new FakeConnector(expectedRoom);
  const { deadlines, internalError, faults } = new FakeFront();
  const backend = { address: { host: '127.0.0.1', port: 1, text: '127.0.0.1:1' } };
  return {
    pool: new InstancePool(backend, connector, deadlines, noTelemetry, internalError),
    connector,
    faults,
  };
}

function waitingIn(pool: InstancePool, count: number): Waiter[] {
  return Array.from({ length: count }, () => {
    const waiter = new Waiter();
    pool.connect(TIMEOUTS, waiter);
    return waiter;
  });
}

/** Sends at once, as it has to. */
class Waiter implements ConnectWaiter {
  isConnected = false;
  error: ExchangeError | undefined = undefined;
  stream: FakeStream | undefined = undefined;

  connected(connection: UpstreamConnection): void {
    this.isConnected = true;
    this.stream = connection.send(REQUEST, '', TIMEOUTS, NO_SINK) as FakeStream;
  }

  connectFailed(error: ExchangeError): void {
    this.error = error;
  }
}

const THROWING: ConnectWaiter = {
  connected(): void {
    throw new Error('a fault of ours');
  },
  connectFailed(): void {
    throw new Error('a fault of ours');
  },
};
