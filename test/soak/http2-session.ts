import type { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Http2FrameReader } from '../support/http2-frame-reader.ts';
import { FLAGS, FRAME_TYPES, type FrameName } from '../support/http2-names.ts';

/** Whom a session speaks to, and by which scheme: over TLS, or with prior knowledge. */
export interface Target {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
}

/** What a client does, in order: sends octets, or waits for a frame of such a type (that is no acknowledgement). */
export type Step = Buffer | FrameName;

/** How it ends then; `theirs`: it waits for the front end to do so. */
export type Ending = 'reset' | 'fin' | 'theirs';

/** Opens a connection; `ports` are those of the plain and of the TLS listener. */
export function openHttp2(ports: readonly number[], { scheme, authority }: Target): Socket {
  const [plainPort, tlsPort] = ports as readonly [number, number];
  if (scheme === 'http') return connect({ port: plainPort, host: '127.0.0.1', allowHalfOpen: true });
  return connectTls({
    port: tlsPort,
    host: '127.0.0.1',
    servername: authority,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  });
}

/**
 * Plays steps and an ending; done when the socket is closed. Says whether it got to its ending: the front end may have ended the
 * connection before.
 */
export function playSession(socket: Socket, steps: readonly Step[], ending: Ending): Promise<boolean> {
  const reader = new Http2FrameReader();
  let next = 0;
  const goOn = (): void => {
    for (let step = steps[next]; step !== undefined; step = steps[++next]) {
      if (typeof step === 'string') return;
      socket.write(step);
    }
    breakOff(socket, ending);
  };
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', goOn);
  socket.on('data', (chunk: Buffer) => {
    for (const { type, flags } of reader.read(chunk)) {
      const step = steps[next];
      const isAck = (type === FRAME_TYPES.SETTINGS || type === FRAME_TYPES.PING) && flags & FLAGS.ACK;
      if (typeof step !== 'string' || type !== FRAME_TYPES[step] || isAck) continue;
      next += 1;
      goOn();
    }
  });
  return closed(socket).then(() => next === steps.length);
}

/** Resolves when a socket is closed, which it lets happen as soon as the front end has ended its side. */
export function closed(socket: Socket): Promise<void> {
  socket.on('end', () => socket.end());
  socket.on('error', () => {});
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

function breakOff(socket: Socket, ending: Ending): void {
  if (ending === 'fin') socket.end();
  else if (ending === 'reset' && 'encrypted' in socket) socket.destroy();
  else if (ending === 'reset') socket.resetAndDestroy();
}
