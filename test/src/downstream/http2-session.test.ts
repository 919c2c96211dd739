import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { afterEach, test } from 'node:test';
import { ResponseHead } from '../../../protocols/http/message.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { Deadline } from '../../../src/transport/deadlines.ts';
import type { FakeFront } from '../../support/fake-front.ts';
import { requestBlock } from '../../support/http2-request-block.ts';
import { Http2SessionBench, RecordingConsumer } from '../../support/http2-session-bench.ts';
import {
  continuation,
  data,
  headers,
  PREFACE,
  ping,
  rstStream,
  settings,
  settingsAck,
  windowUpdate,
} from '../../support/http2-wire.ts';

// The deadlines that a front has unless told otherwise: head 10 s, idle 60 s, body 30 s, write 60 s.

let bench: Http2SessionBench;

const TOO_MANY_FIELDS = requestBlock({ fields: new Array(201).fill(['x', '']) });

function open(change?: (front: FakeFront) => void): Http2SessionBench {
  bench = new Http2SessionBench(change);
  return bench;
}

afterEach(async () => {
  const { front, driver } = bench;
  assert.deepEqual(front.faults, []);
  driver.destroy();
  assert.equal(front.drivers.size, 0);
  assert.equal(front.closedSessions.length, 1);
  assertWheelIsEmpty();
});

/** Counts them from here on. */
function countedWrites(socket: Http2SessionBench['socket']): { count: number } {
  const writes = { count: 0 };
  const write = socket.write.bind(socket);
  socket.write = ((chunk: Buffer, callback: () => void) => {
    writes.count += 1;
    return write(chunk, callback);
  }) as typeof socket.write;
  return writes;
}

/** With no deadline in it the wheel has no timer: one that is set and cancelled shows that nobody else holds it. */
function assertWheelIsEmpty(): void {
  const { deadlines } = bench.front;
  const fired: number[] = [];
  const probe = new Deadline(deadlines, { expire: (now) => void fired.push(now) });
  const { expire } = bench.driver;
  let late = 0;
  bench.driver.expire = () => void late++;
  probe.set(deadlines.after(50));
  bench.front.pass(200_000);
  bench.driver.expire = expire;
  assert.equal(fired.length, 1);
  assert.equal(late, 0);
}

test('a client that does not send the preface is told after the head timeout, and not before', async () => {
  const { socket, front } = open();
  await bench.turn();

  await bench.pass(9900);
  assert.equal(socket.writableEnded, false);
  await bench.pass(300);

  assert.equal(socket.writableEnded, true);
  assert.deepEqual(bench.framesOf('GOAWAY'), ['GOAWAY last=0 NO_ERROR']);
  assert.equal(front.refusedSessions[0]!.error!.name, 'request-timeout');
});

test('a client that asks for nothing is told after the head timeout, whatever else it sends', async () => {
  const { socket } = open();
  await bench.begin();

  for (let i = 0; i < 9; i++) {
    await bench.pass(1000);
    await bench.arrive(ping('alive!!!'));
  }
  assert.equal(socket.writableEnded, false);
  await bench.pass(1300);

  assert.equal(socket.writableEnded, true);
});

test('a client that was told the end has two seconds to notice it', async () => {
  const { socket } = open();
  await bench.pass(10_200);
  assert.equal(socket.writableEnded, true);

  await bench.pass(1800);
  assert.equal(socket.destroyed, false);
  await bench.pass(300);

  assert.equal(socket.destroyed, true);
});

test('a client that was told the end and goes on sending is read a little longer, and then no more', async () => {
  const { socket } = open();
  await bench.begin();
  await bench.arrive(data(1, 'on a stream that was never opened'));
  assert.deepEqual(bench.framesOf('GOAWAY'), ['GOAWAY last=0 PROTOCOL_ERROR "idle-stream"']);

  for (let i = 0; i < 4; i++) await bench.arrive(Buffer.alloc(60_000));
  assert.equal(socket.isPaused(), false);
  await bench.arrive(Buffer.alloc(60_000));
  assert.equal(socket.isPaused(), true);
  await bench.pass(2300);

  assert.equal(socket.destroyed, true);
});

