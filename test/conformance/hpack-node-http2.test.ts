/** nghttp2, which node:http2 stands on, as the other end of both tables. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { on, once } from 'node:events';
import { createServer, type Http2Session, type IncomingHttpHeaders, sensitiveHeaders } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { it } from 'node:test';
import { HpackEncoder } from '../../protocols/hpack/encoder.ts';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { decoded, decoder, encoded } from '../support/hpack-blocks.ts';

const FRAME = { headers: 1, settings: 4 } as const;
const ACK = 1;
const END_STREAM_AND_HEADERS = 5;
const OBS_TEXT = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i));

it('nghttp2 reads what we write and we read what it writes, while it changes its table', {
  timeout: 20_000,
}, async () => {
  const received: { headers: string[]; secret: string[] }[] = [];
  const server = createServer({ settings: { headerTableSize: 1000 } });
  let session: Http2Session | undefined;
  server.on('session', (opened) => {
    session = opened;
  });
  server.on('stream', (stream, headers, _flags, raw) => {
    received.push({ headers: raw, secret: secretNames(headers) });
    const answer = Object.fromEntries(pairs(raw).filter(([name]) => name.startsWith('x-')));
    stream.respond({ ...answer, ':status': 200, [sensitiveHeaders]: ['x-secret'] }, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const writer = new HpackEncoder(4096);
  const reader = decoder();

  try {
    socket.write(
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)]),
    );
    let streams = 0;
    let isSettled = false;
    for await (const { type, flags, payload } of frames(socket)) {
      if (type === FRAME.settings && flags !== ACK) {
        for (let at = 0; at < payload.length; at += 6)
          if (payload.readUInt16BE(at) === 1) writer.limitTable(payload.readUInt32BE(at + 2));
        socket.write(frame(FRAME.settings, ACK, 0));
        isSettled = true;
      } else if (type === FRAME.headers) {
        const sent = request(streams - 1);
        const answer = pairs(decoded(reader, payload)).filter(([name]) => name.startsWith('x-'));
        assert.deepEqual(
          answer.toSorted(),
          pairs(sent)
            .filter(([name]) => name.startsWith('x-'))
            .toSorted(),
        );
        assert.deepEqual(reader.neverIndexed, ['x-secret']);
        assert.deepEqual(received.at(-1), { headers: sent, secret: ['cookie', 'x-secret'] });
        // Its next request waits for the setting that it changes here.
        if (streams % 10 === 0) {
          session!.settings({ headerTableSize: [0, 4096, 100, 256][(streams / 10) % 4]! });
          isSettled = false;
        }
      }
      if (!isSettled || (type !== FRAME.headers && flags === ACK)) continue;
      if (streams === 60) break;
      const block = encoded(writer, request(streams), new Set(['x-secret']));
      socket.write(frame(FRAME.headers, END_STREAM_AND_HEADERS, 2 * streams + 1, block));
      streams++;
    }

    assert.equal(received.length, 60);
  } finally {
    socket.destroy();
    session?.destroy();
    server.close();
  }
});

/** Some fields come again, some change, and with them every octet that a value may hold. */
function request(number: number): HeaderList {
  return [
    ...[':method', 'GET', ':scheme', 'http', ':authority', `host-${number % 3}`, ':path', `/${number}`],
    ...['cookie', `id=${number}`, 'x-secret', `${number % 2}`, 'x-same', 'again', 'x-obs', OBS_TEXT],
    ...[`x-${number % 7}`, '"<>{}|~^`\\ !#$%&\'()*+,-./:;=?@[]_'.repeat((number % 5) + 1).trim()],
    ...['x-number', `${number * number}`, 'x-long', 'v'.repeat(number * 20)],
  ];
}

/** What came as never-indexed; the typings do not know the symbol. */
function secretNames(headers: IncomingHttpHeaders): string[] {
  return (headers as unknown as Record<symbol, string[]>)[sensitiveHeaders] ?? [];
}

function pairs(headers: HeaderList): [string, string][] {
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]!] as [string, string]] : []));
}

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

async function* frames(socket: Socket): AsyncGenerator<{ type: number; flags: number; payload: Buffer }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const [chunk] of on(socket, 'data')) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      yield { type: rest[3]!, flags: rest[4]!, payload: rest.subarray(9, end) };
      rest = rest.subarray(end);
    }
  }
}
