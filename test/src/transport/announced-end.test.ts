import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { isEndAnnounced, watchEnd } from '../../../src/transport/announced-end.ts';
import { testAuthority } from '../../support/certificates.ts';
import { settled, startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts';

test('every end of a plain connection is meant', () => {
  assert.equal(isEndAnnounced(new Socket()), true);
});

for (const isRead of [true, false]) {
  const how = isRead ? 'that is read' : 'that was paused by what came before it';

  test(`over TLS an end ${how} is meant when there was a close_notify`, async (t) => {
    const { origin, socket } = await connected(t, isRead);

    origin.connections[0]!.end('bye');

    assert.equal(await announced(socket), true);
  });
}

test('over TLS an end without close_notify is not meant, even in the middle of what is being sent', async (t) => {
  const { origin, socket } = await connected(t, true);

  origin.connections[0]!.send('bye');
  origin.truncate(0);

  assert.equal(await announced(socket), false);
});

test('where a socket is not built as expected, no end over TLS is meant', async (t) => {
  for (const parent of [null, {}]) {
    const { origin, socket } = await connected(t, true);
    const handle = (socket as unknown as { _handle: { _parent: unknown } })._handle;
    const before = handle._parent;
    handle._parent = parent;

    origin.connections[0]!.end();
    const isAnnounced = await announced(socket);
    handle._parent = before;

    assert.equal(isAnnounced, false);
  }
});

async function connected(
  t: TestContext,
  isRead: boolean,
): Promise<{ readonly origin: TlsOrigin; readonly socket: Socket }> {
  const origin = await startTlsOrigin(t);
  const socket = connect({
    host: '127.0.0.1',
    port: origin.port,
    ca: testAuthority().cert,
    allowHalfOpen: true,
    onread: { buffer: Buffer.alloc(1024), callback: () => isRead },
  } as ConnectionOptions);
  t.after(() => void socket.destroy());
  watchEnd(socket);
  await settled(socket, origin);
  return { origin, socket };
}

/** What it is taken for when the socket tells of it. */
function announced(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => socket.on('end', () => resolve(isEndAnnounced(socket))));
}