test('a connection without streams is ended in two steps after the idle timeout', async () => {
  const { socket, front } = open();
  await bench.begin();
  await bench.request(1);
  await bench.answer(5);
  await bench.finish();

  await bench.pass(59_900);
  assert.deepEqual(bench.framesOf('GOAWAY'), []);
  await bench.pass(300);
  assert.deepEqual(bench.framesOf('GOAWAY'), ['GOAWAY last=2147483647 NO_ERROR']);
  await bench.pass(1300);

  assert.deepEqual(bench.framesOf('GOAWAY'), ['GOAWAY last=2147483647 NO_ERROR', 'GOAWAY last=1 NO_ERROR']);
  assert.equal(socket.writableEnded, true);
  assert.deepEqual(front.refusedSessions, []);
});

test('a connection with a stream is not idle, however long it waits for its answer', async () => {
  const { socket } = open();
  await bench.begin();
  await bench.request(1);

  await bench.pass(600_000);

  assert.equal(socket.writableEnded, false);
  assert.deepEqual(bench.framesOf('GOAWAY', 'RST_STREAM'), []);
});

test('a request that crosses the announcement of the end is still served', async () => {
  const { socket } = open();
  await bench.begin();
  await bench.request(1);
  await bench.answer(5);
  await bench.finish();
  await bench.pass(60_200);

  await bench.request(3);
  await bench.pass(1300);
  assert.equal(bench.framesOf('GOAWAY').at(-1), 'GOAWAY last=3 NO_ERROR');
  assert.equal(socket.writableEnded, false);
  await bench.answer(5);
  await bench.finish();

  assert.equal(socket.writableEnded, true);
});

test('a connection whose only request was refused with an answer is idle, not silent', async () => {
  const { front, socket } = open();
  await bench.begin();
  await bench.arrive(headers(1, TOO_MANY_FIELDS, { endStream: true }));
  assert.match(bench.framesOf('HEADERS')[0]!, /:status: 431/);

  await bench.pass(59_000);
  assert.equal(socket.writableEnded, false);
  await bench.pass(2500);

  assert.deepEqual(bench.framesOf('GOAWAY'), ['GOAWAY last=2147483647 NO_ERROR', 'GOAWAY last=1 NO_ERROR']);
  assert.equal(front.refusedSessions.length, 1);
});

test('a header block that is not complete ends the connection after the head timeout, and its streams with it', async () => {
  const { socket, front } = open();
  await bench.begin();
  const neighbour = await bench.request(1);
  await bench.pass(30_000);
  await bench.arrive(headers(3, requestBlock(), { endStream: true, endHeaders: false }));

  for (let i = 0; i < 9; i++) {
    await bench.pass(1000);
    await bench.arrive(continuation(3, Buffer.from([0x00, 0x01, 0x61, 0x01, 0x61]), { endHeaders: false }));
  }
  assert.equal(socket.writableEnded, false);
  await bench.pass(1300);

  assert.equal(socket.writableEnded, true);
  assert.equal(front.refusedSessions[0]!.error!.name, 'request-timeout');
  assert.notEqual(neighbour.failed, undefined);
});

test('a header block that is completed in time sets nothing off', async () => {
  const { socket } = open();
  await bench.begin();
  await bench.arrive(headers(1, requestBlock(), { endStream: true, endHeaders: false }));
  await bench.pass(9000);
  await bench.arrive(continuation(1, Buffer.alloc(0)));
  const consumer = bench.consume();

  await bench.pass(100_000);

  assert.equal(socket.writableEnded, false);
  assert.equal(consumer.failed, undefined);
});

