import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { startFront } from '../support/front.ts';
import { answering, eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';

test('requests are spread over the instances by weight, evenly within each round', async (t) => {
  const origins = await namedOrigins(t, 3);
  const front = await startFront(t, weighted(origins, [5, 1, 1]));
  const client = await openClient(t, front.port());

  const names: string[] = [];
  for (let i = 0; i < 14; i++) {
    client.send(requestText(`GET /${i}`));
    names.push((await client.message()).body);
  }

  assert.equal(names.join(''), 'aabacaaaabacaa');
});

test('all clients share one rotation', async (t) => {
  const origins = await namedOrigins(t, 2);
  const front = await startFront(t, weighted(origins, [1, 1]));

  const names: string[] = [];
  for (let i = 0; i < 6; i++) {
    const client = await openClient(t, front.port());
    client.send(requestText('GET /', ['Connection: close']));
    names.push((await client.message()).body);
  }

  assert.equal(names.join(''), 'ababab');
});

test('a reload changes the weights from the next request on', async (t) => {
  const origins = await namedOrigins(t, 2);
  const front = await startFront(t, weighted(origins, [1, 1]));
  const client = await openClient(t, front.port());
  const ask = async (times: number): Promise<string> => {
    const names: string[] = [];
    for (let i = 0; i < times; i++) {
      client.send(requestText('GET /'));
      names.push((await client.message()).body);
    }
    return names.sort().join('');
  };
  assert.equal(await ask(4), 'aabb');

  await front.reload(weighted(origins, [1, 3]));

  assert.equal(await ask(8), 'aabbbbbb');
  assert.deepEqual(
    front.instances().map(({ weight }) => weight),
    [1, 3],
  );
});

test('exchanges and connections of an instance are counted while they last, and not longer', async (t) => {
  const gate = Promise.withResolvers<void>();
  const origin = await startOrigin(
    t,
    eachRequest((_request, connection) => void gate.promise.then(() => connection.send(ok('well')))),
  );
  const front = await startFront(t, weighted([origin], [1]));
  const clients = await Promise.all(Array.from({ length: 5 }, () => openClient(t, front.port())));

  for (const client of clients) client.send(requestText('GET /'));
  for (let i = 0; i < 5; i++) await (await origin.connection(i)).untilText('\r\n\r\n');
  const during = front.instances()[0]!;
  gate.resolve();
  for (const client of clients) await client.message();
  const after = front.instances()[0]!;
  for (const client of clients) client.end();
  await front.settled();
  const last = front.instances()[0]!;

  assert.deepEqual([during.inFlight, during.openConnections], [5, 5]);
  assert.deepEqual([after.inFlight, after.openConnections], [0, 5]);
  assert.deepEqual([last.inFlight, last.openConnections], [0, 5], 'idle connections outlive their clients');
});

test('an idle connection is used again, the youngest first', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, weighted([origin], [1]));
  const client = await openClient(t, front.port());

  for (let i = 0; i < 20; i++) {
    client.send(requestText(`GET /${i}`));
    await client.message();
  }

  assert.equal(origin.connections.length, 1);
  assert.equal(front.count('upstreamOpened'), 1);
});

test('no more than 256 idle connections are kept for an instance', async (t) => {
  const gate = Promise.withResolvers<void>();
  const origin = await startOrigin(
    t,
    eachRequest((_request, connection) => void gate.promise.then(() => connection.send(ok('well')))),
  );
  const front = await startFront(t, weighted([origin], [1]));
  const clients = await Promise.all(Array.from({ length: 260 }, () => openClient(t, front.port())));

  for (const client of clients) client.send(requestText('GET /'));
  await (await origin.connection(259)).untilText('\r\n\r\n');
  for (let i = 0; i < 260; i++) await origin.connections[i]!.untilText('\r\n\r\n');
  gate.resolve();
  for (const client of clients) await client.message();
  await front.until(() => front.upstreamConnections === 256);

  assert.equal(front.count('upstreamClosed'), 4);
});

/** Origins whose answer is their name: a, b, c … */
function namedOrigins(t: TestContext, count: number): Promise<Origin[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) => startOrigin(t, answering(ok(String.fromCharCode(0x61 + i))))),
  );
}

function weighted(origins: readonly Origin[], weights: readonly number[]): string {
  const instances = origins.map(({ address }, i) => `{ address: "${address}", weight: ${weights[i]} }`);
  return `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
tenants:
  shop: { hosts: ["shop.example"], routes: [{ cluster: web }] }
clusters:
  web: { instances: [${instances.join(', ')}] }
`;
}
