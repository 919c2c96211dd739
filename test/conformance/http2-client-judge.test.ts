import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { plainConfig, startFront } from '../support/front.ts';
import { type Http2Client, openHttp2Client } from '../support/http2-client.ts';
import type { Http2Exchange } from '../support/http2-exchange.ts';
import { literal, plainBlock, sizeUpdate } from '../support/http2-hpack.ts';
import type { Field } from '../support/http2-hpack-decoder.ts';
import { ERROR_CODES, type ErrorName, FRAME_TYPES, nameOf } from '../support/http2-names.ts';
import { H2C, type Http2Backend, startHttp2Origin } from '../support/http2-origin.ts';
import {
  continuation,
  data,
  frame,
  goaway,
  headers,
  ping,
  priority,
  priorityUpdate,
  pushPromise,
  rstStream,
  settings,
  windowUpdate,
} from '../support/http2-wire.ts';

// What RFC 9113 and RFC 7541 demand of a client whose server breaks their rules, judged through the whole front end: the server sees the
// demanded error, the client of the front end never a completed response, and the connection is used again exactly if only its
// stream was lost. Stream 1 is the request concerned, 3 is a neighbour.

interface Case {
  readonly name: string;
  /** Octets that the server sends when both requests are there. */
  readonly send: readonly Buffer[];
  readonly costs: 'stream' | 'connection';
  /** What the server is told: one of these. */
  readonly codes: readonly ErrorName[];
  /** 502 to the client, or a response that was begun is cut. */
  readonly client?: '502' | 'cut';
}

const OK: readonly Field[] = [[':status', '200']];
const GREETING: readonly Field[] = [...OK, ['content-type', 'text/plain']];

const STREAM: readonly Case[] = [
  ...badHeads(),
  ...(
    [
      ['DATA before the head', [data(1, 'x')]],
      ['DATA behind an interim head', [response(1, [[':status', '103']]), data(1, 'x')]],
      ['END_STREAM on an interim head', [response(1, [[':status', '103']], true)]],
      ['an empty DATA frame that ends it without a head', [data(1, '', { endStream: true })]],
      ['no DATA for Content-Length', [response(1, [...OK, ['content-length', '1']], true)]],
      ['seventeen interim heads', Array.from({ length: 17 }, () => response(1, [[':status', '103']]))],
    ] as const
  ).map(([name, send]): Case => ({ name, send, costs: 'stream', codes: ['PROTOCOL_ERROR'] })),
  ...(
    [
      ['a second head', [response(1, OK), response(1, OK)]],
      ['trailers that do not end it', [response(1, OK), headers(1, plainBlock([['x-sum', '1']]))]],
      ['a pseudo-header field in the trailers', [response(1, OK), response(1, OK, true)]],
      ['a name in upper case in the trailers', trailers([['X-Sum', '1']])],
      ['a line feed in a trailer', trailers([['x-sum', '1\nx: y']])],
      ['Transfer-Encoding in the trailers', trailers([['transfer-encoding', 'chunked']])],
      ['Content-Length in the trailers', trailers([['content-length', '3']])],
      ['less DATA than Content-Length', [sized(5), data(1, 'four', { endStream: true })]],
      ['more DATA than Content-Length', [sized(3), data(1, 'four', { endStream: true })]],
      [
        'trailers before all of Content-Length',
        [sized(5), data(1, 'x'), headers(1, plainBlock([['a', 'b']]), { endStream: true })],
      ],
      ['DATA behind 204', [response(1, [[':status', '204']]), data(1, 'x', { endStream: true })]],
      ['DATA behind 304', [response(1, [[':status', '304']]), data(1, 'x', { endStream: true })]],
      ['a WINDOW_UPDATE of 0', [response(1, OK), windowUpdate(1, 0)]],
    ] as const
  ).map(([name, send]): Case => ({ name, send, costs: 'stream', codes: ['PROTOCOL_ERROR'], client: 'cut' })),
  {
    name: 'a window of the stream above 2^31-1',
    send: [windowUpdate(1, 0x7fffffff)],
    costs: 'stream',
    codes: ['FLOW_CONTROL_ERROR'],
  },
  {
    name: 'a stream that depends on itself',
    send: [priority(1, { dependency: 1 })],
    costs: 'stream',
    codes: ['PROTOCOL_ERROR'],
  },
  {
    name: 'PRIORITY of 4 octets',
    send: [frame(FRAME_TYPES.PRIORITY, 0, 1, Buffer.alloc(4))],
    costs: 'stream',
    codes: ['FRAME_SIZE_ERROR'],
  },
  {
    name: 'more DATA than the window of the stream',
    send: [response(1, OK), ...Array.from({ length: 17 }, () => data(1, Buffer.alloc(16_384)))],
    costs: 'stream',
    codes: ['FLOW_CONTROL_ERROR'],
    client: 'cut',
  },
];

