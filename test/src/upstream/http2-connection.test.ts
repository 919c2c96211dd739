import assert from 'node:assert/strict';
import type { Buffer } from 'node:buffer';
import { afterEach, test } from 'node:test';
import { UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import {
  MAX_CLIENT_RESETS,
  MAX_CLIENT_STREAMS,
  MAX_PENDING_OUTPUT_BYTES,
} from '../../../protocols/http2/limits.ts';
import type { UpstreamTimeouts } from '../../../src/core/settings.ts';
import { Http2ConnectionBench } from '../../support/http2-connection-bench.ts';
import { plainBlock } from '../../support/http2-hpack.ts';
import { data, goaway, headers, ping, rstStream, settings, windowUpdate } from '../../support/http2-wire.ts';

// Timeouts unless told otherwise: connect 2 s, responseHeader 60 s, idle 60 s. A PING goes out after 10 s of silence.

let bench: Http2ConnectionBench;

function start(timeouts?: Partial<UpstreamTimeouts>): Http2ConnectionBench {
  bench = new Http2ConnectionBench(timeouts);
  return bench;
}

async function open(timeouts?: Partial<UpstreamTimeouts>, entries?: Parameters<typeof settings>[0]) {
  start(timeouts);
  await bench.greet(entries);
  return bench;
}

/** Lets time pass, and then there were so many PINGs in all. */
async function pings(ms: number, count: number): Promise<void> {
  await bench.pass(ms);
  assert.equal(bench.framesOf('PING').length, count);
}

/** None of these timeouts is to pass where only PINGs matter. */
const PATIENT = { responseHeaderMs: 3_600_000, idleMs: 3_600_000 };

const PONG = ping('\0\0\0\0\0\0\0\x01', { ack: true });

afterEach(() => {
  assert.deepEqual(bench.faults, []);
  bench.socket.destroy();
});

test('the owner gets a connection with the greeting of its instance, and the room that it leaves', async () => {
  start();
  await bench.turn();
  assert.deepEqual(bench.told, []);
  assert.equal(bench.connection.room, 0);

  await bench.greet([['MAX_CONCURRENT_STREAMS', 7]]);

  assert.deepEqual(bench.told, ['connected with room for 7']);
});

test('an instance that allows more gets no more streams than the bound', async () => {
  await open();
  assert.equal(bench.connection.room, MAX_CLIENT_STREAMS);
  for (let i = 0; i < MAX_CLIENT_STREAMS; i++) await bench.request();
  assert.equal(bench.connection.room, 0);
});

test('an instance that does not greet in time has not been connected to', async () => {
  start();
  await bench.pass(1900);
  assert.deepEqual(bench.told, []);

  await bench.pass(300);

  assert.deepEqual(bench.told, ['failed connect-timeout: no SETTINGS within 2000 ms']);
  assert.equal(bench.socket.destroyed, true);
});

for (const [name, go, told] of [
  ['ends', () => bench.socket.arriveEnd(), 'failed connect-failed: ended before SETTINGS'],
  [
    'resets',
    () => bench.socket.destroy(new Error('ECONNRESET')),
    'failed connect-failed: ECONNRESET before SETTINGS',
  ],
  [
    'speaks of something else',
    () => bench.socket.arrive('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'failed connect-failed: no HTTP/2: frame-too-large: a frame is larger than SETTINGS_MAX_FRAME_SIZE',
  ],
  [
    'begins with another frame',
    () => bench.socket.arrive(ping('12345678').toString('latin1')),
    'failed connect-failed: no HTTP/2: settings-first: the first frame is not SETTINGS',
  ],
] as const) {
  test(`an instance that ${name} before it has greeted has not been connected to`, async () => {
    start();
    await bench.turn();
    go();
    await bench.turn();
    await bench.pass(200_000);

    assert.deepEqual(bench.told, [told]);
  });
}

test('an unused connection is left after the idle time, with GOAWAY', async () => {
  await open();
  await bench.pass(59_000);
  assert.equal(bench.socket.destroyed, false);

  await bench.pass(1200);

  assert.deepEqual(bench.framesOf('GOAWAY', 'PING'), ['GOAWAY last=0 NO_ERROR']);
  assert.equal(bench.told.at(-1), 'closed');
  assert.equal(bench.connection.room, 0);
});

test('the idle time begins with the end of the last stream', async () => {
  await open({ responseHeaderMs: 200_000 });
  await bench.request();
  for (let i = 0; i < 10; i++) {
    await bench.pass(9000);
    await bench.arrive(ping('12345678'));
  }
  await bench.respond(1);
  await bench.pass(59_000);
  assert.equal(bench.socket.destroyed, false);

  await bench.pass(1200);
  assert.equal(bench.socket.destroyed, true);
});

test('a request without a body must be answered within responseHeader, and is cancelled then', async () => {
  await open({ responseHeaderMs: 5000 });
  const attempt = await bench.request();
  await bench.pass(4900);
  assert.deepEqual(attempt.told, []);

  await bench.pass(300);

  assert.deepEqual(attempt.told, ['failed response-timeout: no response head within 5000 ms (never)']);
  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=1 CANCEL']);
  assert.equal(bench.socket.destroyed, false);
  assert.equal(bench.connection.room, MAX_CLIENT_STREAMS);
});

test('with a body that time begins when the last of it has gone out', async () => {
  await open({ responseHeaderMs: 5000, idleMs: 8000 }, [['INITIAL_WINDOW_SIZE', 10]]);
  const attempt = await bench.request(UNKNOWN_LENGTH);
  await bench.pass(9000);
  await bench.arrive(ping('12345678'));
  attempt.send('0123456789abc');
  attempt.stream.sendEnd([]);
  await bench.pass(7000);
  await bench.arrive(windowUpdate(1, 100));
  assert.equal(bench.framesOf('DATA').length, 2);
  await bench.pass(5500);
  assert.deepEqual(attempt.told, []);

  await bench.pass(1500);

  assert.deepEqual(attempt.told, ['failed response-timeout: no response head within 5000 ms (never)']);
});

test('a body that no window is opened for is given up after the idle time; any progress counts', async () => {
  await open({ idleMs: 5000 }, [['INITIAL_WINDOW_SIZE', 10]]);
  const attempt = await bench.request(UNKNOWN_LENGTH);
  attempt.send('0123456789'.repeat(3));
  for (let i = 0; i < 3; i++) {
    await bench.pass(4000);
    await bench.arrive(windowUpdate(1, 1));
  }
  await bench.pass(4000);
  assert.deepEqual(attempt.told, []);

  await bench.pass(6000);

  assert.deepEqual(attempt.told, ['failed response-timeout: no progress within 5000 ms (never)']);
});

test('a stream that waits for the window of the connection is not given up while its neighbours use that', async () => {
  await open({ idleMs: 5000 });
  (await bench.request(UNKNOWN_LENGTH)).send('x'.repeat(65_535));
  const waiting = await Promise.all(Array.from({ length: 20 }, () => bench.request(UNKNOWN_LENGTH)));
  for (const attempt of waiting) attempt.send('yy');
  // Each has its turn every twenty seconds.
  for (let i = 0; i < 40; i++) {
    await bench.pass(1000);
    assert.deepEqual(new Set(waiting.flatMap(({ told }) => told)), new Set());
    await bench.arrive(windowUpdate(0, 1));
  }
  for (const attempt of waiting) attempt.send('yy');

  await bench.pass(5300);

  for (const { told } of waiting)
    assert.deepEqual(told, ['failed response-timeout: no progress within 5000 ms (never)']);
});

test('between two pieces of a response, and behind its head, there may be the idle time', async () => {
  await open({ idleMs: 5000 });
  const attempt = await bench.request();
  await bench.respond(1, 200, 'a', false);
  for (let i = 0; i < 3; i++) {
    await bench.pass(4500);
    await bench.arrive(data(1, 'b'));
  }

  await bench.pass(5300);

  assert.deepEqual(attempt.told.slice(0, 2), ['response 200', 'data a']);
  assert.equal(attempt.last, 'failed response-timeout: no progress within 5000 ms (never)');
});

test('a response whose client does not read has all the time there is', async () => {
  await open({ idleMs: 5000 });
  const attempt = await bench.request();
  attempt.takes = false;
  await bench.respond(1, 200, 'a', false);
  for (let i = 0; i < 10; i++) {
    await bench.pass(5000);
    await bench.arrive(ping('12345678'));
  }
  assert.equal(attempt.last, 'data a');
  attempt.takes = true;

  attempt.stream.resume(true);
  await bench.pass(5300);

  assert.equal(attempt.last, 'failed response-timeout: no progress within 5000 ms (never)');
});

test('so it has while the body of its request waits for the instance, or has waited', async () => {
  for (const { isWhole, increment } of [
    { isWhole: false, increment: 100 },
    { isWhole: true, increment: 100 },
    // An instance that echoes takes nothing while it may not send.
    { isWhole: false, increment: 1 },
  ]) {
    await open({ idleMs: 5000 }, [['INITIAL_WINDOW_SIZE', 2]]);
    const attempt = await bench.request(UNKNOWN_LENGTH);
    attempt.takes = false;
    await bench.respond(1, 200, 'a', false);
    attempt.send('body');
    if (isWhole) attempt.stream.sendEnd([]);
    await bench.turn();
    await bench.arrive(windowUpdate(1, increment));
    for (let i = 0; i < 10; i++) {
      await bench.pass(5000);
      await bench.arrive(ping('12345678'));
    }
    assert.ok(!attempt.told.some((told) => told.startsWith('failed')), attempt.last);
    attempt.takes = true;

    attempt.stream.resume(true);
    // Once more where a window had opened meanwhile.
    await bench.pass(10_300);

    assert.equal(attempt.last, 'failed response-timeout: no progress within 5000 ms (never)');
    bench.socket.destroy();
  }
});

test('a tunnel lives as long as either side speaks, and half of one no longer than the idle time', async () => {
  await open({ idleMs: 5000 }, [['ENABLE_CONNECT_PROTOCOL', 1]]);
  const attempt = await bench.request(0, 'websocket');
  await bench.respond(1, 200, '', false);
  assert.equal(attempt.last, 'upgrade 101');
  for (let i = 0; i < 4; i++) {
    await bench.pass(4000);
    attempt.send('x');
    await bench.pass(4000);
    await bench.arrive(data(1, 'y'));
  }
  await bench.arrive(data(1, '', { endStream: true }));
  assert.equal(attempt.last, 'end');
  await bench.pass(4000);
  attempt.send('x');
  await bench.pass(4500);
  assert.equal(attempt.last, 'end');

  await bench.pass(1000);

  assert.equal(attempt.last, 'failed response-timeout: no progress within 5000 ms (never)');
});

test('an upgrade that is not offered is refused at the end of the turn, and not within send', async () => {
  await open();
  const request = bench.request(0, 'websocket');
  const attempt = await request;

  assert.deepEqual(attempt.told, [
    'failed upgrade-not-offered: the instance does not offer WebSocket over HTTP/2 (never)',
  ]);
  assert.deepEqual(bench.framesOf('HEADERS'), []);
  assert.equal(bench.connection.room, MAX_CLIENT_STREAMS);
});

test('an upgrade that is given up before it was refused is told nothing', async () => {
  await open();
  const request = bench.request(0, 'websocket');
  assert.equal(bench.connection.room, MAX_CLIENT_STREAMS - 1);
  bench.newest.stream.abort();
  const attempt = await request;

  assert.deepEqual(attempt.told, []);
  assert.equal(bench.connection.room, MAX_CLIENT_STREAMS);
});

test('an instance that is silent for ten seconds is asked for a sign of life, and given up five later', async () => {
  await open();
  const attempt = await bench.request();
  await bench.pass(9900);
  assert.deepEqual(bench.framesOf('PING'), []);
  await bench.pass(300);
  assert.equal(bench.framesOf('PING').length, 1);
  await bench.pass(4700);
  assert.deepEqual(attempt.told, []);

  await bench.pass(500);

  assert.deepEqual(attempt.told, ['failed connection-lost: the instance does not answer a PING (never)']);
  assert.equal(bench.told.at(-1), 'closed');
  assert.equal(bench.socket.destroyed, true);
});

for (const [sign, frame] of [
  ['the answer', PONG],
  ['any other frame', windowUpdate(0, 1)],
] as const) {
  test(`${sign} is a sign of life, and the same silence is asked about again after five minutes`, async () => {
    await open(PATIENT);
    const attempt = await bench.request();
    await pings(10_300, 1);
    for (let asked = 2; asked <= 4; asked++) {
      await bench.pass(4000);
      await bench.arrive(frame);
      await pings(300_000, asked - 1);
      await pings(10_300, asked);
    }
    assert.deepEqual(attempt.told, []);
  });
}

test('a silence behind something of a response is another, and asked about after ten seconds', async () => {
  await open(PATIENT);
  await bench.request();
  const pieces = [headers(1, plainBlock([[':status', '200']])), data(1, 'a'), data(1, 'b')];
  for (const [i, piece] of pieces.entries()) {
    await pings(10_300, i + 1);
    await bench.arrive(PONG, piece);
  }
  await pings(10_300, pieces.length + 1);
});

test('a new request has an old silence asked about once more, and no more than that', async () => {
  await open(PATIENT);
  await bench.request();
  await pings(10_300, 1);
  await bench.arrive(PONG);
  await bench.pass(60_000);

  await bench.request();
  await pings(9000, 1);
  await pings(1300, 2);
  await bench.arrive(PONG);
  await bench.request();
  await pings(300_000, 2);
  await pings(10_300, 3);
});

test('a silence goes on over requests that are given up', async () => {
  await open(PATIENT);
  for (const count of [1, 2, 2, 2]) {
    await bench.request();
    await pings(10_300, count);
    await bench.arrive(PONG);
    bench.newest.stream.abort();
  }
});

test('no sign of life is asked of an instance that nothing is under way with', async () => {
  await open();
  await bench.request();
  await bench.respond(1);
  await bench.pass(50_000);

  assert.deepEqual(bench.framesOf('PING'), []);
});

test('an instance that does not read is given up after the idle time, although it speaks', async () => {
  await open({ idleMs: 5000 });
  const attempt = await bench.request(UNKNOWN_LENGTH);
  bench.socket.isStuck = true;
  attempt.send('x');
  await bench.turn();
  for (let i = 0; i < 4; i++) {
    await bench.pass(1000);
    await bench.arrive(ping('12345678'));
  }
  assert.deepEqual(attempt.told, []);

  await bench.pass(1500);

  assert.deepEqual(attempt.told, [
    'failed response-timeout: the instance does not take what is sent (never)',
  ]);
  assert.equal(bench.told.at(-1), 'closed');
});

test('an instance that does not read what it causes is not read any more', async () => {
  await open();
  bench.socket.isStuck = true;
  const count = 2000;
  while (bench.socket.writableLength <= MAX_PENDING_OUTPUT_BYTES) {
    await bench.arrive(data(1, ''), ...new Array<Buffer>(count).fill(ping('12345678')));
    if (bench.socket.destroyed) break;
  }
  assert.equal(bench.socket.isPaused() || bench.socket.destroyed, true);
});

test('pings that come over hours are no flood', async () => {
  await open({ idleMs: 100_000_000 });
  for (let i = 0; i < 30; i++) {
    await bench.arrive(...new Array<Buffer>(900).fill(ping('12345678')));
    await bench.pass(10_000);
  }
  assert.equal(bench.socket.destroyed, false);

  await bench.arrive(...new Array<Buffer>(11_000).fill(ping('12345678')));
  assert.equal(bench.framesOf('GOAWAY')[0]?.startsWith('GOAWAY last=0 ENHANCE_YOUR_CALM'), true);
  assert.equal(bench.told.at(-1), 'closed');
});

test('the owner is told when there is room again: by an end, or by settings', async () => {
  await open({}, [['MAX_CONCURRENT_STREAMS', 1]]);
  await bench.request();
  assert.equal(bench.connection.room, 0);
  await bench.respond(1);
  assert.equal(bench.told.at(-1), 'free 1');
  bench.connection.isListed = false;
  bench.told.length = 0;
  await bench.request();

  await bench.arrive(settings([['MAX_CONCURRENT_STREAMS', 3]]));

  assert.deepEqual(bench.told, ['free 2']);
});

test('the first request of a connection is not sent again when that breaks, later ones if they are idempotent', async () => {
  await open();
  const attempts = [await bench.request(), await bench.request()];
  await bench.respond(1, 200, 'some', false);
  const third = await bench.request();

  bench.socket.arriveEnd();
  await bench.turn();

  assert.equal(attempts[0]!.last, 'failed response-cut: connection ended (never)');
  assert.equal(attempts[1]!.last, 'failed connection-lost: connection ended (idempotent)');
  assert.equal(third.last, 'failed connection-lost: connection ended (idempotent)');
  assert.equal(bench.told.filter((told) => told === 'closed').length, 1);
});

test('what the instance has said by GOAWAY is told to those whose responses it does not finish', async () => {
  await open();
  const attempts = [await bench.request(), await bench.request()];
  await bench.respond(1, 200, 'some', false);

  await bench.arrive(goaway(3, 'ENHANCE_YOUR_CALM', 'too_many_pings'));
  bench.socket.arriveEnd();
  await bench.turn();

  const end = 'connection ended behind GOAWAY (ENHANCE_YOUR_CALM)';
  assert.equal(attempts[0]!.last, `failed response-cut: ${end} (never)`);
  assert.equal(attempts[1]!.last, `failed connection-lost: ${end} (idempotent)`);
});

test('what is aborted is told nothing more, and its stream is cancelled', async () => {
  await open();
  const attempt = await bench.request();
  const neighbour = await bench.request();
  attempt.stream.abort();
  await bench.turn();
  await bench.respond(1, 200, 'late');
  await bench.respond(3, 204);

  assert.deepEqual(attempt.told, []);
  assert.deepEqual(neighbour.told, ['response 204', 'end']);
  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=1 CANCEL']);
});

test('with as many resets as servers bear it takes nothing more, and leaves when the last stream is over', async () => {
  await open();
  const last = await bench.request();
  for (let resets = 1; resets <= MAX_CLIENT_RESETS; resets++) {
    assert.equal(bench.connection.room, MAX_CLIENT_STREAMS - 1);
    const { stream } = await bench.request();
    stream.abort();
  }
  assert.equal(bench.connection.room, 0);
  await bench.turn();
  assert.equal(bench.socket.destroyed, false);

  await bench.respond(1, 200, 'whole');

  assert.equal(last.last, 'end');
  assert.equal(bench.told.at(-1), 'closed');
});

test('streams that the instance has ended are not reset, and do not count as such', async () => {
  await open();
  for (let i = 0; i < MAX_CLIENT_RESETS; i++) {
    const attempt = await bench.request();
    attempt.takes = false;
    await bench.respond(2 * i + 1, 200, 'held', false);
    await bench.arrive(data(2 * i + 1, 'end', { endStream: true }));
    attempt.stream.abort();
  }

  assert.equal(bench.connection.room, MAX_CLIENT_STREAMS);
  assert.deepEqual(bench.framesOf('RST_STREAM'), []);
});

test('retired, it takes nothing more and leaves when the last stream is over', async () => {
  await open();
  const attempt = await bench.request();
  bench.connection.retire();
  assert.equal(bench.connection.room, 0);
  await bench.turn();
  assert.equal(bench.socket.destroyed, false);

  await bench.respond(1, 204);

  assert.equal(attempt.last, 'end');
  assert.equal(bench.told.at(-1), 'closed');
  assert.deepEqual(bench.framesOf('GOAWAY'), ['GOAWAY last=0 NO_ERROR']);
});

test('behind a GOAWAY it takes nothing more and leaves when the last stream is over', async () => {
  await open();
  const attempt = await bench.request();
  await bench.arrive(goaway(1, 'NO_ERROR'));
  assert.equal(bench.connection.room, 0);
  assert.equal(bench.socket.destroyed, false);
  await bench.arrive(rstStream(1, 'INTERNAL_ERROR'));

  assert.equal(attempt.last, 'failed connection-lost: the peer has reset the stream: INTERNAL_ERROR (never)');
  assert.equal(bench.told.at(-1), 'closed');
});

test('a fault of the instance is told by GOAWAY, and what of the connection is left is let go of', async () => {
  await open();
  const attempt = await bench.request();
  await bench.arrive(windowUpdate(0, 0));
  await bench.pass(300_000);

  assert.match(attempt.last!, /^failed malformed-response: zero-connection-increment: /);
  assert.equal(bench.framesOf('GOAWAY').length, 1);
  assert.deepEqual(bench.told.slice(1), ['closed']);
});
