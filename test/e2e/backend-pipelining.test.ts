import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import type { PlainMessage } from '../support/http1-message.ts';
import { eachRequest, type Origin, type OriginScript, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

/** Connections on which a request was there before the one ahead of it was answered. */
const shared = new WeakSet<Peer>();

/** Each request is answered with its path. */
const ECHO = eachRequest((request, connection) => {
  if (connection.rest !== '') shared.add(connection);
  connection.send(ok(pathOf(request)));
});

test('requests of many clients share few connections, and each has its own answer', async (t) => {
  const { front, origin, clients } = await start(t, ECHO, 'pipelining: 8', 24);
  for (let round = 0; round < 12; round++) await askAll(clients, () => requestText('GET /warm'));
  const before = origin.connections.length;

  for (let round = 0; round < 5; round++) {
    assert.deepEqual(
      await askAll(clients, (i) => requestText(`GET /${round}/${i}`)),
      clients.map((_, i) => `/${round}/${i}`),
    );
  }

  assert.equal(origin.connections.length, before);
  assert.ok(sharing(origin) >= 2, 'no connection was shared');
  front.assertNothingInFlight();
});

test('what is not safe, has a body or wants an upgrade is never among others', async (t) => {
  const { front, origin, clients } = await start(t, ECHO, 'pipelining: 8', 12);
  await warmUp(front, origin, clients);

  const kinds = [
    () => requestText('POST /p'),
    () => requestText('PUT /p'),
    () => requestText('DELETE /p'),
    () => `${requestText('GET /p', ['Content-Length: 1'])}x`,
    () => requestText('GET /p', ['Connection: upgrade', 'Upgrade: echo']),
  ];
  for (const kind of kinds) {
    assert.deepEqual(
      await askAll(clients, (i) => (i % 3 === 0 ? kind() : requestText('GET /g'))),
      clients.map((_, i) => (i % 3 === 0 ? '/p' : '/g')),
    );
  }

  assert.ok(sharing(origin) > 0);
  for (const connection of origin.connections) {
    if (shared.has(connection)) assert.doesNotMatch(connection.text, / \/p /);
  }
});

test('the connection with the fewest requests under way is taken', async (t) => {
  const held: Peer[] = [];
  const allHeld = Promise.withResolvers<void>();
  const script = eachRequest((request, connection) => {
    if (connection.rest !== '') shared.add(connection);
    if (pathOf(request) === '/hold') {
      if (held.push(connection) === 4) allHeld.resolve();
    } else connection.send(ok(pathOf(request)));
  });
  const cluster = 'pipelining: { depth: 4, maxWait: 1m }';
  const { origin, clients } = await start(t, script, cluster, 16);
  for (let round = 0; round < 20; round++) await askAll(clients, () => requestText('GET /warm'));
  assert.equal(sharing(origin), 4);

  for (let i = 0; i < 4; i++) clients[i]!.send(requestText('GET /hold'));
  await allHeld.promise;

  assert.equal(new Set(held).size, 4);
  for (const connection of held) connection.send(ok('/hold'));
  for (let i = 0; i < 4; i++) assert.equal((await clients[i]!.message()).body, '/hold');
});

test('without the key nothing is shared', async (t) => {
  const { origin, clients } = await start(t, ECHO, '', 8);

  for (let round = 0; round < 5; round++) await askAll(clients, () => requestText('GET /'));

  assert.equal(sharing(origin), 0);
  assert.equal(origin.connections.length, 8);
});

test('a slow answer moves the requests behind it, and its client still has it', async (t) => {
  let slow: Peer | undefined;
  const script = eachRequest((request, connection) => {
    if (pathOf(request) === '/slow' && slow === undefined) slow = connection;
    else if (connection !== slow) connection.send(ok(pathOf(request)));
  });
  const { front, origin, clients } = await start(t, script, 'pipelining: { depth: 16, maxWait: 50ms }', 8);
  await warmUp(front, origin, clients);

  clients[0]!.send(requestText('GET /slow'));
  for (const client of clients.slice(1)) client.send(requestText('GET /quick'));
  const answers = await Promise.all(clients.slice(1).map((client) => client.message()));
  assert.deepEqual(new Set(answers.map(({ body }) => body)), new Set(['/quick']));
  slow!.send(ok('/slow'));

  assert.equal((await clients[0]!.message()).body, '/slow');
  await front.until(() => front.exchanges.length >= 8);
  assert.ok(front.exchanges.every(({ error, attempts }) => error === undefined && attempts === 1));
  assert.equal(front.instances()[0]?.state, 'healthy');
  front.assertNothingInFlight();
});

test('what had to wait is sent a second time, alone, and never a third', async (t) => {
  const mute = new Set<Peer>();
  let isMuting = false;
  const script = eachRequest((request, connection) => {
    if (connection.rest !== '') shared.add(connection);
    if (isMuting && shared.has(connection)) mute.add(connection);
    if (!mute.has(connection)) connection.send(ok(pathOf(request)));
  });
  const cluster = 'pipelining: { depth: 4, maxWait: 50ms }\ntimeouts: { responseHeader: 500ms }';
  const { front, origin, clients } = await start(t, script, cluster, 16);
  for (let round = 0; round < 20; round++) await askAll(clients, () => requestText('GET /warm'));
  assert.equal(sharing(origin), 4);

  isMuting = true;
  await askAll(clients, (i) => requestText(`GET /once/${i}`));

  // The first of each line was its connection's own affair; those behind it were answered elsewhere.
  const failed = front.exchanges.filter(({ status }) => status === 504);
  assert.equal(failed.length, 4);
  for (const i of clients.keys()) {
    const seen = origin.text.split(`GET /once/${i} `).length - 1;
    assert.ok(seen === 1 || seen === 2, `/once/${i} was sent ${seen} times`);
  }
});

test('an instance that closes every shared connection costs no client anything', async (t) => {
  // As one that cannot pipeline: what comes together is answered once, and the connection ends.
  const script: OriginScript = (connection) => {
    const serve = (): void => {
      connection.message().then(
        (request) => {
          if (connection.rest !== '') connection.end(ok(pathOf(request)));
          else {
            connection.send(ok(pathOf(request)));
            serve();
          }
        },
        () => {},
      );
    };
    serve();
  };
  const { front, clients } = await start(t, script, 'pipelining: 8', 16);

  for (let round = 0; round < 10; round++) {
    assert.deepEqual(
      await askAll(clients, (i) => requestText(`GET /${round}/${i}`)),
      clients.map((_, i) => `/${round}/${i}`),
    );
  }
  front.assertNothingInFlight();
});

test('shared connections are at most four for each instance', async (t) => {
  const { front, origin, clients } = await start(t, ECHO, 'pipelining: 2', 40);
  for (let round = 0; round < 12; round++) await askAll(clients, () => requestText('GET /'));

  assert.equal(sharing(origin), 4);
  front.assertNothingInFlight();
});

test('a reload takes sharing away and brings it back', async (t) => {
  const { front, origin, clients } = await start(t, ECHO, 'pipelining: 8', 8);
  await warmUp(front, origin, clients);
  await front.reload(plainConfig([origin.address]));
  const before = origin.connections.length;
  await askAll(clients, () => requestText('GET /alone'));
  assert.equal(origin.connections.length, before + 8);
  assert.equal(front.upstreamConnections, 8);

  await front.reload(plainConfig([origin.address], '', 'pipelining: 8'));
  await warmUp(front, origin, clients);
  for (let round = 0; round < 5; round++) await askAll(clients, () => requestText('GET /again'));
  assert.ok(origin.connections.some((one) => one.text.includes('/again') && shared.has(one)));
});

interface Started {
  readonly front: TestFront;
  readonly origin: Origin;
  readonly clients: readonly Peer[];
}

async function start(t: TestContext, script: OriginScript, cluster: string, count: number): Promise<Started> {
  const origin = await startOrigin(t, script);
  const front = await startFront(t, plainConfig([origin.address], '', cluster));
  const clients: Peer[] = [];
  for (let i = 0; i < count; i++) clients.push(await openClient(t, front.port()));
  return { front, origin, clients };
}

/** A request of each, all at once; the bodies of the answers. */
async function askAll(clients: readonly Peer[], request: (index: number) => string): Promise<string[]> {
  clients.forEach((client, i) => void client.send(request(i)));
  const answers = await Promise.all(clients.map((client) => client.message()));
  return answers.map(({ body }) => body);
}

/** Until a shared connection has been opened and has proved itself, where the cluster has any. */
async function warmUp(front: TestFront, origin: Origin, clients: readonly Peer[]): Promise<void> {
  for (let i = 0; i < 10; i++) {
    clients[0]!.send(requestText('GET /warm'));
    await clients[0]!.message();
  }
  front.exchanges.length = 0;
  assert.ok(origin.connections.length > 0);
}

function sharing(origin: Origin): number {
  return origin.connections.filter((connection) => shared.has(connection)).length;
}

function pathOf(request: PlainMessage): string {
  return request.startLine.split(' ')[1]!;
}