test('a body that stops is answered 408 on its stream after the body timeout, and its neighbours go on', async () => {
  const { socket } = open();
  await bench.begin();
  const neighbour = await bench.request(1);
  const consumer = await bench.request(3, 'POST');
  bench.newest.receiveBody();
  await bench.pass(29_000);
  await bench.arrive(data(3, 'some'));

  await bench.pass(29_900);
  assert.equal(consumer.failed, undefined);
  await bench.pass(300);

  assert.equal(consumer.failed!.name, 'request-timeout');
  assert.equal(consumer.body, 'some');
  assert.match(bench.framesOf('HEADERS').at(-1)!, /^HEADERS stream=3 .*\n {2}:status: 408/);
  await bench.pass(1200);
  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=3 NO_ERROR']);
  assert.equal(neighbour.failed, undefined);
  assert.equal(socket.writableEnded, false);
});

test('the rest of a request that was answered has a second to come', async () => {
  const { socket } = open();
  await bench.begin();
  for (const streamId of [1, 3]) {
    await bench.request(streamId, 'POST');
    await bench.answerOf(bench.newest);
  }
  await bench.arrive(data(3, 'body', { endStream: true }));

  await bench.pass(900);
  assert.deepEqual(bench.framesOf('RST_STREAM'), []);
  await bench.pass(300);

  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=1 NO_ERROR']);
  assert.equal(socket.writableEnded, false);
});

test('a body that stops behind an early answer is reset', async () => {
  open();
  await bench.begin();
  const consumer = await bench.request(1, 'POST');
  bench.newest.receiveBody();
  await bench.answer(5);

  await bench.pass(30_300);

  assert.equal(consumer.failed!.name, 'request-timeout');
  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=1 CANCEL']);
});

test('a gRPC call may have nothing to say for as long as its cluster lets it', async () => {
  open();
  await bench.begin();
  const fields = [['content-type', 'application/grpc+proto']] as const;
  const begin = async (streamId: number, clusterIdleMs: number) => {
    await bench.arrive(headers(streamId, requestBlock({ method: 'POST', fields })));
    const consumer = bench.consume();
    bench.newest.clusterIdleMs = clusterIdleMs;
    bench.newest.receiveBody();
    await bench.arrive(data(streamId, 'message'));
    return consumer;
  };
  const hasted = await begin(1, 5000);
  const patient = await begin(3, 100_000);
  const answered = await begin(5, 5000);
  await bench.answer(5);

  await bench.pass(29_000);
  assert.equal(hasted.failed, undefined);
  await bench.pass(1300);
  // No less than for any other body.
  assert.equal(hasted.failed!.name, 'request-timeout');
  await bench.pass(60_000);
  await bench.arrive(data(3, 'message'));
  await bench.pass(99_000);
  assert.equal(patient.failed, undefined);
  await bench.pass(1300);

  assert.equal(patient.failed!.name, 'request-timeout');
  // Where there is an answer, the side of the instance sees to it.
  assert.equal(answered.failed, undefined);
});

test('a body that nobody wants yet, or that its reader holds up, has all the time there is', async () => {
  open();
  await bench.begin();
  const unread = await bench.request(1, 'POST');
  const paused = await bench.request(3, 'POST');
  bench.newest.receiveBody();
  paused.full = true;
  await bench.arrive(data(3, 'full'));

  await bench.pass(100_000);
  assert.equal(unread.failed, undefined);
  assert.equal(paused.failed, undefined);
  bench.newest.resumeBody();
  await bench.pass(30_300);

  assert.equal(paused.failed!.name, 'request-timeout');
});

test('a body that the window of the connection holds up has all the time there is', async () => {
  open((front) => {
    front.http2 = { ...front.http2, streamWindowBytes: 65_535, connectionWindowBytes: 65_535 };
  });
  await bench.begin();
  const hog = await bench.request(1, 'POST');
  bench.newest.receiveBody();
  hog.full = true;
  const piece = Buffer.alloc(13_107);
  for (let i = 0; i < 5; i++) await bench.arrive(data(1, piece));
  const victim = await bench.request(3, 'POST');
  bench.newest.receiveBody();

  await bench.pass(100_000);

  assert.equal(victim.failed, undefined);
});

