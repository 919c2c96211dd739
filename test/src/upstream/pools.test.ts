import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../src/core/clock.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import { noTelemetry, type Telemetry } from '../../../src/core/telemetry.ts';
import { Deadlines } from '../../../src/transport/deadlines.ts';
import type { Http1Connection } from '../../../src/upstream/http1-connection.ts';
import type { Backend, InstancePool } from '../../../src/upstream/instance-pool.ts';
import { Pools } from '../../../src/upstream/pools.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';

const TIMEOUTS = { connectMs: 5000, responseHeaderMs: 5000, idleMs: 60_000 };

test('a connection that nobody waits for any more is kept for the next one who asks', async (t) => {
  const { pools, backend, opened } = await start(t);
  const pool = pools.of(backend);

  const connection = pool.connect(TIMEOUTS, REFUSING);
  pool.forget(connection);
  await opened.promise;

  assert.equal(pool.open, 1);
  assert.equal(pool.takeIdle(), connection);
  assert.equal(pool.takeIdle(), undefined);
});

test('the pool of an instance is the same as long as the instance stays', async (t) => {
  const { pools, backend } = await start(t);
  const pool = pools.of(backend);

  pools.keepOnly(new Set([backend]));

  assert.equal(pools.of(backend), pool);
});

test('the pool of an instance that is gone closes what is idle, and what becomes idle', async (t) => {
  const { pools, backend, origin } = await start(t);
  const pool = pools.of(backend);
  const [first, second] = [await open(pool), await open(pool)];
  pool.idle(first);

  pools.keepOnly(new Set());
  assert.equal(pool.open, 1);
  pool.idle(second);
  assert.equal(pool.open, 0);

  await (await origin.connection(0)).untilEnded();
  await (await origin.connection(1)).untilEnded();
});

test('an exchange of an old snapshot that asks for an instance that is gone gets a connection that is not kept', async (t) => {
  const { pools, backend } = await start(t);
  pools.keepOnly(new Set());

  const late = pools.of(backend);
  const connection = await open(late);
  assert.equal(late.open, 1);
  late.idle(connection);

  assert.equal(late.open, 0);
  assert.equal(pools.open(backend), 0);
});

test('an idle connection that the instance has closed is not given out', async (t) => {
  const { pools, backend, origin, closed } = await start(t);
  const pool = pools.of(backend);
  const connection = await open(pool);
  pool.idle(connection);

  (await origin.connection(0)).end();
  await closed.promise;

  assert.equal(pool.takeIdle(), undefined);
  assert.equal(pool.open, 0);
});

interface Started {
  readonly pools: Pools;
  readonly backend: Backend;
  readonly origin: Origin;
  /** Resolve at the first connection that opens, and that closes. */
  readonly opened: PromiseWithResolvers<void>;
  readonly closed: PromiseWithResolvers<void>;
}

async function start(t: TestContext): Promise<Started> {
  const origin = await startOrigin(t);
  const { port, address } = origin;
  const [opened, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const telemetry: Telemetry = {
    ...noTelemetry,
    upstreamOpened: () => opened.resolve(),
    upstreamClosed: () => closed.resolve(),
  };
  const internalError = (error: unknown): void => closed.reject(error);
  const pools = new Pools(new Deadlines(systemClock, internalError), telemetry, internalError);
  t.after(() => pools.keepOnly(new Set()));
  return { pools, backend: { address: { host: '127.0.0.1', port, text: address } }, origin, opened, closed };
}

function open(pool: InstancePool): Promise<Http1Connection> {
  return new Promise((connected, reject) => {
    pool.connect(TIMEOUTS, {
      connected,
      connectFailed: (error: ExchangeError) => reject(new Error(error.detail)),
    });
  });
}

/** For a waiter that must not be told of anything. */
const REFUSING = {
  connected(): void {
    assert.fail('told of a connection');
  },
  connectFailed(): void {
    assert.fail('told of a failure');
  },
};
