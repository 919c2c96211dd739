import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RequestHeadFields, ResponseHead, UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import { buildClusters, type Cluster } from '../../../src/balance/cluster.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { noTelemetry } from '../../../src/core/telemetry.ts';
import type { Repeat } from '../../../src/core/upstream.ts';
import { ModuleTable } from '../../../src/proxy/module-table.ts';
import { Pipeline } from '../../../src/proxy/pipeline.ts';
import { Snapshot } from '../../../src/proxy/snapshot.ts';
import { buildRouteTable } from '../../../src/route/route-table.ts';
import type { InstancePool } from '../../../src/upstream/instance-pool.ts';
import { Pools } from '../../../src/upstream/pools.ts';
import { Probers } from '../../../src/upstream/probers.ts';
import { settingsOf } from '../../support/configuration.ts';
import { FakeConnector, type FakeStream } from '../../support/fake-connector.ts';
import { FakeFront } from '../../support/fake-front.ts';
import { plainConfig } from '../../support/front.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';

const REFUSED = exchangeError('connection-lost', 'refused by the instance');

test('what an instance says that it has not processed is sent again whatever the method, to another one first', async () => {
  const { receive, sent } = start(2);
  const exchange = await receive({ method: 'POST' });
  await receive({ method: 'POST' });

  sent[0]!.fail(REFUSED, 'any');
  await turn();
  assert.equal(sent.length, 3);
  sent[2]!.sink.response(new ResponseHead(200, '', [], 0), false);
  sent[2]!.sink.responseEnd([]);

  assert.equal(exchange.status, 200);
  assert.equal(exchange.attempts, 1);
  assert.equal(exchange.error, undefined);
  assert.deepEqual(
    sent.map(({ port }) => port),
    [9001, 9002, 9002],
  );
});

test('an instance that refuses for ever costs an error after three repetitions, and is blamed for it', async () => {
  const { receive, sent, cluster } = start(1);
  const exchange = await receive({ method: 'POST' });

  for (let i = 0; i < sent.length && i < 100; i++) {
    sent[i]!.fail(REFUSED, 'any');
    await turn();
  }

  assert.equal(sent.length, 4);
  assert.equal(exchange.status, 502);
  assert.equal(exchange.error, REFUSED);
  assert.equal(cluster.instances[0]?.consecutiveFailures, 1);
  assert.equal(cluster.instances[0]?.inFlight, 0);
});

test('an instance that dies under each repetition costs an error after three of them', async () => {
  const { receive, sent } = start(1);
  const exchange = await receive({ method: 'GET' });

  for (let i = 0; i < sent.length && i < 100; i++) {
    sent[i]!.fail(REFUSED, 'idempotent');
    await turn();
  }

  assert.equal(sent.length, 4);
  assert.equal(exchange.status, 502);
});

for (const [what, head, repeat] of [
  ['a POST that may have been processed', { method: 'POST' }, 'idempotent'],
  ['a GET that was begun to be answered', { method: 'GET' }, 'never'],
  ['a request whose body was begun', { method: 'PUT', bodyLength: UNKNOWN_LENGTH }, 'any'],
] as const satisfies readonly (readonly [string, Partial<RequestHeadFields>, Repeat])[]) {
  test(`${what} is not sent again`, async () => {
    const { receive, sent } = start(2);
    const exchange = await receive(head);

    sent[0]!.fail(REFUSED, repeat);
    await turn();

    assert.equal(sent.length, 1);
    assert.equal(exchange.status, 502);
  });
}

test('what is sent again looks for no place among others', async () => {
  const { receive, sent, pool } = start(1);
  const asked: string[] = [];
  pool.takeShared = ({ path }) => void asked.push(path);
  await receive({ path: '/a' });

  sent[0]!.fail(REFUSED, 'any');
  await turn();

  assert.equal(sent.length, 2);
  assert.deepEqual(asked, ['/a']);
});

test('who goes while waiting for a connection that others wait for too leaves them theirs', async () => {
  const { receive, sent, connector } = start(1, false);
  const [gone, other] = [await receive({}), await receive({})];
  assert.equal(connector.opened.length, 1);

  gone.sink!.requestFailed(exchangeError('client-gone', 'gone'));
  connector.opened[0]!.accept(8);

  assert.equal(sent.length, 1);
  sent[0]!.sink.response(new ResponseHead(204, '', [], 0), false);
  assert.equal(other.status, 204);
  assert.equal(gone.status, 0);
});

interface Started {
  /** Sends a request through the pipeline. */
  readonly receive: (head: Partial<RequestHeadFields>) => Promise<RecordedExchange>;
  /** What arrived at instances, in order. */
  readonly sent: FakeStream[];
  readonly connector: FakeConnector;
  readonly cluster: Cluster;
  /** Of its first instance. */
  readonly pool: InstancePool;
}

/** A cluster of so many instances, whose connections take eight requests at once as soon as they are asked for. */
function start(instances: number, accepts = true): Started {
  const addresses = Array.from({ length: instances }, (_, i) => `127.0.0.1:${9001 + i}`);
  const settings = settingsOf(plainConfig(addresses));
  const clusters = buildClusters(settings.clusters);
  const routes = buildRouteTable(settings.tenants, settings.defaultTenant, clusters);
  const snapshot = new Snapshot(
    settings,
    routes,
    clusters,
    new ModuleTable(
      { first: [], server: [], tenants: new Map(), last: [] },
      { answered() {}, failed: (_module, _where, error) => unexpected(error) },
    ),
  );
  const { clock, deadlines } = new FakeFront();
  const pools = new Pools(deadlines, noTelemetry, unexpected);
  const probers = new Probers(clock, deadlines, noTelemetry, unexpected);
  const pipeline = new Pipeline(snapshot, pools, probers, clock, noTelemetry, unexpected);
  const connector = new FakeConnector(8);
  const cluster = clusters.get('web')!;
  pools.update(new Map(cluster.instances.map((instance) => [instance, connector])));
  const sent: FakeStream[] = [];
  connector.onOpen = (connection) => {
    connection.onSend = (stream) => sent.push(stream);
    if (accepts) queueMicrotask(() => connection.accept(8));
  };
  const receive = async (head: Partial<RequestHeadFields>): Promise<RecordedExchange> => {
    const exchange = new RecordedExchange(head);
    pipeline.received(exchange);
    await turn();
    return exchange;
  };
  return { receive, sent, connector, cluster, pool: pools.of(cluster.instances[0]!) };
}

/** Lets connections that were asked for be accepted. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function unexpected(error: unknown): void {
  throw error;
}
