import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldMemory } from '../support/held-memory.ts';
import { PATIENCE_MS, type Peer } from '../support/peer.ts';
import { dribble, sendBytes, stalled } from '../support/peer-pace.ts';
import { openStream, standingStream, WAYS } from '../support/stream-front.ts';

const MIB = 1024 * 1024;
/** What the kernel may hold for two connections, generously (tcp_rmem and tcp_wmem end at 6 and 4 MiB). */
const KERNEL_BYTES = 20 * MIB;
/** What one stream may hold in this process: a few big buffers. */
const HELD_BYTES = 2 * MIB;
const SIZE = 64 * MIB;
/** Two sides of so many streams would hold 32 MiB; the pool keeps 8, and the peers here have theirs. */
const STREAMS = 64;
const REST_BYTES = 16 * MIB;

for (const way of WAYS) {
  test(`${way}: a client that does not read stops its instance, and then gets everything`, async (t) => {
    const { front, client, instance } = await standingStream(t, way);

    await assertStops(instance, client);

    await front.settled();
    assert.equal(front.streams[0]?.bytesOut, SIZE);
  });

  test(`${way}: an instance that does not read stops its client, and then gets everything`, async (t) => {
    const { front, client, instance } = await standingStream(t, way);

    await assertStops(client, instance);

    await front.settled();
    assert.equal(front.streams[0]?.bytesIn, SIZE);
  });

  test(`${way}: who takes little at a time is waited for`, async (t) => {
    const { client, instance, front } = await standingStream(t, way, {
      cluster: 'timeouts: { idle: 500ms }',
    });
    client.keeps = false;
    client.socket.pause();

    sendBytes(instance, SIZE);
    // Less than a kernel's buffer would not be seen by the sender's side.
    for (let taken = 0; taken < SIZE; taken = client.receivedBytes) {
      client.socket.resume();
      await client.until(() => client.receivedBytes >= Math.min(taken + 2 * MIB, SIZE), 'more');
      client.socket.pause();
      await new Promise((next) => setTimeout(next, 50));
    }

    assert.equal(front.streams.length, 0);
  });

  test(`${way}: a stream in which nothing moves is cut on both sides`, async (t) => {
    const { front, client, instance } = await standingStream(t, way, {
      cluster: 'timeouts: { idle: 150ms }',
    });
    client.send('hello');
    await instance.untilText('hello');

    assert.equal(await client.untilEnded(), 'error');
    assert.equal(await instance.untilEnded(), 'error');
    await front.settled();
    assert.equal(front.streams[0]?.ending, 'idle-timeout');
    assert.ok(front.streams[0]!.finishedAt - front.streams[0]!.beganAt >= 150);
  });

  test(`${way}: bytes in one direction keep a stream alive`, async (t) => {
    const { front, client, instance } = await standingStream(t, way, {
      cluster: 'timeouts: { idle: 300ms }',
    });

    const stop = dribble(instance, 'a'.repeat(50));
    await client.until(() => client.text.length === 50, 'a whole second of bytes');
    stop();

    assert.equal(front.streams.length, 0);
  });

  test(`${way}: who takes nothing for too long is cut`, async (t) => {
    const { front, client, instance } = await standingStream(t, way, {
      cluster: 'timeouts: { idle: 300ms }',
    });
    client.socket.pause();

    sendBytes(instance, SIZE);

    await front.settled();
    assert.equal(front.streams[0]?.ending, 'idle-timeout');
    assert.equal(await instance.untilEnded(), 'error');
  });

  test(`${way}: streams that have moved much hold no large buffers once they are quiet`, async (t) => {
    const { front, origin, client, instance } = await standingStream(t, way);
    const pairs: [Peer, Peer][] = [[client, instance]];
    while (pairs.length < STREAMS) pairs.push([await openStream(t, front, way), await origin.next()]);
    const before = heldMemory().buffers;
    const held = () => heldMemory().buffers - before;

    for (const [one, other] of pairs) await exchangeBulk(one, other);
    const deadline = Date.now() + PATIENCE_MS;
    while (held() > REST_BYTES && Date.now() < deadline) await new Promise((next) => setTimeout(next, 100));

    assert.ok(held() <= REST_BYTES, `${held() / MIB} MiB`);
    assert.equal(front.streams.length, 0);
  });
}

async function assertStops(from: Peer, to: Peer): Promise<void> {
  to.keeps = false;
  to.socket.pause();
  const sender = sendBytes(from, SIZE);
  const taken = await stalled(sender);
  assert.ok(taken < KERNEL_BYTES + HELD_BYTES, `${taken} bytes were taken for a peer that reads nothing`);
  to.socket.resume();
  await to.until(() => to.receivedBytes === SIZE, 'everything');
  from.end();
  assert.equal(await to.untilEnded(), 'end');
  to.end();
}

/** A mebibyte each way. */
async function exchangeBulk(one: Peer, other: Peer): Promise<void> {
  one.keeps = false;
  other.keeps = false;
  sendBytes(one, MIB);
  sendBytes(other, MIB);
  await one.until(() => one.receivedBytes === MIB, 'a mebibyte');
  await other.until(() => other.receivedBytes === MIB, 'a mebibyte');
}