test('a tunnel may be silent for longer than a body may', async () => {
  open();
  await bench.begin();
  const consumer = await bench.request(1, 'POST');
  bench.newest.upgrade(new ResponseHead(101, '', [], 0));
  await bench.arrive(data(1, 'hello'));
  assert.equal(consumer.body, 'hello');
  consumer.full = true;
  await bench.arrive(data(1, 'again'));
  bench.newest.resumeBody();

  await bench.pass(300_000);

  assert.equal(consumer.failed, undefined);
});

test('a stream whose window is never opened is reset after the write timeout', async () => {
  const { socket } = open();
  await bench.begin([['INITIAL_WINDOW_SIZE', 0]]);
  const neighbour = await bench.request(1);
  const consumer = await bench.request(3);
  await bench.answer(1000);

  await bench.pass(59_900);
  assert.equal(consumer.failed, undefined);
  await bench.pass(300);

  assert.equal(consumer.failed!.name, 'client-too-slow');
  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=3 CANCEL']);
  assert.equal(neighbour.failed, undefined);
  assert.equal(socket.writableEnded, false);
});

test('a stream is reset after the write timeout when the window of the connection is never opened', async () => {
  open();
  await bench.begin([['INITIAL_WINDOW_SIZE', 1_000_000]]);
  const consumer = await bench.request(1);
  await bench.answer(100_000);

  await bench.pass(60_300);

  assert.equal(consumer.failed!.name, 'client-too-slow');
});

test('a stream that waits while its neighbours use the window of the connection is not reset', async () => {
  open();
  await bench.begin([['INITIAL_WINDOW_SIZE', 1_000_000]]);
  await bench.request(1);
  await bench.answer(200_000);
  // Later than the one before it, whatever else it asks for.
  await bench.arrive(headers(3, requestBlock({ fields: [['priority', 'u=7']] }), { endStream: true }));
  const consumer = bench.consume();
  await bench.answer(10_000);

  for (let i = 0; i < 5; i++) {
    await bench.pass(30_000);
    await bench.arrive(windowUpdate(0, 10_000));
  }

  assert.equal(consumer.failed, undefined);
});

test('a stream that gets a little within each write timeout goes on', async () => {
  open();
  await bench.begin([['INITIAL_WINDOW_SIZE', 0]]);
  const consumer = await bench.request(1);
  await bench.answer(1000);

  for (let i = 0; i < 5; i++) {
    await bench.pass(50_000);
    await bench.arrive(windowUpdate(1, 1));
  }
  assert.equal(consumer.failed, undefined);
  await bench.pass(120_300);

  assert.equal(consumer.failed!.name, 'client-too-slow');
});

test('the end of a response that waits for a window does not keep its stream for ever', async () => {
  open();
  await bench.begin([['INITIAL_WINDOW_SIZE', 0]]);
  await bench.request(1);
  await bench.answer(1000);
  await bench.finish();

  await bench.pass(60_300);

  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=1 CANCEL']);
});

test('a timeout that is answered does not keep its stream for ever when the answer waits for a window', async () => {
  const { driver } = open();
  await bench.begin([['INITIAL_WINDOW_SIZE', 0]]);
  await bench.request(1, 'POST');
  bench.newest.receiveBody();
  await bench.pass(30_300);
  assert.match(bench.framesOf('HEADERS')[0]!, /:status: 408/);
  assert.deepEqual(bench.framesOf('RST_STREAM'), []);

  await bench.pass(60_300);

  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=1 CANCEL']);
  assert.equal(driver.engine.streams.size, 0);
});

test('a refusal whose text has no window is cut at once', async () => {
  const { driver } = open();
  await bench.begin([['INITIAL_WINDOW_SIZE', 0]]);

  await bench.arrive(headers(1, TOO_MANY_FIELDS, { endStream: true }));

  assert.match(bench.framesOf('HEADERS')[0]!, /:status: 431/);
  assert.deepEqual(bench.framesOf('RST_STREAM'), ['RST_STREAM stream=1 CANCEL']);
  assert.equal(driver.engine.streams.size, 0);
});

