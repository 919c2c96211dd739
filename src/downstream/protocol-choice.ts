import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Session } from '../core/session.ts';
import type { HttpProtocol } from '../core/settings.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import type { Front } from './front.ts';
import { Http1Session } from './http1-session.ts';
import { Http2Session } from './http2-session.ts';

/** Hands a connection to the driver of its protocol, with the bytes that were read on the way here (valid during the call). */
export function beginProtocol(
  protocol: HttpProtocol,
  socket: Socket,
  reader: SocketReader,
  session: Session,
  front: Front,
  bytes: Buffer | undefined,
): void {
  session.protocol = protocol;
  switch (protocol) {
    case 'http/1.1': {
      const driver = new Http1Session(socket, reader, session, front);
      if (bytes !== undefined) driver.begin(bytes);
      return;
    }
    case 'h2': {
      const driver = new Http2Session(socket, reader, session, front);
      if (bytes !== undefined) driver.begin(bytes);
    }
  }
}
