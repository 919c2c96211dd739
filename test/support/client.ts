import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { testAuthority } from './certificates.ts';
import { Peer } from './peer.ts';

/** A plain client of a front end on loopback, connected; destroyed with the test. */
export async function openClient(
  test: TestContext,
  port: number,
  host = '127.0.0.1',
  localAddress?: string,
): Promise<Peer> {
  const from = localAddress === undefined ? {} : { localAddress };
  const socket = connect({ host, port, ...from, noDelay: true, allowHalfOpen: true });
  remember(test, socket);
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
  remember(test, socket);
  const peer = new Peer(socket) as Peer & { readonly socket: TLSSocket };
  const secured = once(socket, 'secureConnect').then(() => {});
  // Who does not wait for it is told by `ended`.
  secured.catch(() => {});
  return { peer, secured };
}

/** Destroys all clients of a test, so that the front end that is stopped next need not wait for them. */
export function closeClients(test: TestContext): void {
  for (const socket of clients.get(test) ?? []) socket.destroy();
}

const clients = new WeakMap<TestContext, Socket[]>();

function remember(test: TestContext, socket: Socket): void {
  const known = clients.get(test);
  if (known !== undefined) known.push(socket);
  else {
    clients.set(test, [socket]);
    test.after(() => closeClients(test));
  }
}

/** A request head with an empty line, Host included; `lines` are further field lines. */
export function requestText(line: string, lines: readonly string[] = [], host = 'shop.example'): string {
  return `${[`${line} HTTP/1.1`, `Host: ${host}`, ...lines].join('\r\n')}\r\n\r\n`;
}
