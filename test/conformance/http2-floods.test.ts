import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { GLITCH_POINTS, type GlitchKind } from '../../protocols/http2/glitch-account.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { heldMemory } from '../support/held-memory.ts';
import { type Http2Client, type Http2ClientOptions, openHttp2Client } from '../support/http2-client.ts';
import {
  flood,
  HTTP2_FLOODS,
  HTTP2_STREAM_FLOODS,
  type Http2Flood,
  hpackBomb,
} from '../support/http2-flood.ts';
import { plainBlock } from '../support/http2-hpack.ts';
import { WellBehaved } from '../support/http2-well-behaved.ts';
import {
  continuation,
  data,
  goaway,
  headers,
  ping,
  rstStream,
  settingsAck,
  windowUpdate,
} from '../support/http2-wire.ts';
import { type Origin, startOrigin } from '../support/origin.ts';

// Every flood runs at full speed beside a client that asks for one thing after the other. docs/strictness.md tells the bounds.

const MIB = 1024 * 1024;
/** Points that end a connection, and how many a second takes back. */
const LIMIT = 1000;
const FORGIVEN_PER_SECOND = 100;
const MAX_STREAMS = 128;
const GET = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'shop.example'],
] as const;

interface Charged {
  readonly name: string;
  readonly unit: Http2Flood | Buffer;
  readonly kind: GlitchKind;
  /** What comes before. */
  readonly head?: Buffer;
}

const CHARGED: readonly Charged[] = [
  { name: 'pings (CVE-2019-9512)', unit: HTTP2_FLOODS.ping, kind: 'ping' },
  { name: 'priorities (CVE-2019-9513)', unit: HTTP2_FLOODS.priority, kind: 'priority' },
  { name: 'priority updates', unit: HTTP2_FLOODS.priorityUpdate, kind: 'priority' },
  {
    name: 'requests that have to be reset (CVE-2019-9514)',
    unit: HTTP2_FLOODS.malformedRequest,
    kind: 'stream-error',
  },
  { name: 'settings (CVE-2019-9515)', unit: HTTP2_FLOODS.settings, kind: 'settings' },
  { name: 'empty settings (CVE-2019-9515)', unit: HTTP2_FLOODS.emptySettings, kind: 'settings' },
  { name: 'empty DATA (CVE-2019-9518)', ...HTTP2_STREAM_FLOODS.emptyData, kind: 'empty-frame' },
  { name: 'DATA of padding (CVE-2019-9518)', ...HTTP2_STREAM_FLOODS.paddedData, kind: 'empty-frame' },
  { name: 'frames of an unknown type', unit: HTTP2_FLOODS.unknownFrame, kind: 'empty-frame' },
  { name: 'window updates', unit: HTTP2_FLOODS.connectionWindow, kind: 'window-update' },
  { name: 'window updates of a stream', ...HTTP2_STREAM_FLOODS.streamWindow, kind: 'window-update' },
  { name: 'rapid resets (CVE-2023-44487)', unit: HTTP2_FLOODS.rapidReset, kind: 'reset' },
  {
    name: 'resets made by windows of 0 (CVE-2025-8671)',
    unit: HTTP2_FLOODS.resetByZeroWindow,
    kind: 'stream-error',
  },
  {
    name: 'resets made by windows too large (CVE-2025-8671)',
    unit: HTTP2_FLOODS.resetByWindowOverflow,
    kind: 'stream-error',
  },
  {
    name: 'resets made by dependencies (CVE-2025-8671)',
    unit: HTTP2_FLOODS.resetBySelfDependency,
    kind: 'stream-error',
  },
  {
    name: 'resets made by lengths (CVE-2025-8671)',
    unit: HTTP2_FLOODS.resetByContentLength,
    kind: 'stream-error',
  },
  {
    name: 'resets made by DATA too late (CVE-2025-8671)',
    unit: HTTP2_FLOODS.resetByClosedStream,
    kind: 'stream-error',
  },
  {
    name: 'streams above the limit',
    head: Buffer.concat(Array.from({ length: MAX_STREAMS }, (_, i) => get(1 + 2 * i))),
    unit: (index) => get(1 + 2 * (MAX_STREAMS + index)),
    kind: 'refused',
  },
];