for (const kind of ['half', 'all'] as const) {
  test(`a socket that takes ${kind === 'half' ? 'no more than half' : 'nothing'} of what is written is closed after the write timeout`, async () => {
    const { socket } = open();
    await bench.begin([['INITIAL_WINDOW_SIZE', 1_000_000]]);
    await bench.arrive(windowUpdate(0, 1_000_000));
    const consumer = await bench.request(1);
    socket.isStuck = true;
    await bench.answer(200_000);
    if (kind === 'half') {
      await bench.pass(30_000);
      socket._handle.writeQueueSize /= 2;
      await bench.pass(30_300);
    }

    await bench.pass(59_500);
    assert.equal(consumer.failed, undefined);
    await bench.pass(kind === 'half' ? 60_500 : 1000);

    assert.equal(consumer.failed!.name, 'client-too-slow');
    assert.equal(socket.destroyed, true);
  });
}

test('a socket that takes some of what is written within each write timeout stays', async () => {
  const { socket } = open();
  await bench.begin([['INITIAL_WINDOW_SIZE', 1_000_000]]);
  await bench.arrive(windowUpdate(0, 1_000_000));
  const consumer = await bench.request(1);
  socket.isStuck = true;
  await bench.answer(200_000);

  for (let i = 0; i < 10; i++) {
    socket._handle.writeQueueSize -= 1000;
    await bench.pass(59_000);
  }

  assert.equal(consumer.failed, undefined);
});

test('a write whose end is told later than the turn it was made in does not count as stuck', async () => {
  // As over TLS: the kernel has it all, and yet Node says so only in the next turn, and without `drain`.
  const { socket } = open();
  await bench.begin();
  const write = socket._write.bind(socket);
  socket._write = (chunk, encoding, callback) => {
    socket._handle.writeQueueSize = 0;
    setImmediate(() => write(chunk, encoding, callback));
  };
  const consumer = await bench.request(1);
  await bench.answer(5);

  await bench.pass(200_000);

  assert.equal(consumer.failed, undefined);
  assert.equal(socket.destroyed, false);
});

test('a client that has ended its direction has a second for its answers', async () => {
  const { socket } = open();
  await bench.begin();
  const consumer = await bench.request(1);
  socket.arriveEnd();
  await bench.turn();

  await bench.pass(900);
  assert.equal(socket.destroyed, false);
  await bench.pass(300);

  assert.equal(socket.destroyed, true);
  assert.equal(consumer.failed!.name, 'client-gone');
});

test('a client that has ended its direction gets the answer that comes in time', async () => {
  const { socket } = open();
  await bench.begin();
  await bench.request(1);
  socket.arriveEnd();
  await bench.turn();

  await bench.answer(5);
  await bench.finish();

  assert.match(bench.frames.at(-1)!, /^DATA stream=1 END_STREAM/);
  assert.equal(socket.writableEnded, true);
});

test('a drain announces the end, and refuses streams from the answer to its PING on', async () => {
  const { driver, socket } = open();
  await bench.begin();
  await bench.request(1);

  driver.drain();
  await bench.turn();
  assert.deepEqual(bench.framesOf('GOAWAY'), ['GOAWAY last=2147483647 NO_ERROR']);
  const crossing = await bench.request(3);
  await bench.arrive(ping(Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), { ack: true }));
  assert.equal(bench.framesOf('GOAWAY').at(-1), 'GOAWAY last=3 NO_ERROR');
  await bench.arrive(headers(5, requestBlock(), { endStream: true }));
  assert.equal(bench.front.exchanges.length, 2);
  await bench.answer(5);
  await bench.finish();
  assert.equal(socket.writableEnded, false);
  await bench.finish(bench.front.exchanges[0]);

  assert.equal(crossing.failed, undefined);
  assert.equal(socket.writableEnded, true);
});

test('a client that does not answer the PING of a drain is refused further streams after a second', async () => {
  const { driver } = open();
  await bench.begin();
  await bench.request(1);

  driver.drain();
  await bench.pass(900);
  assert.equal(bench.framesOf('GOAWAY').length, 1);
  await bench.pass(300);

  assert.equal(bench.framesOf('GOAWAY').length, 2);
});

