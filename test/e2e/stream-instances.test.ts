import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { testAuthority } from '../support/certificates.ts';
import { startDeafListener } from '../support/deaf-listener.ts';
import { startOrigin } from '../support/origin.ts';
import { openStream, startStreamFront, WAYS } from '../support/stream-front.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';

for (const way of WAYS) {
  test(`${way}: an instance that refuses is passed over, and what the client sent is not lost`, async (t) => {
    const dead = await closedAddress();
    const origin = await startOrigin(t);
    const front = await startStreamFront(t, { instances: [dead, origin.address] });

    const client = await openStream(t, front, way);
    client.send('hello');
    const instance = await origin.next();
    await instance.untilText('hello');
    client.end();
    instance.end();
    await front.settled();

    const [stream] = front.streams;
    assert.deepEqual([stream?.attempts, stream?.error], [2, undefined]);
    assert.equal(stream?.instance?.address.text, origin.address);
    assert.deepEqual(
      front.instanceEvents.filter((event) => !event.includes(origin.address)),
      [`upstreamFailed ${dead}`],
    );
  });

  test(`${way}: with nobody to connect to the client is reset`, async (t) => {
    const dead = await closedAddress();
    const front = await startStreamFront(t, { instances: [dead], cluster: 'health: { fail: 2 }' });

    for (const ending of ['connect-failed', 'connect-failed', 'no-healthy-instance']) {
      // It may come before the client has noticed that it is connected.
      const client = await openStream(t, front, way).catch(() => undefined);
      client?.send('hello');
      assert.equal((await client?.untilEnded()) ?? 'error', 'error');
      await front.settled();
      assert.equal(front.streams.at(-1)?.ending, ending);
      assert.equal(front.closedSessions.at(-1)?.error?.name, ending);
    }
    assert.equal(front.instances('feed')[0]?.state, 'ejected');
    assert.deepEqual(
      front.streams.map(({ attempts }) => attempts),
      [1, 1, 0],
    );
  });

  test(`${way}: an instance that does not accept in time is given up`, async (t) => {
    const port = await startDeafListener(t);
    if (port === undefined) {
      t.skip('this system lets no listener be deaf');
      return;
    }
    const front = await startStreamFront(t, {
      instances: [`127.0.0.1:${port}`],
      cluster: 'timeouts: { connect: 200ms }',
    });

    const client = await openStream(t, front, way);

    assert.equal(await client.untilEnded(), 'error');
    await front.settled();
    assert.equal(front.streams[0]?.ending, 'connect-timeout');
  });

  test(`${way}: a client that goes while its instance is being connected to leaves nothing behind`, async (t) => {
    const port = await startDeafListener(t);
    if (port === undefined) {
      t.skip('this system lets no listener be deaf');
      return;
    }
    const front = await startStreamFront(t, {
      instances: [`127.0.0.1:${port}`],
      cluster: 'timeouts: { connect: 60s }',
    });
    const client = await openStream(t, front, way);
    await front.until(() => front.count('streamStarted') === 1);

    if (way === 'listener') client.reset();
    else client.socket.destroy();

    await front.settled();
    assert.equal(front.streams[0]?.ending, 'client-reset');
    assert.equal(front.instances('feed')[0]?.state, 'healthy');
  });

  test(`${way}: streams count at their instances, in turns`, async (t) => {
    const [one, two] = [await startOrigin(t), await startOrigin(t)];
    const front = await startStreamFront(t, { instances: [one.address, two.address] });

    const clients = [];
    for (let i = 0; i < 4; i++) clients.push(await openStream(t, front, way));
    await front.until(() => front.upstreamConnections === 4, 'four connections');

    assert.deepEqual(
      front.instances('feed').map(({ inFlight, openConnections }) => [inFlight, openConnections]),
      [
        [2, 2],
        [2, 2],
      ],
    );
    for (const client of clients) client.end();
    for (const { connections } of [one, two]) for (const connection of connections) connection.end();
    await front.settled();
    assert.equal(front.upstreamConnections, 0);
  });

  test(`${way}: instances of a cluster with TLS are spoken to by TLS, without a word of protocols`, async (t) => {
    const origin = await startTlsOrigin(t, { ALPNProtocols: ['http/1.1'] });
    const front = await startStreamFront(
      t,
      {
        instances: [origin.address],
        cluster: 'protocol: https, tls: { ca: ca.pem }',
      },
      {},
      { 'ca.pem': testAuthority().cert },
    );

    const client = await openStream(t, front, way);
    client.send('hello');
    const instance = await origin.next();
    await instance.untilText('hello');
    assert.equal(origin.tls(0).alpnProtocol, false);
    instance.end('bye');
    assert.equal(await client.untilEnded(), 'end');
    assert.equal(client.text, 'bye');

    // The other direction still goes; what then ends without a word has been cut.
    client.send('more');
    await instance.untilText('more');
    client.end();
    await front.settled();
    assert.equal(front.streams[0]?.ending, 'backend-closed');
  });

  test(`${way}: an end of an instance's TLS that was not announced is a reset`, async (t) => {
    const origin = await startTlsOrigin(t);
    const front = await startStreamFront(
      t,
      { instances: [origin.address], cluster: 'protocol: https, tls: { ca: ca.pem }' },
      {},
      { 'ca.pem': testAuthority().cert },
    );
    const client = await openStream(t, front, way);
    client.send('hello');
    const instance = await origin.next();
    await instance.untilText('hello');
    instance.send('half');
    await client.untilText('half');

    origin.truncate(0);

    assert.equal(await client.untilEnded(), 'error');
    await front.settled();
    assert.equal(front.streams[0]?.ending, 'backend-reset');
  });
}

/** Where nobody listens. */
async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}