const PROTOCOL: readonly (readonly [name: string, send: readonly Buffer[]])[] = [
  ['DATA on stream 0', [data(0, 'x')]],
  ['HEADERS on stream 0', [headers(0, plainBlock(OK))]],
  ['PRIORITY on stream 0', [priority(0, { dependency: 1 })]],
  ['RST_STREAM on stream 0', [rstStream(0, 'CANCEL')]],
  ['SETTINGS on a stream', [settings([], { streamId: 1 })]],
  ['PING on a stream', [frame(FRAME_TYPES.PING, 0, 1, Buffer.alloc(8))]],
  ['GOAWAY on a stream', [frame(FRAME_TYPES.GOAWAY, 0, 1, Buffer.alloc(8))]],
  ['CONTINUATION without HEADERS', [continuation(1, plainBlock(OK))]],
  ['CONTINUATION behind a block that is complete', [response(1, OK), continuation(1, plainBlock(OK))]],
  [
    'a frame in the middle of a header block',
    [headers(1, plainBlock(OK), { endHeaders: false }), ping('12345678')],
  ],
  ['DATA in the middle of a header block', [headers(1, plainBlock(OK), { endHeaders: false }), data(1, 'x')]],
  [
    'CONTINUATION of another stream',
    [headers(1, plainBlock(OK), { endHeaders: false }), continuation(3, Buffer.alloc(0))],
  ],
  [
    'an unknown frame in the middle of a header block',
    [headers(1, plainBlock(OK), { endHeaders: false }), frame(0xbe, 0, 1)],
  ],
  [
    'PUSH_PROMISE',
    [
      pushPromise(
        1,
        2,
        plainBlock([
          [':method', 'GET'],
          [':scheme', 'http'],
          [':path', '/'],
          [':authority', 'a'],
        ]),
      ),
    ],
  ],
  ['PRIORITY_UPDATE', [priorityUpdate(1, 'u=1')]],
  ['HEADERS on an even stream', [response(2, OK)]],
  ['HEADERS on a stream that was not opened', [response(99, OK)]],
  ['DATA on a stream that was not opened', [data(99, 'x')]],
  ['RST_STREAM on a stream that was not opened', [rstStream(99, 'CANCEL')]],
  ['RST_STREAM on an even stream', [rstStream(2, 'CANCEL')]],
  ['WINDOW_UPDATE on a stream that was not opened', [windowUpdate(99, 1)]],
  ['WINDOW_UPDATE of the connection by 0', [windowUpdate(0, 0)]],
  ['padding as long as DATA', [response(1, OK), frame(FRAME_TYPES.DATA, 8, 1, Buffer.of(5, 1, 2, 3))]],
  ['padding as long as HEADERS', [frame(FRAME_TYPES.HEADERS, 0xc, 1, Buffer.of(200, 0x88))]],
  ['ENABLE_PUSH of 1', [settings([['ENABLE_PUSH', 1]])]],
  ['ENABLE_PUSH of 2', [settings([['ENABLE_PUSH', 2]])]],
  ['MAX_FRAME_SIZE below 2^14', [settings([['MAX_FRAME_SIZE', 16_383]])]],
  ['MAX_FRAME_SIZE above 2^24-1', [settings([['MAX_FRAME_SIZE', 16_777_216]])]],
  ['ENABLE_CONNECT_PROTOCOL of 2', [settings([['ENABLE_CONNECT_PROTOCOL', 2]])]],
  [
    'ENABLE_CONNECT_PROTOCOL taken back',
    [settings([['ENABLE_CONNECT_PROTOCOL', 1]]), settings([['ENABLE_CONNECT_PROTOCOL', 0]])],
  ],
];

