import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { readOnAfterFailedWrite } from '../../../src/upstream/read-on-after-failed-write.ts';
import { testAuthority } from '../../support/certificates.ts';
import { settled, startTlsOrigin } from '../../support/tls-origin.ts';

test('what an instance said before it reset the connection is read although a write has failed', async (t) => {
  const { socket, instance, read } = await connected(t);

  instance.write('refused');
  instance.resetAndDestroy();
  socket.write('more of the body');
  socket.write('and more');
  const [failure] = await once(socket, 'error');

  assert.equal(read(), 'refused');
  assert.equal(failure.syscall, 'write');
  assert.equal(socket.destroyed, true);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`over TLS too (${version})`, async (t) => {
    const origin = await startTlsOrigin(t, { minVersion: version, maxVersion: version });
    let text = '';
    const socket = connect({
      host: '127.0.0.1',
      port: origin.port,
      ca: testAuthority().cert,
      allowHalfOpen: true,
      onread: {
        buffer: Buffer.alloc(1024),
        callback: (length: number, bytes: Uint8Array) => {
          text += Buffer.from(bytes.subarray(0, length)).toString();
          return true;
        },
      },
    } as ConnectionOptions);
    readOnAfterFailedWrite(socket);
    await settled(socket, origin);

    origin.connections[0]!.send('refused');
    origin.below[0]!.resetAndDestroy();
    socket.write('more of the body');
    socket.write('and more');
    await once(socket, 'error');

    assert.equal(text, 'refused');
    assert.equal(socket.destroyed, true);
  });
}

test('a connection that is reset without a word ends with an error', async (t) => {
  const { socket, instance, read } = await connected(t);

  instance.resetAndDestroy();
  socket.write('more of the body');
  await once(socket, 'error');

  assert.equal(read(), '');
  assert.equal(socket.destroyed, true);
});

test('the end of an instance that can still be written to is an end', async (t) => {
  const { socket, instance, read } = await connected(t);

  instance.end('bye');
  await once(socket, 'end');

  assert.equal(read(), 'bye');
  assert.equal(socket.destroyed, false);
});

/** Both ends of a connection, and what ours has read. */
async function connected(
  t: TestContext,
): Promise<{ readonly socket: Socket; readonly instance: Socket; readonly read: () => string }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  let text = '';
  const socket = new Socket({
    allowHalfOpen: true,
    onread: {
      buffer: Buffer.alloc(1024),
      callback: (length, bytes) => {
        text += Buffer.from(bytes.subarray(0, length)).toString();
        return true;
      },
    },
  });
  readOnAfterFailedWrite(socket);
  t.after(() => {
    socket.destroy();
    server.close();
  });
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[instance]] = await Promise.all([once(server, 'connection'), once(socket, 'connect')]);
  return { socket, instance: instance as Socket, read: () => text };
}
