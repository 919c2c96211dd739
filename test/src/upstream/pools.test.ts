import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../src/core/clock.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import { noTelemetry, type Telemetry } from '../../../src/core/telemetry.ts';
import { ForwardRequest } from '../../../src/core/upstream.ts';
import { Deadlines } from '../../../src/transport/deadlines.ts';
import type { PooledConnection } from '../../../src/upstream/connector.ts';
import { Http1Connector } from '../../../src/upstream/http1-connector.ts';
import type { Backend, InstancePool } from '../../../src/upstream/instance-pool.ts';
import { Pools } from '../../../src/upstream/pools.ts';
import { NO_SINK } from '../../support/fake-connector.ts';
import { answering, type Origin, ok, startOrigin } from '../../support/origin.ts';

const REQUEST = new ForwardRequest('GET', '/', 'shop.example.org', [], 0, '', undefined, false);
const CONNECTOR = new Http1Connector();
const TIMEOUTS = { connectMs: 5000, responseHeaderMs: 5000, idleMs: 60_000 };

test('a connection that nobody waits for any more is kept for the next one who asks', async (t) => {
  const { pools, backend, opened } = await start(t);
  const pool = pools.of(backend);

  pool.connect(TIMEOUTS, REFUSING);
  pool.forget(REFUSING);
  await opened.promise;

  assert.equal(pool.open, 1);
  assert.notEqual(pool.take(), undefined);
  assert.equal(pool.take(), undefined);
});

test('the pool of an instance is the same as long as the instance stays', async (t) => {
  const { pools, backend } = await start(t);
  const pool = pools.of(backend);

  pools.add(new Map([[backend, { connector: CONNECTOR }]]));

  assert.equal(pools.of(backend), pool);
});

test('an instance that is to be spoken to otherwise gets another pool, and the connections of the old one close', async (t) => {
  const { pools, backend, origin } = await start(t);
  const pool = pools.of(backend);
  await open(pool);

  pools.add(new Map([[backend, { connector: new Http1Connector() }]]));

  assert.notEqual(pools.of(backend), pool);
  assert.equal(pool.open, 0);
  await (await origin.connection(0)).untilEnded();
});

test('the pool of an instance that is gone closes what is idle, and what becomes idle', async (t) => {
  const { pools, backend, origin } = await start(t);
  const pool = pools.of(backend);
  await open(pool);
  await open(pool);
  const busy = pool.take() as PooledConnection;

  pools.remove([backend]);
  assert.equal(pool.open, 1);
  pool.free(busy);
  assert.equal(pool.open, 0);

  await (await origin.connection(0)).untilEnded();
  await (await origin.connection(1)).untilEnded();
});

test('what is closed keeps no connection, also of an instance that is asked for only then', async (t) => {
  const { pools, backend, origin } = await start(t);
  await open(pools.of(backend));

  pools.close();

  await (await origin.connection(0)).untilEnded();
  assert.notEqual(pools.of(backend), pools.of(backend));
});

test('an exchange of an old snapshot that asks for an instance that is gone gets a connection that is not kept', async (t) => {
  const { pools, backend } = await start(t);
  pools.remove([backend]);

  const late = pools.of(backend);
  await new Promise<void>((resolve, reject) => {
    late.connect(TIMEOUTS, {
      connected(connection): void {
        const sink = { ...NO_SINK, responseEnd: () => resolve() };
        connection.send(REQUEST, '', TIMEOUTS, sink).flush();
      },
      connectFailed: (error) => reject(new Error(error.detail)),
    });
  });

  assert.equal(late.open, 0);
  assert.equal(pools.open(backend), 0);
});

test('an idle connection that the instance has closed is not given out', async (t) => {
  const { pools, backend, origin, closed } = await start(t);
  const pool = pools.of(backend);
  await open(pool);

  (await origin.connection(0)).end();
  await closed.promise;

  assert.equal(pool.take(), undefined);
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
  const origin = await startOrigin(t, answering(ok('well')));
  const { port, address } = origin;
  const [opened, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const telemetry: Telemetry = {
    ...noTelemetry,
    upstreamOpened: () => opened.resolve(),
    upstreamClosed: () => closed.resolve(),
  };
  const internalError = (error: unknown): void => closed.reject(error);
  const pools = new Pools(new Deadlines(systemClock, internalError), telemetry, internalError);
  const backend = { address: { host: '127.0.0.1', port, text: address } };
  pools.add(new Map([[backend, { connector: CONNECTOR }]]));
  t.after(() => pools.close());
  return { pools, backend, origin, opened, closed };
}

/** A connection more, which is idle in the pool. */
function open(pool: InstancePool): Promise<void> {
  return new Promise((resolve, reject) => {
    pool.connect(TIMEOUTS, {
      connected: () => resolve(),
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