const SIZES: readonly (readonly [name: string, send: readonly Buffer[]])[] = [
  ['a frame above 2^14 octets', [response(1, OK), data(1, Buffer.alloc(16_385))]],
  ['HEADERS above 2^14 octets', [headers(1, Buffer.alloc(16_385))]],
  ['RST_STREAM of 3 octets', [frame(FRAME_TYPES.RST_STREAM, 0, 1, Buffer.alloc(3))]],
  ['SETTINGS of 5 octets', [frame(FRAME_TYPES.SETTINGS, 0, 0, Buffer.alloc(5))]],
  ['an acknowledgement of SETTINGS with octets', [frame(FRAME_TYPES.SETTINGS, 1, 0, Buffer.alloc(6))]],
  ['PING of 7 octets', [frame(FRAME_TYPES.PING, 0, 0, Buffer.alloc(7))]],
  ['PING of 9 octets', [frame(FRAME_TYPES.PING, 0, 0, Buffer.alloc(9))]],
  ['GOAWAY of 7 octets', [frame(FRAME_TYPES.GOAWAY, 0, 0, Buffer.alloc(7))]],
  ['WINDOW_UPDATE of 3 octets', [frame(FRAME_TYPES.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))]],
  ['WINDOW_UPDATE of 5 octets on a stream', [frame(FRAME_TYPES.WINDOW_UPDATE, 0, 1, Buffer.alloc(5))]],
];

const COMPRESSION: readonly (readonly [name: string, block: Buffer])[] = [
  ['index 0', Buffer.of(0x80)],
  ['an index behind the end of the table', Buffer.of(0xff, 0x40)],
  ['a name behind the end of the table', Buffer.of(0x7f, 7, 1, 0x61)],
  ['a table larger than was allowed', Buffer.concat([sizeUpdate(4097), plainBlock(OK)])],
  ['a size update behind a field', Buffer.concat([plainBlock(OK), sizeUpdate(100)])],
  ['an integer without end', Buffer.from('ffffffffffffffffffff', 'hex')],
  ['a string longer than its block', Buffer.of(0x00, 0x05, 0x61)],
  ['a block that ends within a field', plainBlock(OK).subarray(0, 5)],
  ['Huffman padding of eight bits', Buffer.of(0x00, 0x01, 0x61, 0x82, 0x1f, 0xff)],
  ['Huffman padding that is not ones', Buffer.of(0x00, 0x01, 0x61, 0x81, 0x18)],
  ['EOS in a Huffman string', Buffer.of(0x00, 0x01, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff)],
];

const CONNECTION: readonly Case[] = [
  ...PROTOCOL.map(([name, send]) => broken(name, send, 'PROTOCOL_ERROR')),
  ...SIZES.map(([name, send]) => broken(name, send, 'FRAME_SIZE_ERROR')),
  ...COMPRESSION.map(([name, block]) =>
    broken(`a block with ${name}`, [headers(1, block)], 'COMPRESSION_ERROR'),
  ),
  broken(
    'INITIAL_WINDOW_SIZE above 2^31-1',
    [settings([['INITIAL_WINDOW_SIZE', 0x80000000]])],
    'FLOW_CONTROL_ERROR',
  ),
  broken('a window of the connection above 2^31-1', [windowUpdate(0, 0x7fffffff)], 'FLOW_CONTROL_ERROR'),
  broken(
    'an INITIAL_WINDOW_SIZE that takes the window of a stream above 2^31-1',
    [windowUpdate(1, 100), settings([['INITIAL_WINDOW_SIZE', 0x7fffffff]])],
    'FLOW_CONTROL_ERROR',
  ),
  broken('DATA on a stream that has ended', [response(3, OK, true), data(3, 'x')], 'STREAM_CLOSED'),
  broken('HEADERS on a stream that has ended', [response(3, OK, true), response(3, OK)], 'STREAM_CLOSED'),
  broken(
    'a header block of seventeen CONTINUATION frames',
    [
      headers(1, plainBlock(OK), { endHeaders: false }),
      ...Array.from({ length: 17 }, () =>
        continuation(1, Buffer.of(0x00, 1, 0x61, 0), { endHeaders: false }),
      ),
    ],
    'ENHANCE_YOUR_CALM',
  ),
  broken(
    'a header block of 144 KiB',
    [
      headers(1, literal('x', 'y'.repeat(16_000)), { endHeaders: false }),
      ...Array.from({ length: 9 }, () =>
        continuation(1, literal('x', 'y'.repeat(16_000)), { endHeaders: false }),
      ),
    ],
    'ENHANCE_YOUR_CALM',
  ),
  // Half as many again as may be: what comes in several reads is partly forgiven between them.
  broken(
    'fifteen thousand PINGs',
    [Buffer.concat(new Array<Buffer>(15_000).fill(ping('12345678')))],
    'ENHANCE_YOUR_CALM',
  ),
  broken(
    'seven thousand SETTINGS',
    [Buffer.concat(new Array<Buffer>(7000).fill(settings()))],
    'ENHANCE_YOUR_CALM',
  ),
  broken(
    'seven thousand empty DATA frames',
    [response(1, OK), Buffer.concat(new Array<Buffer>(7000).fill(data(1, '')))],
    'ENHANCE_YOUR_CALM',
  ),
];

