import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { openClient, openTlsClient } from './client.ts';
import type { TestFront } from './front.ts';

/**
 * Asks by HTTP for a host that is not served by it: on a connection for `shop.example`, on one for no host in particular, and on the
 * second listener, which is a plain one.
 */
export async function assertHttpIsMisdirected(t: TestContext, front: TestFront, host: string): Promise<void> {
  for (const [servername, port, status] of [
    ['shop.example', front.port(0), 421],
    ['', front.port(0), 421],
    [undefined, front.port(1), 404],
  ] as const) {
    const client =
      servername === undefined
        ? await openClient(t, port, 'localhost')
        : await openTlsClient(t, port, { servername });
    client.send(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    assert.equal((await client.message()).status, status, String(servername));
    client.socket.destroy();
  }
}