for (const { name, unit, kind, head } of CHARGED) {
  test(`a flood of ${name} ends its connection, and touches no other`, async (t) => {
    const { front, origin, open } = await start(t);
    const neighbour = new WellBehaved(await open(), '/well');
    const client = await open();
    client.log.keeps = false;
    const started = performance.now();

    if (head !== undefined) client.send(head);
    const sent = await flood(client, unit, 100_000);
    await client.until(() => client.goaways.length > 0, 'GOAWAY');
    const seconds = (performance.now() - started) / 1000;
    await client.peer.untilEnded();
    client.peer.socket.destroy();
    await front.until(() => front.server.status().sessions === 1, 'the end of the session');
    await neighbour.stop();

    const charged = front.count('glitch');
    const points = charged * GLITCH_POINTS[kind];
    t.diagnostic(
      `${charged} of ${sent} units read; ${Math.round(seconds * 1000)} ms; neighbour: ${neighbour.answers} answers, slowest ${Math.round(neighbour.slowestMs)} ms; backend: ${origin.connections.length} connections`,
    );
    assert.ok(points > LIMIT, `${points} points`);
    assert.ok(points <= LIMIT + FORGIVEN_PER_SECOND * seconds + 10, `${points} points in ${seconds} s`);
    assert.equal(client.goaways.at(-1), 'ENHANCE_YOUR_CALM');
    assert.deepEqual(front.refusals.at(-1)!.error!.name, 'http2-flood');
    assert.deepEqual(neighbour.failures, []);
    assert.ok(neighbour.answers > 0);
    await backendIsLeftAlone(front, origin);
  });
}

test('requests that are reset in the read that brings them never reach for a backend (CVE-2023-44487)', async (t) => {
  const { front, origin, open } = await start(t);
  const client = await open();
  await client.sync();
  const units = Array.from({ length: 60 }, (_, i) => [get(1 + 2 * i), rstStream(1 + 2 * i, 'CANCEL')]);

  client.send(...units.flat());
  await front.until(() => front.exchanges.length === 60, 'a record of each');

  assert.equal(origin.connections.length, 0);
  for (const { error, path, instance } of front.exchanges) {
    assert.equal(error?.name, 'client-gone');
    assert.equal(path, '/');
    assert.equal(instance, undefined);
  }
  await client.sync();
  client.peer.socket.destroy();
  await front.settled();
});

interface Bounded {
  readonly name: string;
  readonly head: Buffer;
  readonly unit: Buffer;
  /** Frames behind the first. */
  readonly frames: number;
}

const OPEN_BLOCK = headers(1, plainBlock(GET), { endStream: true, endHeaders: false });

const BLOCKS: readonly Bounded[] = [
  { name: 'small CONTINUATION frames (CVE-2024-27983)', ...HTTP2_STREAM_FLOODS.continuation, frames: 17 },
  {
    name: 'large CONTINUATION frames (CVE-2024-27983)',
    head: OPEN_BLOCK,
    unit: continuation(1, plainBlock([['x', 'a'.repeat(16_000)]]), { endHeaders: false }),
    frames: 9,
  },
  { name: 'empty CONTINUATION frames (CVE-2019-9518)', ...HTTP2_STREAM_FLOODS.emptyContinuation, frames: 17 },
  {
    name: 'CONTINUATION frames of empty fields (CVE-2019-9516)',
    ...HTTP2_STREAM_FLOODS.emptyFields,
    frames: 17,
  },
];

for (const { name, head, unit, frames } of BLOCKS) {
  test(`a header block of ${name} ends its connection after ${frames}, held but not decoded`, async (t) => {
    const { front, open } = await start(t);
    // With the last of them but one it may still end well.
    const modest = await open();
    modest.send(head, ...new Array(frames - 2).fill(unit), continuation(1, NOTHING));
    await modest.sync();
    assert.deepEqual(modest.goaways, []);
    modest.peer.reset();
    await front.settled();
    const taken = front.exchanges.length;
    const client = await open();
    client.send(head, ...new Array(frames - 1).fill(unit));

    client.send(unit);
    await client.peer.untilEnded();

    assert.deepEqual(client.goaways, ['ENHANCE_YOUR_CALM']);
    assert.equal(front.exchanges.length, taken);
    client.peer.socket.destroy();
    await front.settled();
  });
}

const CHEAP: readonly { readonly name: string; readonly head?: Buffer; readonly unit: Buffer }[] = [
  { name: 'answers to pings that were not asked', unit: HTTP2_FLOODS.pingAck() },
  { name: 'answers to settings that were not sent', unit: settingsAck() },
  { name: 'farewells', unit: goaway(0, 'NO_ERROR') },
  {
    name: 'resets of a stream that is closed',
    head: Buffer.concat([get(1), rstStream(1, 'CANCEL')]),
    unit: rstStream(1, 'CANCEL'),
  },
];

