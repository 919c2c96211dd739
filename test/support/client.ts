import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { testAuthority } from './certificates.ts';
import { Peer } from './peer.ts';

/** A plain client of a front end on loopback, connected; destroyed with the test. */
export async function openClient(test: TestContext, port: number): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  test.after(() => socket.destroy());
  const peer = new Peer(socket);
  await once(socket, 'connect');
  return peer;
}

/** A TLS client that trusts the test authority and has shaken hands; rejects when that fails. */
export async function openTlsClient(
  test: TestContext,
  port: number,
  options: ConnectionOptions = {},
): Promise<Peer & { readonly socket: TLSSocket }> {
  const { peer, secured } = beginTlsClient(test, port, options);
  await secured;
  return peer;
}

/** The same, without waiting for the handshake. */
export function beginTlsClient(
  test: TestContext,
  port: number,
  options: ConnectionOptions = {},
): { readonly peer: Peer & { readonly socket: TLSSocket }; readonly secured: Promise<void> } {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    ca: testAuthority().cert,
    allowHalfOpen: true,
    checkServerIdentity: () => undefined,
    ...options,
  } as ConnectionOptions);
  test.after(() => socket.destroy());
  const peer = new Peer(socket) as Peer & { readonly socket: TLSSocket };
  const secured = once(socket, 'secureConnect').then(() => {});
  // Who does not wait for it is told by `ended`.
  secured.catch(() => {});
  return { peer, secured };
}

/** A request head with an empty line, Host included; `lines` are further field lines. */
export function requestText(line: string, lines: readonly string[] = [], host = 'shop.example'): string {
  return `${[`${line} HTTP/1.1`, `Host: ${host}`, ...lines].join('\r\n')}\r\n\r\n`;
}
