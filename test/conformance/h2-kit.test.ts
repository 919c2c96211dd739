import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { plainConfig, startFront } from '../support/front.ts';
import { connectHttp2, openHttp2Client } from '../support/http2-client.ts';
import { printFrame } from '../support/http2-describe-frame.ts';
import { encodeFrameText } from '../support/http2-encode-frame.ts';
import { flood, HTTP2_FLOODS, HTTP2_STREAM_FLOODS, hpackBomb } from '../support/http2-flood.ts';
import { Http2FrameReader } from '../support/http2-frame-reader.ts';
import { parseFrameText } from '../support/http2-frame-text.ts';
import { literal } from '../support/http2-hpack.ts';
import { HpackDecoder } from '../support/http2-hpack-decoder.ts';
import { decodeHuffman, encodeHuffman } from '../support/http2-huffman.ts';
import { frame, PREFACE, settings } from '../support/http2-wire.ts';
import { startOrigin } from '../support/origin.ts';

// The instruments that judge HTTP/2 are judged themselves: by node:http2, which has nothing to do with them, and by reading back
// what they write.

describe('the wire kit', () => {
  test('prints any frame so that it can be read back', () => {
    const type = fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constantFrom(0x10, 0xff));
    const anyFrame = fc.tuple(type, fc.nat(255), fc.nat(0x7fffffff), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(anyFrame, ([type, flags, streamId, payload]) => {
        const bytes = frame(type, flags, streamId, Buffer.from(payload));
        const [read] = new Http2FrameReader().read(bytes);

        const notation = printFrame(read!);

        assert.deepEqual(encodeFrameText(parseFrameText(notation)), bytes, notation);
      }),
      { numRuns: 2000 },
    );
  });

  test('cuts a stream of octets into the same frames wherever it is cut', () => {
    const bytes = Buffer.concat([
      frame(0, 1, 1, Buffer.alloc(70_000)),
      settings(),
      frame(9, 9, 9, Buffer.alloc(1)),
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 9 }), (cuts) => {
        const reader = new Http2FrameReader();
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const frames = places.slice(1).flatMap((to, i) => reader.read(bytes.subarray(places[i], to)));

        assert.deepEqual(
          frames.map(({ type, payload }) => [type, payload.length]),
          [
            [0, 70_000],
            [4, 0],
            [9, 1],
          ],
        );
        assert.equal(reader.heldBytes, 0);
      }),
    );
  });

  test('reads its own literals and Huffman codes back', () => {
    const octets = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 300 });
    const kind = fc.constantFrom('plain' as const, 'incremental' as const, 'never' as const);
    fc.assert(
      fc.property(octets, octets, kind, fc.boolean(), (name, value, kind, huffman) => {
        assert.equal(decodeHuffman(encodeHuffman(value)), value);
        assert.deepEqual(new HpackDecoder().decode(literal(name, value, { kind, huffman })), [[name, value]]);
      }),
    );
  });
});

describe('the client, against node:http2', () => {
  test('gets pages over one connection', async (t) => {
    const port = await startNode(t, (request, response) => {
      response.writeHead(200, { 'x-path': request.url, 'x-long': 'ü'.repeat(300) });
      response.end(`this is ${request.url}`);
    });
    const client = await openHttp2Client(t, port);

    for (const path of ['/1', '/2', '/3']) {
      const { status, body, headers } = await client.get(path);
      assert.equal(status, 200);
      assert.equal(body, `this is ${path}`);
      assert.equal(headers.get('x-path'), path);
    }
  });

  test('sends and gets more than the windows hold', async (t) => {
    const port = await startNode(t, (request, response) => void request.pipe(response));
    const client = await openHttp2Client(t, port);
    const body = Buffer.alloc(1_000_000, 'abcdefg');

    const echo = await client.post('/', body);

    assert.equal(echo.body === body.toString(), true);
  });

  test('does not give windows back when it is told not to', async (t) => {
    const port = await startNode(t, (_request, response) => void response.end(Buffer.alloc(100_000)));
    const client = await openHttp2Client(t, port, { settings: [['INITIAL_WINDOW_SIZE', 1000]] });
    client.refills = false;

    const exchange = client.request('/');
    await client.until(() => exchange.bodyBytes === 1000, 'a thousand octets');
    await client.sync();

    assert.equal(exchange.bodyBytes, 1000);
    assert.equal(exchange.isWhole, false);
  });

  test('sees interim responses, trailers and resets', async (t) => {
    const port = await startNode(t, (request, response) => {
      if (request.url === '/reset') return void response.stream.close(8);
      response.writeContinue();
      response.addTrailers({ 'x-sum': '2' });
      response.end('ok');
    });
    const client = await openHttp2Client(t, port);

    const whole = await client.get('/');
    const reset = await client.get('/reset');

    assert.deepEqual(whole.interim, [100]);
    assert.equal(whole.trailers?.get('x-sum'), '2');
    assert.equal(reset.reset, 'CANCEL');
  });

  test('sends nothing by itself when only connected', async (t) => {
    const port = await startNode(t, () => {});
    const client = await connectHttp2(t, port);

    client.acknowledges = false;
    client.send(PREFACE, settings());
    await client.frame('SETTINGS ACK');

    assert.equal(client.frames.length, client.count('SETTINGS') + client.count('WINDOW_UPDATE'));
  });
});

describe('the floods, in small', () => {
  for (const [name, unit] of Object.entries(HTTP2_FLOODS)) {
    test(`${name} is taken`, async (t) => {
      const client = await openHttp2Client(t, await startSilent(t));

      assert.equal(await flood(client, unit, 20), 20);
      await client.sync();
    });
  }

  for (const [name, { head, unit, end }] of Object.entries(HTTP2_STREAM_FLOODS)) {
    test(`${name} is taken`, async (t) => {
      const client = await openHttp2Client(t, await startSilent(t));

      client.send(head);
      assert.equal(await flood(client, unit, 3), 3);
      client.send(end);
      await client.sync();
    });
  }

  test('the HPACK bomb can be decoded', async (t) => {
    const seen: number[] = [];
    const port = await startNode(t, (request, response) => {
      seen.push(request.rawHeaders.length / 2);
      response.end();
    });
    const client = await openHttp2Client(t, port);

    client.send(hpackBomb(client.takeStreamId(), 1000, 20));
    await client.over(client.exchange(1));

    assert.deepEqual(seen, [4 + 1 + 20]);
  });
});

/** Portico before a backend that never answers: requests stay open until they are reset. */
async function startSilent(t: TestContext): Promise<number> {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  return front.port();
}

async function startNode(
  t: TestContext,
  listener: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Promise<number> {
  const server: Http2Server = createServer({ maxSessionInvalidFrames: 1000 }, listener);
  server.on('sessionError', () => {});
  const sessions: { destroy(): void }[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream) => stream.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