for (const { name, head, unit } of CHEAP) {
  test(`${name} cost no more than reading them`, async (t) => {
    const { front, open } = await start(t);
    const neighbour = new WellBehaved(await open(), '/well');
    const client = await open();
    if (head !== undefined) client.send(head);
    await client.sync();
    const before = heldMemory();
    const received = client.peer.receivedBytes;

    const sent = await flood(client, unit, 50_000);
    const after = heldMemory();

    t.diagnostic(`neighbour: ${neighbour.answers} answers, slowest ${Math.round(neighbour.slowestMs)} ms`);
    assert.equal(sent, 50_000);
    assert.equal(client.peer.receivedBytes, received);
    assert.ok(after.buffers + after.heap - before.buffers - before.heap < 4 * MIB);
    await neighbour.stop();
    assert.deepEqual(neighbour.failures, []);
    await client.sync();
    assert.equal(front.server.status().sessions, 2);
  });
}

test('windows that are opened by a byte at a time let out a byte each, hold no more, and not for long (CVE-2019-9511)', async (t) => {
  const { front, origin, open } = await start(t, (connection) => {
    connection.message().then(
      () => connection.send(`HTTP/1.1 200 OK\r\ncontent-length: ${MIB}\r\n\r\n`).send(BODY),
      () => {},
    );
  });
  const neighbour = new WellBehaved(await open(), '/well');
  const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 0]] });
  client.refills = false;
  client.log.keeps = false;
  const exchanges = Array.from({ length: MAX_STREAMS }, () => client.request('/'));
  await client.until(() => exchanges.every(({ status }) => status === 200));

  const sent = await flood(client, (i) => windowUpdate(exchanges[i % MAX_STREAMS]!.streamId, 1), 200_000);
  await client.peer.untilEnded();
  client.peer.socket.destroy();
  await front.until(() => front.server.status().sessions === 1, 'the end of the session');
  await neighbour.stop();

  const out = exchanges.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
  t.diagnostic(`${out} bytes came for ${sent} updates, of which ${front.count('glitch')} were senseless`);
  assert.deepEqual(client.goaways, ['ENHANCE_YOUR_CALM']);
  assert.ok(out <= sent);
  assert.deepEqual(neighbour.failures, []);
  await backendIsLeftAlone(front, origin);
});

test('a client that asks and does not read stops being read, holds little, and is closed (CVE-2019-9517)', async (t) => {
  const { front, open } = await start(
    t,
    undefined,
    'timeouts: { clientWrite: 2s }\nhttp2: { glitches: 1000000 }',
  );
  const client = await open();
  await client.sync();
  const before = heldMemory().buffers;
  client.peer.socket.pause();

  // Acknowledgements have no window: only the end of reading bounds them.
  const most = 2_000_000;
  const flooding = flood(client, Buffer.concat(new Array(1000).fill(ping('flooding'))), most / 1000, 10);
  let taken: number;
  do {
    taken = client.peer.socket.bytesWritten;
    await new Promise((resolve) => setTimeout(resolve, 300));
  } while (client.peer.socket.bytesWritten > taken);
  const held = heldMemory().buffers - before - client.peer.socket.writableLength;
  assert.equal((await (await open()).get('/well')).body, 'well');
  await front.until(() => front.closedSessions.length === 1, 'the end of the session');
  client.peer.socket.destroy();
  await flooding;

  t.diagnostic(`${(held / MIB).toFixed(2)} MiB held; ${front.closedSessions[0]!.bytesIn} bytes read`);
  assert.ok(held < 4 * MIB, `${held}`);
  assert.ok(front.closedSessions[0]!.bytesIn < most * 17);
  assert.equal(front.closedSessions[0]!.error!.name, 'client-too-slow');
});

test('headers that are small on the wire are counted as large as they are (the HPACK bomb)', async (t) => {
  const { front, origin, open } = await start(t);
  const client = await open();
  await client.sync();
  const before = heldMemory();

  for (let i = 0; i < 200; i++) {
    // 16 KiB that mean 45 MiB.
    client.send(hpackBomb(client.takeStreamId(), 3800, 12_000));
  }
  await client.until(() => client.exchange(399).isOver);
  const after = heldMemory();

  for (let id = 1; id < 400; id += 2) assert.equal(client.exchange(id).status, 431);
  t.diagnostic(`${((after.heap - before.heap) / MIB).toFixed(2)} MiB of heap for 200 of them`);
  assert.ok(after.heap - before.heap < 8 * MIB);
  assert.equal(front.exchanges.length, 0);
  assert.equal(origin.connections.length, 0);
});

