import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ResponseHead } from '../../../protocols/http/message.ts';
import type { ExchangeSink } from '../../../src/core/body.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { Http1Session } from '../../../src/downstream/http1-session.ts';
import { SocketReader } from '../../../src/transport/socket-reader.ts';
import { FakeFront } from '../../support/fake-front.ts';
import { FakeSocket } from '../../support/fake-socket.ts';
import { session } from '../../support/finished-exchange.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** Takes everything, remembers how it ended. */
class Consumer implements ExchangeSink {
  failed: ExchangeError | undefined;
  writables = 0;
  batchEnds = 0;

  bodyData(): boolean {
    return true;
  }

  bodyEnd(): void {}

  writable(): void {
    this.writables += 1;
  }

  requestBatchEnd(): void {
    this.batchEnds += 1;
  }

  requestFailed(error: ExchangeError): void {
    this.failed = error;
  }
}

class Bench {
  readonly front = new FakeFront();
  readonly socket = new FakeSocket();
  readonly driver: Http1Session;

  constructor() {
    const socket = this.socket as unknown as Socket;
    const reader = new SocketReader();
    reader.listen(socket, false);
    reader.watch(socket);
    this.driver = new Http1Session(socket, reader, session(), this.front);
  }

  /** The newest exchange, begun to be answered with `bytes` octets of body. */
  answer(bytes: number): Consumer {
    const consumer = new Consumer();
    const exchange = this.front.exchanges.at(-1)!;
    exchange.attach(consumer);
    exchange.respond(new ResponseHead(200, '', [], bytes));
    exchange.write(Buffer.alloc(bytes, 'x'), 0, bytes, undefined);
    return consumer;
  }

  end(): void {
    const exchange = this.front.exchanges.at(-1)!;
    exchange.end([]);
    exchange.flush();
  }
}

let bench: Bench;

async function arrive(text: string): Promise<void> {
  bench.socket.arrive(text);
  await nextTurn();
}

afterEach(() => {
  assert.deepEqual(bench.front.faults, []);
  bench.driver.destroy();
  assert.equal(bench.front.drivers.size, 0);
});

test('a client that takes the end of its last answer slowly is given the time', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  await arrive(GET_AND_CLOSE);
  socket.isStuck = true;
  bench.answer(100_000);
  bench.end();

  // Longer than a client has to notice the end, and never quite without progress.
  for (let i = 0; i < 5; i++) {
    socket._handle.writeQueueSize -= 100;
    front.pass(50_000);
  }
  assert.equal(socket.destroyed, false);
  socket.drain();
  await nextTurn();

  assert.ok(socket.sent.endsWith('x'.repeat(100_000)));
  assert.equal(socket.destroyed, true);
  assert.equal(front.closedSessions.length, 1);
});

test('a client that takes nothing of its last answer is closed after the write timeout', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  await arrive(GET_AND_CLOSE);
  socket.isStuck = true;
  bench.answer(100_000);
  bench.end();

  front.pass(59_000);
  assert.equal(socket.destroyed, false);
  front.pass(2000);

  assert.equal(socket.destroyed, true);
});

test('a client that has been told the end has two seconds to notice it', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  await arrive('RUBBISH\r\n\r\n');
  assert.match(socket.sent, /^HTTP\/1\.1 400 /);
  assert.equal(socket.writableEnded, true);

  front.pass(1900);
  assert.equal(socket.destroyed, false);
  front.pass(300);

  assert.equal(socket.destroyed, true);
});

test('a client that takes some of a response within the write timeout is not cut off', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  await arrive(GET);
  socket.isStuck = true;
  const consumer = bench.answer(1_000_000);

  for (let i = 0; i < 5; i++) {
    socket._handle.writeQueueSize -= 1;
    front.pass(61_000);
  }
  assert.equal(consumer.failed, undefined);
  front.pass(61_000);

  assert.equal(consumer.failed!.name, 'client-too-slow');
  assert.equal(socket.wasReset, true);
});

test('an idle connection whose last answer is still being taken is not cut off in it', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  front.timeouts = { ...front.timeouts, clientIdleMs: 1000 };
  await arrive(GET);
  socket.isStuck = true;
  bench.answer(100_000);
  bench.end();

  front.pass(10_000);
  assert.equal(socket.destroyed, false);
  socket.drain();
  await nextTurn();

  assert.ok(socket.sent.endsWith('x'.repeat(100_000)));
});

