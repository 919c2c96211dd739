import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLogger } from '../../../src/core/logger.ts';
import type { Session } from '../../../src/core/session.ts';
import { Listener } from '../../../src/downstream/listener.ts';
import { canReusePort } from '../../../src/workers/address-claim.ts';
import { FakeFront } from '../../support/fake-front.ts';

const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');

test('port 0 on all interfaces is one port for IPv4 and IPv6', {
  skip: !hasIPv6 && 'no IPv6 here',
}, async (t) => {
  const front = new FakeFront();
  const { port, bound } = await open(t, front, '::');
  assert.ok(port > 0);
  assert.deepEqual(bound, { text: ':0', host: '::', tls: false, port });

  for (const host of ['127.0.0.1', '::1']) {
    const client = connect({ host, port });
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const session = await nextExchange(front);
    assert.equal(session.remoteAddress, host);
    assert.equal(session.remotePort, client.localPort);
    assert.equal(session.localPort, port);
    assert.equal(session.listener, ':0');
    client.destroy();
  }
});

test('a request whose client has reset before the accept is not served, for nobody can say whose it was', async (t) => {
  const front = new FakeFront();
  const { port } = await open(t, front, '127.0.0.1');
  const program = `const socket = require('node:net').connect(${port}, '127.0.0.1', () =>
    socket.write('GET /reset HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n', () => socket.resetAndDestroy()));`;
  // We accept nothing while we wait for it.
  const { status } = spawnSync(process.execPath, ['-e', program]);
  assert.equal(status, 0);
  const client = connect({ host: '127.0.0.1', port });
  t.after(() => client.destroy());
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');

  const session = await nextExchange(front);

  assert.equal(session.remotePort, client.localPort);
  assert.equal(session.remoteAddress, '127.0.0.1');
});

test('a port that is taken is refused with the reason, and nothing stays open', async (t) => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const listener = new Listener(
    { host: '127.0.0.1', port, text: `127.0.0.1:${port}`, tls: false },
    new FakeFront(),
    silentLogger,
  );

  await assert.rejects(listener.open(false), { code: 'EADDRINUSE' });
  listener.close();
});

test('a session that the handler does not accept is closed before a byte is read', async (t) => {
  const front = new FakeFront();
  front.accepts = false;
  const { port } = await open(t, front, '127.0.0.1');

  const client = connect({ host: '127.0.0.1', port });
  client.on('error', () => {});
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(client, 'close');

  assert.equal(front.exchanges.length, 0);
  assert.equal(front.closedSessions.length, 1);
  assert.equal(front.drivers.size, 0);
});

test('what the handler throws at a new connection costs that connection only', async (t) => {
  const front = new FakeFront();
  const { port } = await open(t, front, '127.0.0.1');
  const { accepted } = front;
  front.accepted = () => {
    front.accepted = accepted;
    throw new Error('ours');
  };

  const unlucky = connect({ host: '127.0.0.1', port });
  unlucky.on('error', () => {});
  await once(unlucky, 'close');
  const client = connect({ host: '127.0.0.1', port });
  t.after(() => client.destroy());
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await nextExchange(front);

  assert.deepEqual(front.faults, [new Error('ours')]);
  assert.equal(front.closedSessions.length, 1);
  assert.equal(front.drivers.size, 1);
});

test('a closed listener takes no more connections, and keeps those it has', async (t) => {
  const front = new FakeFront();
  const { port, listener } = await open(t, front, '127.0.0.1');
  const client = connect({ host: '127.0.0.1', port });
  t.after(() => client.destroy());
  await once(client, 'connect');

  listener.close();

  const late = connect({ host: '127.0.0.1', port });
  const [error] = await once(late, 'error');
  assert.equal(error.code, 'ECONNREFUSED');
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await nextExchange(front);
});

for (const host of ['127.0.0.1', '::']) {
  test(`where a port may be shared, connections to ${host} that came together are not taken one by one`, {
    skip: host === '::' && !hasIPv6 && 'no IPv6 here',
  }, async (t) => {
    if (!(await canReusePort())) return t.skip('ports cannot be shared here');
    const front = new FakeFront();
    let accepted = 0;
    front.accepted = () => {
      accepted += 1;
      return { kind: 'close' };
    };
    const { port, listener } = await open(t, front, host, true);
    const count = 64;
    const program = `const { connect } = require('node:net'); let open = 0;
      for (let i = 0; i < ${count}; i++) connect(${port}, '127.0.0.1', () => { if (++open === ${count}) process.exit(); });`;
    // We accept nothing while we wait for it.
    assert.equal(spawnSync(process.execPath, ['-e', program]).status, 0);

    let turns = 0;
    for (; accepted < count && turns < count; turns++) await nextTurn();

    assert.equal(accepted, count);
    // On average eight in a turn, and the kernel deals them out evenly enough.
    assert.ok(turns < count / 2, `${turns} turns`);
    listener.close();
    const late = connect({ host: '127.0.0.1', port });
    const [error] = await once(late, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
  });
}

async function open(t: TestContext, front: FakeFront, host: string, reusePort = false) {
  const listener = new Listener({ host, port: 0, text: ':0', tls: false }, front, silentLogger);
  const bound = await listener.open(reusePort);
  t.after(() => {
    listener.close();
    front.drivers.destroy();
  });
  return { listener, bound, port: bound.port };
}

/** The session of the next exchange that the handler is brought. */
function nextExchange(front: FakeFront): Promise<Session> {
  return new Promise((resolve) => {
    const known = front.received;
    front.received = (exchange) => {
      front.received = known;
      resolve(exchange.session);
    };
  });
}
