import { isIP, type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect } from 'node:tls';
import type { ClientTls } from '../tls/client-tls.ts';
import { watchEnd } from '../transport/announced-end.ts';
import { readOnAfterFailedWrite } from './read-on-after-failed-write.ts';

/** Where an instance listens; for TLS sessions, the object that stands for it. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** Begins a TCP connection; `connect` tells of its success. */
export function connectPlain({ host, port }: Address, onread: OnReadOpts): Socket {
  const socket = new Socket({ noDelay: true, allowHalfOpen: true, onread } as SocketConstructorOpts);
  readOnAfterFailedWrite(socket);
  socket.connect({ host, port });
  return socket;
}

/**
 * Begins a TCP connection with TLS on it; `secureConnect` tells of its success, the instance's name verified. The session of
 * the last connection to the same address object is resumed.
 */
export function connectTls(address: Address, onread: OnReadOpts, tls: ClientTls): Socket {
  const { host, port } = address;
  const name = tls.serverName ?? host.replace(/\.$/, '');
  let session: Buffer | undefined;
  const socket = connect({
    host,
    port,
    onread,
    allowHalfOpen: true,
    secureContext: tls.context,
    rejectUnauthorized: tls.isVerifying,
    // RFC 6066, section 3: no address literals. They are verified all the same.
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    session: tls.sessionOf(address),
    ALPNProtocols: tls.alpn,
  } as ConnectionOptions);
  socket.setNoDelay(true);
  watchEnd(socket);
  readOnAfterFailedWrite(socket);
  let isVerified = false;
  // TLS 1.2 brings it before the certificate was judged, and who resumes is not judged again.
  socket.on('session', (fresh) => {
    session = fresh;
    if (isVerified) tls.keepSession(address, fresh);
  });
  socket.on('secureConnect', () => {
    isVerified = true;
    if (session !== undefined) tls.keepSession(address, session);
  });
  return socket;
}