test('a cut response that only the end of the connection would frame is reset', async () => {
  bench = new Bench();
  await arrive('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
  const exchange = bench.front.exchanges[0]!;
  exchange.attach(new Consumer());
  exchange.respond(new ResponseHead(200, '', [], -1));
  exchange.write(Buffer.from('half'), 0, 4, undefined);

  exchange.cut(exchangeError('response-cut', 'a test'));

  assert.equal(bench.socket.wasReset, true);
});

test('a fault of ours ends the exchange and resets the connection', async () => {
  bench = new Bench();
  await arrive(GET);
  const consumer = bench.answer(10);
  const fault = new Error('ours');

  bench.driver.crashed(fault);

  assert.equal(consumer.failed!.name, 'internal-error');
  assert.equal(bench.socket.wasReset, true);
  assert.deepEqual(bench.front.faults.splice(0), [fault]);
});

test('calls for an exchange that is over do nothing', async () => {
  bench = new Bench();
  await arrive(GET);
  const [first] = bench.front.exchanges;
  bench.answer(2);
  bench.end();
  await arrive(GET);
  const { sent } = bench.socket;

  first!.respond(new ResponseHead(500, '', [], 0));
  first!.write(Buffer.from('late'), 0, 4, undefined);
  first!.end([]);
  first!.cut(exchangeError('response-cut', 'late'));
  first!.receiveBody();
  first!.resumeBody();
  first!.closeAfter();
  first!.flush();

  assert.equal(bench.socket.sent, sent);
  assert.equal(bench.front.exchanges.length, 2);
  bench.answer(2);
  bench.end();
  assert.match(bench.socket.sent, /xx$/);
});

test('one read that holds several requests leads to one write of their answers', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  const writes: string[] = [];
  const write = socket.write.bind(socket);
  socket.write = ((chunk: string, encoding: BufferEncoding) => {
    writes.push(chunk);
    return write(chunk, encoding);
  }) as typeof socket.write;
  front.received = (exchange) => {
    exchange.attach(new Consumer());
    exchange.respond(new ResponseHead(204, '', [], 0));
    exchange.end([]);
  };

  await arrive(GET.repeat(5));

  assert.equal(writes.length, 1);
  assert.equal(writes[0]!.match(/204 No Content/g)!.length, 5);
});

test('session bytes and states are told at the end', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  await arrive(GET);
  bench.answer(5);
  bench.end();

  socket.arriveEnd();
  await nextTurn();

  const [closed] = front.closedSessions;
  assert.equal(closed!.bytesIn, GET.length);
  assert.equal(closed!.bytesOut, socket.sent.length);
  assert.equal(closed!.state, 'closed');
});

test('a client that does not take an early answer is cut off, though its body goes on and ends', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  await arrive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
  socket.isStuck = true;
  const consumer = bench.answer(1_000_000);
  front.exchanges[0]!.receiveBody();

  front.pass(20_000);
  await arrive('def');
  front.pass(20_000);
  await arrive('ghi');
  assert.equal(consumer.failed, undefined);
  front.pass(21_000);

  assert.equal(consumer.failed!.name, 'client-too-slow');
});

test('a client that has taken an early answer so far must go on with its body', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  await arrive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
  socket.isStuck = true;
  const consumer = bench.answer(1_000_000);
  front.exchanges[0]!.receiveBody();

  front.pass(20_000);
  socket.drain();
  await nextTurn();
  assert.equal(consumer.writables, 1);
  front.pass(31_000);

  assert.equal(consumer.failed!.name, 'request-timeout');
});

test('a client that has ended its direction without its body counts as gone when the body is wanted', async () => {
  bench = new Bench();
  const { front, socket } = bench;
  await arrive('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n');
  const consumer = new Consumer();
  const exchange = front.exchanges[0]!;
  exchange.attach(consumer);
  socket.arriveEnd();
  await nextTurn();
  assert.equal(consumer.failed, undefined);

  exchange.receiveBody();

  assert.equal(consumer.failed!.name, 'client-gone');
  assert.equal(socket.destroyed, true);
});

test('a request behind a body that nobody wanted is told that its read is over', async () => {
  bench = new Bench();
  const { front } = bench;
  await arrive(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${GET}`);
  const next = new Consumer();
  front.received = (exchange) => exchange.attach(next);

  bench.answer(0);
  bench.end();

  // Until then what it asks of an instance is not sent.
  assert.equal(next.batchEnds, 1);
});
