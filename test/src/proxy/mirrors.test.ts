import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { type RequestHeadFields, ResponseHead, UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import { UNSHARED } from '../../../protocols/http/output.ts';
import { buildClusters, type Cluster } from '../../../src/balance/cluster.ts';
import type { Module } from '../../../src/core/callback-points.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { noTelemetry } from '../../../src/core/telemetry.ts';
import { MAX_DISCARDED_BYTES } from '../../../src/proxy/mirror-copy.ts';
import { MAX_COPIES, MAX_HELD_BYTES, type Mirrors } from '../../../src/proxy/mirrors.ts';
import { ModuleTable } from '../../../src/proxy/module-table.ts';
import { Pipeline } from '../../../src/proxy/pipeline.ts';
import { Snapshot } from '../../../src/proxy/snapshot.ts';
import { buildRouteTable } from '../../../src/route/route-table.ts';
import { Pools } from '../../../src/upstream/pools.ts';
import { Probers } from '../../../src/upstream/probers.ts';
import { settingsOf } from '../../support/configuration.ts';
import { FakeConnector, type FakeStream } from '../../support/fake-connector.ts';
import { FakeFront, type ManualClock } from '../../support/fake-front.ts';
import { RecordedExchange } from '../../support/recorded-exchange.ts';

const LOST = exchangeError('connection-lost', 'gone');

test('a request without a body is copied at the end of the turn, and marked', async () => {
  const { receive, sent, copies, results } = start();
  receive({ path: '/a', headers: ['x-a', 'b', 'x-mirrored-from', 'another'] });
  assert.deepEqual([sent.length, copies.length], [1, 0]);

  await turn();
  const [{ request }] = copies as [FakeStream];

  assert.deepEqual([request.method, request.path, request.authority], ['GET', '/a', 'shop.example']);
  assert.deepEqual(request.headers, ['x-a', 'b', 'x-mirrored-from', 'web']);
  assert.deepEqual(results, ['sent']);
  copies[0]!.answer();
  assert.deepEqual(results, ['sent', 'answered']);
});

test('a body is copied when it is complete, in one piece, trailers behind it', async () => {
  const { receive, sent, copies, mirrors } = start();
  const exchange = receive({ method: 'POST', bodyLength: UNKNOWN_LENGTH });
  for (const piece of ['some ', 'of ', 'it']) show(exchange, piece);
  await turn();
  assert.equal(copies.length, 0);

  exchange.sink!.bodyEnd(['x-sum', '1']);
  await turn();

  assert.equal(sent[0]!.body, 'some of it');
  assert.equal(copies[0]!.body, 'some of it');
  assert.equal(copies[0]!.hasEnd, true);
  assert.ok(mirrors.heldBytes > 0);
  copies[0]!.answer();
  assert.deepEqual([mirrors.inFlight, mirrors.heldBytes], [0, 0]);
});

test('what is sent again is copied once', async () => {
  const { receive, sent, copies } = start();
  receive({ method: 'GET' });
  sent[0]!.fail(LOST, 'any');
  await turn();
  sent[1]!.fail(LOST, 'any');
  await turn();

  assert.equal(sent.length, 3);
  assert.equal(copies.length, 1);
});

test('there is no copy of a body that is too large, by what it says or by what it is', async () => {
  const { receive, sent, copies, results, mirrors } = start('maxBody: 10');
  receive({ method: 'POST', bodyLength: 11 });
  const long = receive({ method: 'POST', bodyLength: UNKNOWN_LENGTH });
  show(long, '0123456789');
  show(long, 'x');
  assert.deepEqual(results, ['skipped', 'skipped']);
  const fitting = receive({ method: 'POST', bodyLength: 10 });
  show(fitting, '0123456789');

  for (const exchange of [long, fitting]) exchange.sink!.bodyEnd([]);
  await turn();

  assert.deepEqual(
    copies.map(({ body }) => body),
    ['0123456789'],
  );
  assert.equal(sent[1]!.body, '0123456789x');
  copies[0]!.answer();
  assert.equal(mirrors.heldBytes, 0);
});

test('there is no copy of a body above what the second cluster takes', async () => {
  const { receive, copies, results } = start('', 'limits: { maxBody: 3 }');
  receive({ method: 'POST', bodyLength: 4 });
  await turn();

  assert.deepEqual([copies.length, results], [0, ['skipped']]);
});

for (const [what, end] of [
  ['a client that goes', (exchange: RecordedExchange) => exchange.sink!.requestFailed(LOST)],
  ['an answer that comes', (_: RecordedExchange, stream: FakeStream) => stream.answer()],
  ['an instance that fails', (_: RecordedExchange, stream: FakeStream) => stream.fail(LOST, 'never')],
] as const) {
  test(`${what} before the request is complete means no copy`, async () => {
    const { receive, sent, copies, results, mirrors } = start();
    const exchange = receive({ method: 'POST', bodyLength: 20 });
    show(exchange, 'not all');
    assert.ok(mirrors.heldBytes > 0);

    end(exchange, sent[0]!);
    await turn();

    assert.deepEqual([copies.length, results, mirrors.heldBytes], [0, ['skipped'], 0]);
  });
}

test('a module that answers before the request is complete means no copy', async () => {
  const teapot: Module = {
    name: 'teapot',
    handlers: { readResponse: () => ({ kind: 'respond', status: 418, headers: [], body: '' }) },
  };
  const { receive, sent, copies, results, mirrors } = start('', '', true, [teapot]);
  const exchange = receive({ method: 'POST', bodyLength: 20 });
  show(exchange, 'not all');

  sent[0]!.sink.response(new ResponseHead(200, '', [], 0), false);
  await turn();

  assert.equal(exchange.status, 418);
  assert.deepEqual([copies.length, results, mirrors.heldBytes], [0, ['skipped'], 0]);
});

test('requests for tunnels are neither copied nor counted', async () => {
  const { receive, sent, copies, results } = start();
  receive({ upgrade: 'websocket' });
  await turn();

  assert.deepEqual([sent.length, copies.length, results.length], [1, 0, 0]);
});

test('what is refused here is not copied', async () => {
  const { receive, copies, results, web } = start();
  for (const instance of web.instances) while (instance.isHealthy) instance.recordFailure(0);
  const exchange = receive({});
  await turn();

  assert.equal(exchange.status, 503);
  assert.deepEqual([copies.length, results.length], [0, 0]);
});

test('only so many copies are under way, and no more are begun than that', async () => {
  const { receive, copies, results, mirrors } = start();
  for (let i = 0; i < MAX_COPIES + 3; i++) receive({});
  await turn();

  assert.deepEqual([copies.length, mirrors.inFlight], [MAX_COPIES, MAX_COPIES]);
  assert.equal(results.filter((result) => result === 'skipped').length, 3);
  copies[0]!.answer();
  receive({});
  await turn();
  assert.equal(copies.length, MAX_COPIES + 1);
});

test('only so much memory is for bodies', async () => {
  const { receive, copies, results, mirrors } = start('maxBody: 8MiB');
  const body = 'x'.repeat(8 * 1024 * 1024);
  const exchanges = Array.from({ length: 5 }, () => receive({ method: 'POST', bodyLength: body.length }));
  for (const exchange of exchanges) show(exchange, body);

  assert.equal(mirrors.heldBytes, MAX_HELD_BYTES);
  assert.deepEqual(results, ['skipped']);
  for (const exchange of exchanges) exchange.sink!.bodyEnd([]);
  await turn();
  assert.equal(copies.length, 4);
  for (const copy of copies) copy.answer();
  assert.equal(mirrors.heldBytes, 0);
});

test('a large answer is cut off, and the instance is well', async () => {
  const { receive, copies, results, shadow } = start();
  receive({});
  await turn();
  const { sink } = copies[0]!;
  shadow.instances[0]!.recordFailure(0);

  sink.response(new ResponseHead(200, '', [], UNKNOWN_LENGTH), false);
  assert.equal(sink.responseData(Buffer.alloc(MAX_DISCARDED_BYTES), 0, MAX_DISCARDED_BYTES, UNSHARED), true);
  assert.equal(copies[0]!.isAborted, false);
  sink.responseData(Buffer.alloc(1), 0, 1, UNSHARED);

  assert.equal(copies[0]!.isAborted, true);
  assert.deepEqual(results, ['sent', 'answered']);
  assert.equal(shadow.instances[0]!.inFlight, 0);
  assert.equal(shadow.instances[0]!.consecutiveFailures, 0);
});

test('an answer without end is cut off when it has taken as long as the cluster may be idle', async () => {
  const { receive, copies, results, clock } = start('', 'timeouts: { idle: 5s }');
  receive({});
  await turn();
  const { sink } = copies[0]!;

  sink.response(new ResponseHead(200, '', [], UNKNOWN_LENGTH), false);
  for (let i = 0; i < 5; i++) {
    clock.time += 1000;
    sink.responseData(Buffer.from('tick'), 0, 4, UNSHARED);
  }
  assert.equal(copies[0]!.isAborted, false);
  clock.time += 1;
  sink.responseData(Buffer.from('tick'), 0, 4, UNSHARED);

  assert.equal(copies[0]!.isAborted, true);
  assert.deepEqual(results, ['sent', 'answered']);
});

test('failures eject instances of the second cluster, and then copies are skipped', async () => {
  const { receive, copies, results, shadow } = start('', 'health: { fail: 2 }');
  for (let i = 0; i < 3; i++) {
    const exchange = receive({});
    await turn();
    copies[i]?.fail(LOST, 'never');
    assert.equal(exchange.error, undefined);
  }

  assert.equal(shadow.instances[0]!.isHealthy, false);
  assert.equal(shadow.instances[0]!.inFlight, 0);
  assert.deepEqual(results, ['sent', 'failed', 'sent', 'failed', 'skipped']);
});

test('a kept connection that had died under a copy is nobody`s fault', async () => {
  const { receive, copies, results, shadow } = start('', 'health: { fail: 1 }');
  receive({});
  await turn();
  copies[0]!.fail(LOST, 'idempotent');

  assert.equal(shadow.instances[0]!.isHealthy, true);
  assert.deepEqual(results, ['sent', 'failed']);
  assert.equal(copies.length, 1);
});

test('statuses of failOn are failures of the instance', async () => {
  const { receive, copies, results, shadow } = start('', 'health: { fail: 1, failOn: [5xx] }');
  receive({});
  await turn();
  copies[0]!.answer(500);

  assert.deepEqual(results, ['sent', 'answered']);
  assert.equal(shadow.instances[0]!.isHealthy, false);
});

test('the breaker of the second cluster counts copies, and keeps them off', async () => {
  const { receive, copies, results, shadow } = start('', 'breaker: { requests: 2, failures: 50% }');
  for (let i = 0; i < 3; i++) {
    receive({});
    await turn();
    copies[i]?.answer(500);
  }

  assert.equal(shadow.breaker!.state, 'open');
  assert.deepEqual(results.slice(-2), ['answered', 'skipped']);
});

test('a stop cuts off what is sent, what waits for a connection, and what was about to begin', async () => {
  const { receive, copies, results, mirrors, shadow } = start();
  receive({});
  await turn();
  const waiting = start('', '', false);
  waiting.receive({});
  await turn();
  receive({});

  mirrors.stop();
  waiting.mirrors.stop();
  await turn();

  assert.deepEqual([copies.length, copies[0]!.isAborted], [1, true]);
  assert.deepEqual(results, ['sent', 'failed', 'skipped']);
  assert.deepEqual(waiting.results, ['failed']);
  waiting.connector.opened.at(-1)!.accept(8);
  assert.equal(waiting.copies.length, 0);
  for (const { inFlight } of [mirrors, waiting.mirrors, ...shadow.instances]) assert.equal(inFlight, 0);
});

interface Started {
  /** Sends a request through the pipeline. */
  readonly receive: (head: Partial<RequestHeadFields>) => RecordedExchange;
  /** What arrived at instances of the first cluster, and of the second one. */
  readonly sent: FakeStream[];
  readonly copies: FakeStream[];
  readonly results: string[];
  readonly mirrors: Mirrors;
  readonly web: Cluster;
  readonly shadow: Cluster;
  /** To the second cluster. */
  readonly connector: FakeConnector;
  readonly clock: ManualClock;
}

/** A route to `web` that is mirrored to `shadow`, one instance each; further keys of the mirror and of the second cluster. */
function start(mirror = '', cluster = '', shadowAccepts = true, server: readonly Module[] = []): Started {
  const settings = settingsOf(`
listen: [{ address: ":8080" }]
defaultTenant: shop
tenants:
  shop:
    hosts: ["shop.example"]
    routes: [{ cluster: web, mirror: { cluster: shadow, ${mirror} } }]
clusters:
  web: { instances: [{ address: "127.0.0.1:9001" }] }
  shadow: { instances: [{ address: "127.0.0.1:9002" }], ${cluster} }
`);
  const clusters = buildClusters(settings.clusters);
  const routes = buildRouteTable(settings.tenants, settings.defaultTenant, clusters);
  const modules = new ModuleTable(
    { first: server, server: [], tenants: new Map(), last: [] },
    {
      answered() {},
      timed() {},
      waited() {},
      now: () => 0,
      failed: (_module, _where, error) => unexpected(error),
    },
  );
  const snapshot = new Snapshot(settings, routes, clusters, modules);
  const { clock, deadlines } = new FakeFront();
  const results: string[] = [];
  const telemetry = { ...noTelemetry, mirrored: (_: unknown, result: string) => void results.push(result) };
  const pools = new Pools(deadlines, telemetry, unexpected);
  const probers = new Probers(clock, deadlines, telemetry, unexpected);
  const pipeline = new Pipeline(snapshot, pools, probers, deadlines, telemetry, unexpected);
  const [web, shadow] = [clusters.get('web')!, clusters.get('shadow')!];
  const [first, second] = [connecting(true), connecting(shadowAccepts)];
  pools.add(
    new Map([
      [web.instances[0]!, first],
      [shadow.instances[0]!, second],
    ]),
  );
  const receive = (head: Partial<RequestHeadFields>): RecordedExchange => {
    const exchange = new RecordedExchange({ authority: 'shop.example', ...head });
    pipeline.received(exchange);
    exchange.sink?.requestBatchEnd();
    return exchange;
  };
  const { mirrors } = pipeline;
  const { sent } = first;
  return {
    receive,
    sent,
    copies: second.sent,
    results,
    mirrors,
    web,
    shadow,
    connector: second.connector,
    clock,
  };
}

/** Connections that stand as soon as they are asked for, or not before the test says so. */
function connecting(accepts: boolean): { readonly connector: FakeConnector; readonly sent: FakeStream[] } {
  const connector = new FakeConnector(MAX_COPIES * 2);
  const sent: FakeStream[] = [];
  connector.onOpen = (connection) => {
    connection.onSend = (stream) => sent.push(stream);
    if (accepts) connection.accept(MAX_COPIES * 2);
  };
  return { connector, sent };
}

function show(exchange: RecordedExchange, text: string): void {
  exchange.sink!.bodyData(Buffer.from(text), 0, text.length, undefined);
}

/** The end of this turn of the loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function unexpected(error: unknown): void {
  throw error;
}