test('the end of a drain answers who has no answer yet, and cuts who has half of one off by the end of the connection', async () => {
  const { driver, socket } = open();
  await bench.begin();
  const waiting = await bench.request(1);
  const half = await bench.request(3);
  await bench.answer(5);

  driver.destroy();

  assert.match(bench.framesOf('HEADERS stream=1')[0]!, /:status: 503/);
  assert.deepEqual(bench.framesOf('RST_STREAM'), []);
  assert.equal(waiting.failed!.name, 'draining');
  assert.equal(half.failed!.name, 'draining');
  assert.equal(socket.destroyed, true);
});

test('a request that is reset in the read that brought it is counted, and nobody is asked for an answer', async () => {
  const { front, session } = open();
  await bench.begin();

  await bench.arrive(
    headers(1, requestBlock(), { endStream: true }),
    rstStream(1, 'CANCEL'),
    headers(3, requestBlock(), { endStream: true }),
    headers(5, requestBlock({ method: 'POST' })),
    windowUpdate(5, 0),
  );

  assert.deepEqual(
    front.abandonedExchanges.map(({ error }) => error?.name),
    ['client-gone', 'http2-protocol-error'],
  );
  assert.equal(front.exchanges.length, 1);
  assert.equal(session.exchanges, 3);
  await bench.answerOf(front.exchanges[0]!);
  assert.match(bench.framesOf('HEADERS')[0]!, /^HEADERS stream=3 /);
});

test('requests of a read that ends the connection are counted, and nobody is asked for an answer', async () => {
  const { front } = open();
  await bench.begin();

  await bench.arrive(headers(1, requestBlock(), { endStream: true }), data(7, 'on a stream that is idle'));

  assert.deepEqual(
    front.abandonedExchanges.map(({ error }) => error?.name),
    ['http2-protocol-error'],
  );
  assert.equal(front.exchanges.length, 0);
});

test('a request is brought before its body, in one read too', async () => {
  const { front } = open();
  await bench.begin();
  const consumer = new RecordingConsumer();
  front.received = (exchange) => {
    front.exchanges.push(exchange);
    exchange.attach(consumer);
    exchange.receiveBody();
  };

  await bench.arrive(
    headers(1, requestBlock({ method: 'POST' })),
    data(1, 'all of it', { endStream: true }),
    rstStream(1, 'CANCEL'),
  );

  assert.equal(front.exchanges.length, 1);
  assert.equal(consumer.body, 'all of it');
  assert.equal(consumer.bodyEnded, true);
  assert.equal(consumer.failed?.name, 'client-gone');
  assert.equal(front.abandonedExchanges.length, 0);
});

test('a stream that is cut within the call that brings it ends as itself', async () => {
  const { front, socket } = open();
  await bench.begin();
  front.received = (exchange) => {
    front.exchanges.push(exchange);
    exchange.cut(exchangeError('denied-by-module', 'a test'));
    exchange.respond(new ResponseHead(200, '', [], 0));
    exchange.end([]);
  };

  await bench.arrive(
    headers(1, requestBlock(), { endStream: true }),
    headers(3, requestBlock({ method: 'POST' })),
    data(3, 'late', { endStream: true }),
    rstStream(3, 'CANCEL'),
  );

  // The third is brought with its body, the first when the read is over.
  assert.deepEqual(bench.framesOf('RST_STREAM'), [
    'RST_STREAM stream=3 INTERNAL_ERROR',
    'RST_STREAM stream=1 INTERNAL_ERROR',
  ]);
  assert.deepEqual(bench.framesOf('HEADERS', 'GOAWAY'), []);
  assert.equal(socket.destroyed, false);
});

