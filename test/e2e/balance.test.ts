import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
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

test('an instance has no more requests at a time than it may, and who finds all full is told so', async (t) => {
  const gate = Promise.withResolvers<void>();
  const script = eachRequest(
    (_request, connection) => void gate.promise.then(() => connection.send(ok('well'))),
  );
  const origins = [await startOrigin(t, script), await startOrigin(t, script)];
  const addresses = origins.map(({ address }) => address);
  const front = await startFront(t, plainConfig(addresses, '', 'maxRequests: 2'));
  const clients = await Promise.all(Array.from({ length: 4 }, () => openClient(t, front.port())));
  for (const client of clients) client.send(requestText('GET /'));
  for (const origin of origins)
    for (let i = 0; i < 2; i++) await (await origin.connection(i)).untilText('\r\n\r\n');

  const late = await openClient(t, front.port());
  late.send(requestText('GET /'));
  const refused = await late.message();
  gate.resolve();
  for (const client of clients) assert.equal((await client.message()).status, 200);
  late.send(requestText('GET /'));

  assert.equal(refused.status, 503);
  assert.match(refused.body, /instances-full/);
  assert.equal((await late.message()).status, 200);
  assert.equal(front.exchanges[0]?.attempts, 0);
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

test('as many connections to an instance as a load has used are there for the next', async (t) => {
  const count = 260;
  let gate = Promise.withResolvers<void>();
  const origin = await startOrigin(
    t,
    eachRequest((_request, connection) => void gate.promise.then(() => connection.send(ok('well')))),
  );
  const front = await startFront(t, weighted([origin], [1]));
  const clients = await Promise.all(Array.from({ length: count }, () => openClient(t, front.port())));

  for (const client of clients) client.send(requestText('GET /'));
  for (let i = 0; i < count; i++) await (await origin.connection(i)).untilText('\r\n\r\n');
  gate.resolve();
  for (const client of clients) await client.message();
  gate = Promise.withResolvers<void>();
  for (const client of clients) client.send(requestText('GET /'));
  for (let i = 0; i < count; i++) await origin.connections[i]!.untilText('\r\n\r\n');
  gate.resolve();
  for (const client of clients) await client.message();

  assert.equal(front.count('upstreamOpened'), count);
  assert.equal(front.count('upstreamClosed'), 0);
});

for (const balance of ['ring-hash', 'maglev']) {
  test(`${balance}: a cookie keeps its instance, over both versions of HTTP and a reload, until that is gone`, async (t) => {
    const origins = await namedOrigins(t, 3);
    const config = hashed(origins, balance);
    const front = await startFront(t, config);
    const client = await openClient(t, front.port());
    const http2 = await openHttp2Client(t, front.port());
    const ask = async (user: number): Promise<string> => {
      client.send(requestText('GET /', [`Cookie: lang=en; sid=user-${user}`]));
      return (await client.message()).body;
    };
    const users = Array.from({ length: 30 }, (_, i) => i);
    const owners: string[] = [];
    for (const user of users) owners.push(await ask(user));
    assert.deepEqual([...new Set(owners)].sort(), ['a', 'b', 'c']);

    for (const user of users) {
      assert.equal(await ask(user), owners[user]);
      const crumbs = [
        ['cookie', 'lang=en'],
        ['cookie', `sid=user-${user}`],
      ] as const;
      assert.equal((await http2.get('/', crumbs)).body, owners[user]);
    }
    await front.reload(`${config}\nlimits: { headers: 100 }`);
    for (const user of users) assert.equal(await ask(user), owners[user]);

    await front.reload(hashed(origins.slice(0, 2), balance));
    const after: string[] = [];
    for (const user of users) after.push(await ask(user));
    const moved = users.filter((user) => owners[user] !== 'c' && after[user] !== owners[user]);
    assert.ok(moved.length <= 2, `${moved}`);
  });
}

for (const balance of ['least-connections', 'random-two', 'peak-ewma']) {
  test(`${balance}: an instance that does not answer gets no more than one further request`, async (t) => {
    const stuck = await startOrigin(t, () => {});
    const [well] = await namedOrigins(t, 1);
    const front = await startFront(t, balanced([stuck, well!], `balance: ${balance}`));
    const clients = await Promise.all(Array.from({ length: 9 }, () => openClient(t, front.port())));
    const held = (): number => front.instances()[0]!.inFlight;

    for (const [i, client] of clients.entries()) {
      client.send(requestText('GET /'));
      await front.until(() => front.exchanges.length + held() === i + 1, 'the answer, or that it is held');
    }

    assert.ok(held() <= 1, `${held()}`);
  });
}

/** Origins whose answer is their name: a, b, c … */
function namedOrigins(t: TestContext, count: number): Promise<Origin[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) => startOrigin(t, answering(ok(String.fromCharCode(0x61 + i))))),
  );
}

function hashed(origins: readonly Origin[], balance: string): string {
  return balanced(origins, `balance: ${balance}, hashOn: { cookie: sid }`);
}

function balanced(origins: readonly Origin[], options: string): string {
  return weighted(
    origins,
    origins.map(() => 1),
  ).replace('web: {', `web: { ${options},`);
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

test('sub-clusters share the requests, stand in for each other, and are in the log; a blackhole refuses its share', async (t) => {
  const origins = await namedOrigins(t, 3);
  const [east, west, spare] = origins.map(({ address }) => `[{ address: "${address}" }]`);
  const front = await startFront(
    t,
    weighted(origins, [1, 1, 1]).replace(
      /web: .*/,
      `web:
    health: { fail: 1, interval: 1m }
    retry: { attempts: 3 }
    subClusters:
      east: { weight: 2, instances: ${east} }
      west: { weight: 1, instances: ${west} }
      spare: { weight: 0, instances: ${spare} }
      hole: { weight: 1, blackhole: true }`,
    ),
  );
  const client = await openClient(t, front.port());
  const ask = async (): Promise<string> => {
    client.send(requestText('GET /'));
    const { status, body } = await client.message();
    return status === 200 ? body : String(status);
  };

  const before = [await ask(), await ask(), await ask(), await ask()];
  assert.deepEqual(before.toSorted(), ['503', 'a', 'a', 'b']);
  const shed = front.exchanges.find(({ status }) => status === 503)!;
  assert.equal(shed.error!.name, 'load-shed');
  assert.equal(shed.attempts, 0);
  assert.deepEqual(
    [...new Set(front.exchanges.map(({ instance }) => instance?.subCluster ?? '-'))].toSorted(),
    ['-', 'east', 'west'],
  );

  await origins[0]!.close();
  await origins[1]!.close();
  const after: string[] = [];
  for (let i = 0; i < 8; i++) after.push(await ask());

  assert.deepEqual(after.toSorted(), ['503', '503', 'c', 'c', 'c', 'c', 'c', 'c']);
});
