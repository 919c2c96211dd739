import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Http2Exchange } from '../support/http2-exchange.ts';
import { Http2FrameLog } from '../support/http2-frame-log.ts';
import { requestBlock } from '../support/http2-request-block.ts';
import {
  data,
  goaway,
  headers,
  PREFACE,
  settings,
  settingsAck,
  windowUpdate,
} from '../support/http2-wire.ts';
import { closed, type Target } from './http2-session.ts';

/**
 * A client that behaves: a few requests at once, then GOAWAY and the end. Resolves, when the socket is closed, with what was not as
 * it should be.
 */
export function playSteady(socket: Socket, target: Target): Promise<readonly string[]> {
  const exchanges = EXPECTED.map((_, i) => new Http2Exchange(1 + 2 * i));
  const log = new Http2FrameLog();
  log.keeps = false;
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => socket.write(requests(target)));
  socket.on('data', (chunk: Buffer) => {
    for (const each of log.receive(chunk)) exchanges[(each.streamId - 1) / 2]?.receive(each);
    if (!socket.writableEnded && exchanges.every(({ isOver }) => isOver)) socket.end(goaway(0, 'NO_ERROR'));
  });
  return closed(socket).then(() => exchanges.flatMap((each, i) => faultsOf(each, target, EXPECTED[i]!)));
}

/** By stream: what is asked for, and how many octets the answer has. */
const EXPECTED = [
  { method: 'GET', path: '/', bytes: 5 },
  { method: 'GET', path: '/large', bytes: 300_000 },
  { method: 'POST', path: '/', bytes: 5 },
  { method: 'GET', path: '/', bytes: 5 },
] as const;

/** Windows that hold all of the answers. */
const OPENING = Buffer.concat([
  PREFACE,
  settings([['INITIAL_WINDOW_SIZE', 1_000_000]]),
  settingsAck(),
  windowUpdate(0, 1_000_000),
]);

function requests(target: Target): Buffer {
  const pieces = EXPECTED.flatMap(({ method, path }, i) => {
    const streamId = 1 + 2 * i;
    const block = requestBlock({ ...target, method, path });
    if (method === 'GET') return [headers(streamId, block, { endStream: true })];
    return [headers(streamId, block), data(streamId, 'x'.repeat(1000), { endStream: true })];
  });
  return Buffer.concat([OPENING, ...pieces]);
}

function faultsOf(
  { status, bodyBytes, isWhole, reset }: Http2Exchange,
  { scheme, authority }: Target,
  { method, path, bytes }: (typeof EXPECTED)[number],
): string[] {
  if (status === 200 && bodyBytes === bytes && isWhole) return [];
  const end = isWhole ? 'whole' : (reset ?? 'without end');
  return [`${method} ${scheme}://${authority}${path}: ${status}, ${bodyBytes} bytes, ${end}`];
}
