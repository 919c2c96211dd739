import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Session } from '../core/session.ts';
import type { FrontProtocol } from '../core/settings.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import type { Front } from './front.ts';
import { Http1Session } from './http1-session.ts';
import { Http2Session } from './http2-session.ts';
import { StreamSession } from './stream-session.ts';

/** Hands a connection to the driver of its protocol, with the bytes that were read on the way here (valid during the call). */
export function beginProtocol(
  protocol: FrontProtocol,
  socket: Socket,
  reader: SocketReader,
  session: Session,
  front: Front,
  bytes: Buffer | undefined,
): void {
  switch (protocol) {
    case 'http/1.1': {
      session.protocol = protocol;
      const driver = new Http1Session(socket, reader, session, front);
      if (bytes !== undefined) driver.begin(bytes);
      return;
    }
    case 'h2': {
      session.protocol = protocol;
      const driver = new Http2Session(socket, reader, session, front);
      if (bytes !== undefined) driver.begin(bytes);
      return;
    }
    case 'stream': {
      const serverName = session.tls?.serverName ?? '';
      const origin = { way: 'terminated', serverName, target: undefined } as const;
      new StreamSession(socket, reader, session, front, origin).begin(bytes);
    }
  }
}