/** Nothing is wrong with these, and nothing may come of them. */
const FINE: readonly (readonly [name: string, send: readonly Buffer[]])[] = [
  ['an unknown frame type', [frame(0xbe, 0xff, 0, Buffer.alloc(10)), frame(0xbe, 0, 1)]],
  [
    'an unknown setting',
    [
      settings([
        [0x99, 7],
        ['MAX_HEADER_LIST_SIZE', 1],
      ]),
    ],
  ],
  ['unknown flags and the reserved bit', [headers(1, plainBlock(OK), { flags: 0x52, reserved: true })]],
  ['a GOAWAY with another last stream than any', [goaway(0x7fffffff, 'NO_ERROR')]],
  ['PRIORITY, deprecated as it is', [priority(1, { dependency: 3 }), priority(77, { dependency: 1 })]],
  ['padding', [headers(1, plainBlock(OK), { pad: 255, priority: { dependency: 0 } })]],
  ['a PING and the answer to none', [ping('12345678'), ping('abcdefgh', { ack: true })]],
  [
    'interim heads',
    [
      response(1, [[':status', '100']]),
      response(1, [
        [':status', '103'],
        ['link', '</a>'],
      ]),
    ],
  ],
];

test('there are more than sixty of them', () => {
  assert.ok(STREAM.length + CONNECTION.length > 90);
});

for (const wrong of [...STREAM, ...CONNECTION]) {
  test(`${wrong.name} costs the ${wrong.costs}`, async (t) => {
    const { backend, client, first, second, origin, front } = await begin(t);

    backend.send(...wrong.send);
    await client.over(first);

    if (wrong.client === 'cut' || first.status !== 502) assertCut(first);
    else assert.equal(first.status, 502);
    assert.equal(await toldCode(backend, wrong.costs), wrong.codes[0]);
    client.refills = true;
    client.send(windowUpdate(0, first.bodyBytes + 1));
    if (wrong.costs === 'stream') {
      backend.respond(backend.requests[1]!, 200, 'well');
      assert.equal((await client.over(second)).body, 'well');
      const third = client.request('/3');
      backend.respond(await backend.request(2), 204);
      assert.equal((await client.over(third)).status, 204);
      assert.equal(origin.raw.connections.length, 1);
    } else {
      await backend.peer.untilEnded();
      await client.over(second);
      const third = client.request('/3');
      const fresh = await origin.connection(origin.raw.connections.length - 1);
      if (fresh === backend) {
        const next = await origin.connection(1);
        next.respond(await next.request(), 204);
      } else fresh.respond(await fresh.request(), 204);
      assert.equal((await client.over(third)).status, 204);
    }
    const names = front.exchanges.map(({ error }) => error?.name ?? 'none');
    assert.ok(
      names.some((name) => ['malformed-response', 'response-cut', 'connection-lost'].includes(name)),
      names.join(),
    );
  });
}

for (const [name, send] of FINE) {
  test(`${name} costs nothing`, async (t) => {
    const { backend, client, first, second } = await begin(t);

    backend.send(...send);
    const hasHead = send.some((bytes) => bytes[3] === FRAME_TYPES.HEADERS && bytes.includes('200'));
    backend.send(...(hasHead ? [] : [response(1, GREETING)]), data(1, 'body', { endStream: true }));
    backend.respond(backend.requests[1]!, 204);

    assert.equal((await client.over(first)).body, 'body');
    assert.equal((await client.over(second)).status, 204);
  });
}

async function begin(t: TestContext) {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', `${H2C}\nhealth: { fail: 100 }`));
  const client: Http2Client = await openHttp2Client(t, front.port());
  client.refills = false;
  const first = client.request('/1', { method: 'POST' });
  const second = client.request('/2', { method: 'POST' });
  const backend = await origin.connection();
  await backend.request(1);
  return { origin, front, client, first, second, backend };
}

function assertCut(exchange: Http2Exchange): void {
  assert.notEqual(exchange.status, 502);
  assert.equal(exchange.isWhole, false);
  assert.equal(exchange.reset, 'INTERNAL_ERROR');
}