test('crumbs of cookies, and fields of no length, are counted one by one (CVE-2019-9516)', async (t) => {
  const { open } = await start(t);
  const client = await open();

  for (const field of [
    ['cookie', 'a=1'],
    ['cookie', ''],
    ['x', ''],
  ] as const) {
    const refused = await client.over(client.request('/', { fields: new Array(201).fill(field) }));
    assert.equal(refused.status, 431);
  }
});

test('many open streams with large headers hold what the limits say, and nothing when they are gone', async (t) => {
  const { front, open } = await start(t, (connection) => {
    connection.keeps = false;
  });
  const client = await open();
  await client.sync();
  const before = heldMemory();

  for (let i = 0; i < MAX_STREAMS; i++) {
    const block = plainBlock([
      ...GET,
      ['a', letters(i, 15_000)],
      ['b', letters(i, 15_000)],
      ['c', letters(i, 15_000)],
      ['d', letters(i, 15_000)],
    ]);
    const streamId = client.takeStreamId();
    client.send(
      headers(streamId, block.subarray(0, 16_000), { endStream: true, endHeaders: false }),
      ...[1, 2].map((at) =>
        continuation(streamId, block.subarray(at * 16_000, (at + 1) * 16_000), { endHeaders: false }),
      ),
      continuation(streamId, block.subarray(48_000)),
    );
  }
  await front.until(() => front.server.status().exchanges === MAX_STREAMS, 'all streams');
  const open128 = heldMemory();
  client.peer.reset();
  await front.settled();
  front.exchanges.length = 0;
  const closed = heldMemory();

  const held = open128.heap + open128.buffers - before.heap - before.buffers;
  const left = closed.heap + closed.buffers - before.heap - before.buffers;
  t.diagnostic(
    `${(held / MIB).toFixed(1)} MiB for 7.3 MiB of headers; ${(left / MIB).toFixed(1)} MiB when closed`,
  );
  assert.ok(held < 32 * MIB, `${held}`);
  assert.ok(left < 4 * MIB, `${left}`);
});

for (const { name, attack } of [
  {
    name: 'overflow the window',
    attack: (client: Http2Client) => client.send(get(1), windowUpdate(0, 0x7fffffff)),
  },
  {
    name: 'are dropped with a stream open',
    attack: (client: Http2Client) => client.send(get(1)).peer.reset(),
  },
  {
    name: 'reset a stream in the read that brings it',
    attack: (client: Http2Client) =>
      client.send(Buffer.concat([get(1), rstStream(1, 'CANCEL'), get(3), data(3, 'late')])).peer.end(),
  },
]) {
  test(`sessions that ${name} are freed, every one`, async (t) => {
    const { front, open } = await start(t);
    const batch = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const client = await open();
        client.log.keeps = false;
        attack(client);
        await client.peer.untilEnded();
        client.peer.socket.destroy();
      }
      await front.until(() => front.server.status().sessions === 0, 'the end of all sessions');
      front.exchanges.length = 0;
      front.refusals.length = 0;
      front.closedSessions.length = 0;
    };
    await batch(50);
    const before = heldMemory();

    await batch(300);

    const after = heldMemory();
    front.assertNothingInFlight();
    const left = (after.heap + after.buffers - before.heap - before.buffers) / 300;
    // The clients of this test are remembered until its end.
    t.diagnostic(`${(left / 1024).toFixed(1)} KiB a session`);
    assert.ok(left < 32 * 1024, `${left}`);
  });
}

const BODY = Buffer.alloc(MIB);
const NOTHING = Buffer.alloc(0);

async function start(t: TestContext, script?: Parameters<typeof startOrigin>[1], top = '') {
  const origin = await startOrigin(t, script);
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
      - { path: "/well", respond: { status: 200, body: well } }
      - { cluster: web }
clusters: { web: { instances: [{ address: "${origin.address}" }] } }
${top}
`,
  );
  const open = (options: Http2ClientOptions = {}) => openHttp2Client(t, front.port(), options);
  return { front, origin, open };
}

/** What was asked of the backend has been given up there, too. */
async function backendIsLeftAlone(front: TestFront, origin: Origin): Promise<void> {
  await front.until(() => front.server.status().exchanges === 0, 'the end of all exchanges');
  front.assertNothingInFlight();
  for (const connection of origin.connections) if (connection.text !== '') await connection.untilEnded();
}

function get(streamId: number): Buffer {
  return headers(streamId, plainBlock(GET), { endStream: true });
}

/** Different each time, so that nothing is shared. */
function letters(seed: number, length: number): string {
  return String.fromCharCode(97 + (seed % 26), 97 + (Math.floor(seed / 26) % 26)).repeat(length / 2);
}