test('calls for an exchange that is over do nothing', async () => {
  const { socket, front } = open();
  await bench.begin();
  await bench.request(1);
  await bench.arrive(rstStream(1, 'CANCEL'));
  await bench.turn();
  const { length } = bench.frames;
  const [over] = front.exchanges;

  over!.inform(new ResponseHead(103, '', [], 0));
  over!.respond(new ResponseHead(500, '', [], 0));
  over!.write(Buffer.from('late'), 0, 4, undefined);
  over!.end([]);
  over!.cut(exchangeError('response-cut', 'late'));
  over!.receiveBody();
  over!.resumeBody();
  over!.flush();
  await bench.turn();

  assert.equal(bench.frames.length, length);
  assert.equal(socket.destroyed, false);
});

test('a fault of ours ends the exchanges and the connection', async () => {
  const { front, driver, socket } = open();
  await bench.begin();
  const consumer = await bench.request(1);
  const fault = new Error('ours');

  driver.crashed(fault);

  assert.equal(consumer.failed!.name, 'internal-error');
  assert.equal(socket.destroyed, true);
  assert.deepEqual(front.faults.splice(0), [fault]);
});

test('what one read causes on many streams goes out in one write', async () => {
  const { front, socket } = open();
  await bench.begin();
  const writes = countedWrites(socket);
  front.received = (exchange) => {
    exchange.respond(new ResponseHead(204, '', [], 0));
    exchange.end([]);
    exchange.flush();
  };

  await bench.arrive(...[1, 3, 5, 7, 9].map((id) => headers(id, requestBlock(), { endStream: true })));

  assert.equal(writes.count, 1);
  assert.equal(bench.framesOf('HEADERS').length, 5);
});

test('the answer to the last request goes out at once, and those before it wait to go with it', async () => {
  const { front, socket } = open();
  await bench.begin();
  await bench.request(1);
  await bench.request(3);
  const writes = countedWrites(socket);
  const answer = (index: number): void => {
    const exchange = front.exchanges[index]!;
    exchange.respond(new ResponseHead(204, '', [], 0));
    exchange.end([]);
    exchange.flush();
  };

  answer(0);
  assert.equal(writes.count, 0);
  answer(1);

  assert.equal(writes.count, 1);
  await bench.turn();
  assert.equal(writes.count, 1);
  assert.equal(bench.framesOf('HEADERS').length, 2);
});

test('a request alone is nothing to write about', async () => {
  const { driver } = open();
  await bench.begin();
  let flushes = 0;
  const flush = driver.flush.bind(driver);
  driver.flush = () => {
    flushes += 1;
    flush();
  };

  await bench.request(1);
  await bench.turn();

  assert.equal(flushes, 0);
});

test('bytes, exchanges and states of the session are told', async () => {
  const { session, front, socket } = open();
  await bench.arrive(PREFACE, settings(), settingsAck());
  await bench.request(1);
  assert.equal(session.state, 'active');
  await bench.request(3);
  await bench.answer(5);
  await bench.finish();
  assert.equal(session.state, 'active');
  await bench.answerOf(front.exchanges[0]!);
  assert.equal(session.state, 'idle');

  socket.arriveEnd();
  await bench.turn();
  await bench.pass(2300);

  assert.equal(session.state, 'closed');
  assert.equal(session.exchanges, 2);
  assert.equal(session.bytesIn, socket.bytesRead);
  assert.equal(session.bytesOut, socket.sent.length);
  assert.equal(session.error, undefined);
});

test('a flood is told at once, and left unread for a second before it may begin anew', async () => {
  const { socket, front } = open();
  await bench.begin();

  await bench.arrive(Buffer.concat(Array.from({ length: 1001 }, () => ping('flooding'))));

  assert.deepEqual(bench.framesOf('GOAWAY'), ['GOAWAY last=0 ENHANCE_YOUR_CALM "too-many-glitches"']);
  assert.equal(front.refusedSessions[0]!.error!.name, 'http2-flood');
  assert.equal(socket.isPaused(), true);
  await bench.pass(950);
  assert.equal(socket.writableEnded, false);
  assert.equal(socket.destroyed, false);
  await bench.pass(250);
  assert.equal(socket.destroyed, true);
});
