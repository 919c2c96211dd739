import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOrigin } from '../support/origin.ts';
import { openStream, standingStream, startStreamFront, WAYS } from '../support/stream-front.ts';

for (const way of WAYS) {
  test(`${way}: bytes go both ways as they are, and one line tells of it`, async (t) => {
    const { front, origin, client, instance } = await standingStream(t, way);

    client.send('GET / HTTP/1.1\r\n\r\n\0\xff');
    await instance.untilText('\0\xff');
    instance.send('+OK\r\n');
    await client.untilText('+OK\r\n');
    assert.equal(front.server.status().streams, 1);
    client.end();
    await instance.untilEnded();
    instance.end('bye');
    await client.untilEnded();
    await front.settled();

    assert.equal(instance.text, 'GET / HTTP/1.1\r\n\r\n\0\xff');
    assert.equal(client.text, '+OK\r\nbye');
    const [stream] = front.streams;
    assert.equal(stream?.way, way);
    assert.equal(stream?.tenant?.name, way === 'terminated' ? 'feed' : undefined);
    assert.equal(stream?.cluster?.name, 'feed');
    assert.equal(stream?.instance?.address.text, origin.address);
    assert.deepEqual([stream?.attempts, stream?.bytesIn, stream?.bytesOut], [1, 20, 8]);
    assert.equal(stream?.ending, 'client-closed');
    assert.equal(stream?.error, undefined);
    const [session] = front.closedSessions;
    assert.deepEqual([session?.protocol, session?.error], ['stream', undefined]);
    assert.equal(front.upstreamConnections, 0);
    assert.equal(front.server.status().streams, 0);
  });

  test(`${way}: the instance may speak first`, async (t) => {
    const { client, instance } = await standingStream(t, way);

    instance.send('220 mail.example\r\n');
    await client.untilText('220 mail.example\r\n');
    client.send('QUIT\r\n');
    await instance.untilText('QUIT\r\n');
  });

  test(`${way}: what the client ends, the instance may answer for as long as it likes`, async (t) => {
    const { front, client, instance } = await standingStream(t, way);

    client.end('question');
    assert.equal(await instance.untilEnded(), 'end');
    for (const word of ['one ', 'two ', 'three']) {
      instance.send(word);
      await client.untilText(word);
    }
    assert.equal(client.hasEnded, false);
    instance.end();
    assert.equal(await client.untilEnded(), 'end');
    await Promise.all([client.closed, instance.closed]);
    await front.settled();

    assert.equal(front.streams[0]?.ending, 'client-closed');
  });

  test(`${way}: what the instance ends, the client may answer for as long as it likes`, async (t) => {
    const { front, client, instance } = await standingStream(t, way);

    instance.end('question');
    assert.equal(await client.untilEnded(), 'end');
    for (const word of ['one ', 'two ', 'three']) {
      client.send(word);
      await instance.untilText(word);
    }
    assert.equal(instance.hasEnded, false);
    client.end();
    assert.equal(await instance.untilEnded(), 'end');
    await Promise.all([client.closed, instance.closed]);
    await front.settled();

    assert.equal(front.streams[0]?.ending, 'backend-closed');
  });

  test(`${way}: a client that resets is a reset to the instance`, async (t) => {
    const { front, client, instance } = await standingStream(t, way);
    client.send('half a comm');
    await instance.untilText('half a comm');

    if (way === 'listener') client.reset();
    // TLS that ends without close_notify has been cut.
    else client.socket.destroy();

    assert.equal(await instance.untilEnded(), 'error');
    await front.settled();
    assert.equal((instance.error as NodeJS.ErrnoException).code, 'ECONNRESET');
    assert.equal(front.streams[0]?.ending, 'client-reset');
    assert.equal(front.closedSessions[0]?.error?.name, 'client-reset');
  });

  test(`${way}: an instance that resets is a reset to the client`, async (t) => {
    const { front, client, instance } = await standingStream(t, way);
    instance.send('half an ans');
    await client.untilText('half an ans');

    instance.reset();

    assert.equal(await client.untilEnded(), 'error');
    await front.settled();
    assert.equal((client.error as NodeJS.ErrnoException).code, 'ECONNRESET');
    assert.equal(front.streams[0]?.ending, 'backend-reset');
    assert.equal(front.instances('feed')[0]?.state, 'healthy');
  });

  test(`${way}: a client that went after its end does not take the end from the instance`, async (t) => {
    const { front, client, instance } = await standingStream(t, way);

    // All of it is sent, and its end; then nobody is there any more to take an answer.
    client.end('all of it');
    await instance.untilEnded();
    client.socket.destroy();
    for (let i = 0; !instance.hasEnded && i < 3; i++) instance.send('to nobody');
    instance.end();
    await front.settled();

    assert.equal(instance.text, 'all of it');
    assert.equal(instance.error, undefined);
  });

  test(`${way}: bytes that come before the instance is there reach it, and so does their end`, async (t) => {
    const origin = await startOrigin(t);
    const front = await startStreamFront(t, { instances: [origin.address] });
    const client = await openStream(t, front, way);

    client.end('early');
    const instance = await origin.next();
    await instance.untilEnded();

    assert.equal(instance.text, 'early');
  });
}
