import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { type Http2Client, openHttp2Client } from '../support/http2-client.ts';
import type { Http2Exchange } from '../support/http2-exchange.ts';
import { answeringHttp2, H2C, type Http2Backend, startHttp2Origin } from '../support/http2-origin.ts';
import { headers, ping, pushPromise } from '../support/http2-wire.ts';

// An instance that breaks a rule of the whole connection while many requests are under way on it.

const RETRIED = 'retry: { attempts: 2, on: [connect-failure, connection-lost] }';
/** An index that no table has. */
const UNREADABLE = Buffer.from([0xff, 0xff, 0x7f]);
const PROMISE = pushPromise(1, 2, Buffer.from([0x88]));

test('a head that cannot be read costs the request that it would have answered, and no other', async (t) => {
  const { front, client, exchanges, backend } = await startTen(t);

  backend.send(headers(backend.requests[3]!.streamId, UNREADABLE));
  for (const exchange of exchanges) await client.over(exchange);

  assert.deepEqual(statuses(exchanges), [200, 200, 502, 200, 200, 200, 200, 200, 200, 200]);
  await front.until(() => front.exchanges.length === 22);
  const [error, ...others] = front.exchanges.flatMap(({ error }) => error ?? []);
  assert.equal(error!.name, 'malformed-response');
  assert.match(error!.detail, /^bad-header-block/);
  assert.deepEqual(others, []);
  assert.equal(front.count('instanceEjected'), 0);
  front.assertNothingInFlight();
});

test('a fault that belongs to no request costs one of them, where that may not be sent to another instance', async (t) => {
  const { front, client, exchanges, backend } = await startTen(t);

  backend.send(PROMISE);
  for (const exchange of exchanges) await client.over(exchange);

  assert.equal(
    statuses(exchanges)
      .filter((status) => status !== 200)
      .join(),
    '502',
  );
  await front.until(() => front.exchanges.length === 22);
  const [error] = front.exchanges.flatMap(({ error }) => error ?? []);
  assert.equal(error!.name, 'connection-lost');
  assert.match(error!.detail, /push-promise/);
});

test('a fault that belongs to no request costs none where a lost connection is a reason to try again', async (t) => {
  const { front, client, exchanges, backend } = await startTen(t, RETRIED);

  backend.send(PROMISE);
  for (const exchange of exchanges) await client.over(exchange);

  assert.deepEqual(statuses(exchanges), Array(10).fill(200));
  await front.until(() => front.exchanges.length === 22);
  assert.equal(front.count('instanceEjected'), 0);
});

test('bodies that are sent to another instance say nothing against the one that had them', async (t) => {
  const { front, client, exchanges, backend } = await startTen(t, RETRIED, 'PUT', 'body');

  backend.peer.reset();
  for (const exchange of exchanges) await client.over(exchange);

  assert.deepEqual(statuses(exchanges), Array(10).fill(200));
  await front.until(() => front.exchanges.length === 22);
  assert.equal(front.count('instanceEjected'), 0);
});

test('what may do harm the second time is not sent again, and all of it counts as one failure', async (t) => {
  const { front, client, exchanges, backend } = await startTen(t, RETRIED, 'POST');

  backend.send(ping('short'));
  for (const exchange of exchanges) await client.over(exchange);

  assert.deepEqual(statuses(exchanges), Array(10).fill(502));
  await front.until(() => front.exchanges.length === 22);
  assert.equal(front.count('instanceEjected'), 0);
});

test('an instance that breaks the rules on each connection is put out of service for that', async (t) => {
  const faulty = await startHttp2Origin(t, {
    script: (backend) => {
      backend.onRequest = () => void backend.send(PROMISE);
    },
  });
  const front = await startFront(t, plainConfig([faulty.address], '', `${H2C}\nhealth: { fail: 3 }`));
  const client = await openHttp2Client(t, front.port());
  for (let i = 0; i < 3; i++) await client.get('/');

  await front.until(() => front.count('instanceEjected') === 1);
});

interface Ten {
  readonly front: TestFront;
  readonly client: Http2Client;
  readonly exchanges: readonly Http2Exchange[];
  readonly backend: Http2Backend;
}

/**
 * Ten requests under way on a connection that has carried one before. The second instance, which has as many, and every further
 * connection answer at once. Two failures in a row would eject an instance.
 */
async function startTen(t: TestContext, cluster = '', method = 'GET', body = ''): Promise<Ten> {
  const silent = (backend: Http2Backend, index: number): void => {
    backend.onWhole = (request) => {
      if (index > 0 || request.path === '/before') backend.respond(request);
    };
  };
  const origin = await startHttp2Origin(t, { script: silent });
  const other = await startHttp2Origin(t, { script: answeringHttp2('') });
  const settings = `${H2C}\nhealth: { fail: 2 }\n${cluster}`;
  const front = await startFront(t, plainConfig([origin.address, other.address], '', settings));
  const client = await openHttp2Client(t, front.port());
  for (let i = 0; i < 2; i++) await client.get('/before');
  const all = Array.from({ length: 20 }, () => client.request('/', { method, endStream: body === '' }));
  if (body !== '') for (const exchange of all) await client.sendBody(exchange, Buffer.from(body));
  const backend = await origin.connection();
  await backend.wholeRequest(10);
  await client.until(
    () => all.filter(({ isWhole }) => isWhole).length === 10,
    'the answers of the other one',
  );
  return { front, client, exchanges: all.filter(({ isWhole }) => !isWhole), backend };
}

function statuses(exchanges: readonly Http2Exchange[]): number[] {
  return exchanges.map(({ status }) => status);
}
