import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { BytesOwner } from '../../../protocols/http/output.ts';
import { takeConnections } from '../../../src/transport/accept.ts';
import type { SocketReader, SocketReceiver } from '../../../src/transport/socket-reader.ts';
import { Peer } from '../../support/peer.ts';

/** Keeps what a socket is read; reading goes on while `wants` says so. */
class Recorder implements SocketReceiver {
  inBulk = false;
  received = (bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean => {
    this.text += bytes.toString('latin1', 0, length);
    this.largest = Math.max(this.largest, length);
    if (this.keeps && owner !== undefined) {
      owner.retain();
      this.kept.push({
        bytes: bytes.subarray(0, length),
        copy: Buffer.from(bytes.subarray(0, length)),
        owner,
      });
    }
    return this.wants();
  };
  text = '';
  largest = 0;
  wants = (): boolean => true;
  keeps = false;
  readonly kept: { readonly bytes: Buffer; readonly copy: Buffer; readonly owner: BytesOwner }[] = [];
  readonly events: string[] = [];
  readonly crashes: unknown[] = [];

  ended(): void {
    this.events.push('ended');
  }

  drained(): void {
    this.events.push('drained');
  }

  closed(cause: string): void {
    this.events.push(`closed: ${cause}`);
  }

  crashed(error: unknown): void {
    this.crashes.push(error);
  }
}

// With reads into memory of ours, and as it is where this Node does not allow that.
for (const adopt of [true, false]) {
  const way = adopt ? 'with its own memory' : 'by its events';

  test(`a socket read ${way} shows every byte and every event`, async (t) => {
    const { client, socket, recorder } = await open(t, adopt);

    client.send('hello ').send('world');
    await until(() => recorder.text === 'hello world');
    socket.end('bye');
    await client.untilText('bye');
    client.end();
    await once(socket, 'close');

    assert.deepEqual(recorder.events, ['ended', 'closed: closed']);
    assert.equal(await client.untilEnded(), 'end');
  });

  test(`a socket read ${way} half-closes both ways`, async (t) => {
    const { client, socket, recorder } = await open(t, adopt);

    client.end('last');
    await until(() => recorder.events.includes('ended'));
    socket.write('still here');

    await client.untilText('still here');
    assert.equal(recorder.text, 'last');
  });

  test(`a socket read ${way} stops when its receiver says so, and goes on when resumed`, async (t) => {
    const { client, socket, recorder } = await open(t, adopt);
    recorder.wants = () => false;
    const bytes = 8 * 1024 * 1024;
    client.send(Buffer.alloc(bytes, 'x'));
    await until(() => recorder.text.length > 0);
    const first = recorder.text.length;
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(recorder.text.length, first);

    recorder.wants = () => true;
    socket.resume();

    await until(() => recorder.text.length === bytes);
  });

  test(`a socket read ${way} lets a receiver keep what it needs longer`, async (t) => {
    const { client, recorder } = await open(t, adopt);
    recorder.inBulk = true;
    recorder.keeps = true;
    const sent = Buffer.alloc(4 * 1024 * 1024);
    for (let i = 0; i < sent.length; i += 4) sent.writeUInt32LE(i, i);
    client.send(sent);

    await until(() => recorder.text.length === sent.length);

    assert.ok(recorder.kept.length > 0);
    for (const { bytes, copy } of recorder.kept) assert.ok(bytes.equals(copy), 'overwritten while kept');
    assert.equal(recorder.text, sent.toString('latin1'));
    for (const { owner } of recorder.kept) owner.release();
  });

  test(`what a receiver throws is told to it, and not to Node, on a socket read ${way}`, async (t) => {
    const { client, recorder } = await open(t, adopt);
    const fault = new Error('ours');
    recorder.wants = () => {
      throw fault;
    };
    recorder.ended = () => {
      throw fault;
    };

    client.send('x');
    await until(() => recorder.crashes.length === 1);
    recorder.wants = () => true;
    client.end();
    await until(() => recorder.crashes.length === 2);

    assert.deepEqual(recorder.crashes, [fault, fault]);
  });

  test(`a reset is told with its cause on a socket read ${way}`, async (t) => {
    const { client, recorder } = await open(t, adopt);

    client.reset();
    await until(() => recorder.events.length === 2);

    assert.deepEqual(recorder.events, ['closed: ECONNRESET', 'closed: closed']);
  });

  test(`the receiver of a socket read ${way} may change between two reads`, async (t) => {
    const { client, reader, recorder } = await open(t, adopt);
    const second = new Recorder();
    recorder.wants = () => {
      reader.receiver = second;
      return true;
    };

    client.send('first');
    await until(() => recorder.text === 'first');
    client.send('second');

    await until(() => second.text === 'second');
    assert.equal(recorder.text, 'first');
  });
}

test('small traffic is read in small pieces, a body in large ones', async (t) => {
  const { client, recorder } = await open(t, true);
  client.send(Buffer.alloc(1024 * 1024, 'x'));
  await until(() => recorder.text.length === 1024 * 1024);
  const small = recorder.largest;

  recorder.inBulk = true;
  client.send(Buffer.alloc(4 * 1024 * 1024, 'x'));
  await until(() => recorder.text.length === 5 * 1024 * 1024);

  assert.equal(small, 8192);
  assert.ok(recorder.largest > 65_536, `the largest read was of ${recorder.largest} bytes`);
});

test('a body that is paused after every read holds no large buffer meanwhile, and is read in large pieces all the same', async (t) => {
  const { client, socket, reader, recorder } = await open(t, true);
  const bytes = 4 * 1024 * 1024;
  const owners: (BytesOwner | undefined)[] = [];
  let isPaused = false;
  Object.defineProperty(recorder, 'inBulk', { get: () => !isPaused });
  recorder.received = (chunk, length, owner) => {
    recorder.text += chunk.toString('latin1', 0, length);
    owners.push(owner);
    isPaused = true;
    setImmediate(() => {
      isPaused = false;
      reader.resume(socket);
    });
    return false;
  };
  const sent = Buffer.alloc(bytes);
  for (let i = 0; i < sent.length; i += 4) sent.writeUInt32LE(i, i);
  client.send(sent);

  await until(() => recorder.text.length === bytes);

  assert.equal(recorder.text, sent.toString('latin1'));
  assert.equal(owners[0], undefined, 'the first read is a small one');
  assert.ok(owners.length < 128, `${owners.length} reads`);
});

interface Taken {
  readonly client: Peer;
  readonly socket: Socket;
  readonly reader: SocketReader;
  readonly recorder: Recorder;
}

/** A connection that a server has taken, and its client. */
async function open(t: TestContext, adopt: boolean): Promise<Taken> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const recorder = new Recorder();
  const taken = new Promise<Pick<Taken, 'socket' | 'reader'>>((resolve) => {
    takeConnections(
      server,
      (socket, reader) => {
        reader.receiver = recorder;
        resolve({ socket, reader });
      },
      adopt,
    );
  });
  const { port } = server.address() as AddressInfo;
  const client = new Peer(connect({ host: '127.0.0.1', port, allowHalfOpen: true }));
  const { socket, reader } = await taken;
  t.after(() => {
    client.socket.destroy();
    socket.destroy();
    server.close();
  });
  return { client, socket, reader, recorder };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `not in time: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('pieces of a body that are still needed lie one behind the other, and together in few buffers', async (t) => {
  const { client, recorder } = await open(t, true);
  recorder.inBulk = true;
  recorder.keeps = true;
  // A read that fills the small buffer shows that there is much to come.
  client.send(Buffer.alloc(20_000, 'a'));
  await until(() => recorder.text.length === 20_000);

  let sent = 20_000;
  for (let i = 0; i < 30; i++) {
    client.send(Buffer.alloc(16_384, String.fromCharCode(97 + (i % 26))));
    sent += 16_384;
    await until(() => recorder.text.length === sent);
  }

  for (const { bytes, copy } of recorder.kept) assert.ok(bytes.equals(copy));
  const buffers = new Set(recorder.kept.map(({ bytes }) => bytes.buffer));
  assert.ok(buffers.size <= 4, `${buffers.size} buffers of 256 KiB for half a mebibyte`);
  for (const { owner } of recorder.kept.splice(0)) owner.release();
});