/** The code of the RST_STREAM for stream 1, or of the GOAWAY. */
async function toldCode(backend: Http2Backend, costs: Case['costs']): Promise<string> {
  const isStream = costs === 'stream';
  const found = await backend.frame(isStream ? 'RST_STREAM stream=1' : 'GOAWAY');
  return nameOf(ERROR_CODES, found.payload.readUInt32BE(isStream ? 0 : 4));
}

function broken(name: string, send: readonly Buffer[], code: ErrorName): Case {
  return { name, send, costs: 'connection', codes: [code] };
}

function response(streamId: number, fields: readonly Field[], endStream = false): Buffer {
  return headers(streamId, plainBlock(fields), { endStream });
}

function sized(length: number): Buffer {
  return response(1, [...OK, ['content-length', `${length}`]]);
}

function trailers(fields: readonly Field[]): readonly Buffer[] {
  return [response(1, OK), data(1, 'x'), headers(1, plainBlock(fields), { endStream: true })];
}

function badHeads(): readonly Case[] {
  const heads: readonly (readonly [name: string, fields: readonly Field[]])[] = [
    ['without :status', [['content-type', 'text/plain']]],
    ['without any field', []],
    [
      'with :status behind a field',
      [
        ['a', 'b'],
        [':status', '200'],
      ],
    ],
    ['with :status twice', [...OK, ...OK]],
    ['with :method', [...OK, [':method', 'GET']]],
    ['with an unknown pseudo-header field', [...OK, [':reason', 'fine']]],
    ['with a pseudo-header field behind a field', [...OK, ['a', 'b'], [':path', '/']]],
    ['with status 99', [[':status', '99']]],
    ['with status 101', [[':status', '101']]],
    ['with status 600', [[':status', '600']]],
    ['with status 1000', [[':status', '1000']]],
    ['with status 20', [[':status', '20']]],
    ['with status 2x0', [[':status', '2x0']]],
    ['with status +20', [[':status', '+20']]],
    ['with an empty status', [[':status', '']]],
    ['with a name in upper case', [...OK, ['Server', 'x']]],
    ['with an empty name', [...OK, ['', 'x']]],
    ['with a space in a name', [...OK, ['a b', 'x']]],
    ['with a colon in a name', [...OK, ['a:b', 'x']]],
    ['with a line feed in a value', [...OK, ['a', 'x\ny: z']]],
    ['with a carriage return in a value', [...OK, ['a', 'x\ry']]],
    ['with NUL in a value', [...OK, ['a', 'x\0']]],
    ['with white space in front of a value', [...OK, ['a', ' x']]],
    ['with white space behind a value', [...OK, ['a', 'x\t']]],
    ['with Connection', [...OK, ['connection', 'close']]],
    ['with Keep-Alive', [...OK, ['keep-alive', 'timeout=5']]],
    ['with Proxy-Connection', [...OK, ['proxy-connection', 'close']]],
    ['with Transfer-Encoding', [...OK, ['transfer-encoding', 'chunked']]],
    ['with Upgrade', [...OK, ['upgrade', 'websocket']]],
    ['with TE of anything else', [...OK, ['te', 'gzip']]],
    ['with Content-Length twice', [...OK, ['content-length', '1'], ['content-length', '1']]],
    ['with Content-Length of -1', [...OK, ['content-length', '-1']]],
    ['with Content-Length of a list', [...OK, ['content-length', '1, 1']]],
    ['with an empty Content-Length', [...OK, ['content-length', '']]],
    ['with a Content-Length beyond all numbers', [...OK, ['content-length', '99999999999999999999']]],
    ['with 201 fields', [...OK, ...Array.from({ length: 201 }, (_, i): Field => [`x-${i}`, ''])]],
  ];
  return [
    ...heads.map(
      ([name, fields]): Case => ({
        name: `a head ${name}`,
        send: [response(1, fields)],
        costs: 'stream',
        codes: ['PROTOCOL_ERROR'],
      }),
    ),
    {
      name: 'a head of 68 KiB',
      send: [
        headers(1, Buffer.concat([plainBlock(OK), literal('x', 'y'.repeat(15_000))]), { endHeaders: false }),
        ...[1, 2, 3].map(() => continuation(1, literal('x', 'y'.repeat(15_000)), { endHeaders: false })),
        continuation(1, literal('x', 'y'.repeat(15_000))),
      ],
      costs: 'stream',
      codes: ['PROTOCOL_ERROR'],
    },
  ];
}
