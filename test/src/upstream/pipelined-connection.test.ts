import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResponseHead } from '../../../protocols/http/message.ts';
import { ResponseMemory } from '../../../protocols/http1/response-memory.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import {
  ForwardRequest,
  type Repeat,
  type UpstreamSink,
  type UpstreamStream,
} from '../../../src/core/upstream.ts';
import { SocketReader } from '../../../src/transport/socket-reader.ts';
import { PipelinedConnection } from '../../../src/upstream/pipelined-connection.ts';
import { FakeFront } from '../../support/fake-front.ts';
import { FakeSocket } from '../../support/fake-socket.ts';
import { ok } from '../../support/origin.ts';

const TIMEOUTS = { connectMs: 1000, responseHeaderMs: 5000, idleMs: 20_000 };

test('the first request goes alone, others join when it was answered, and leave in one write', async () => {
  const { connection, socket, ask } = start();
  const first = ask('/first');
  assert.equal(connection.room, 0);
  await nextTurn();
  assert.equal(socket.takeLines(), 'GET /first');

  await socket.tell(ok('1'));
  assert.equal(connection.room, 4);
  const more = ['/a', '/b', '/c', '/d'].map(ask);
  assert.equal(connection.room, 0);
  assert.equal(socket.sent, '');
  await nextTurn();
  assert.equal(socket.writes, 2);
  assert.equal(socket.takeLines(), 'GET /a GET /b GET /c GET /d');
  await socket.tell(ok('A') + ok('B') + ok('C'));

  assert.deepEqual(
    [first, ...more].map(({ text }) => text),
    ['200 1 end batch', '200 A end batch', '200 B end batch', '200 C end batch', ''],
  );
  assert.equal(connection.room, 3);
});

for (const [what, answer, room] of [
  ['HTTP/1.0', ok('1', ['connection: keep-alive']).replace('1.1', '1.0'), 1],
  ['connection: close', ok('1', ['connection: close']), 0],
  ['an answer until the end of the connection', 'HTTP/1.1 200 OK\r\n\r\n1', 0],
] as const) {
  test(`nobody joins on a connection that has answered with ${what}`, async () => {
    const { connection, socket, ask } = start();
    ask('/first');
    await nextTurn();

    await socket.tell(answer);

    assert.equal(connection.room, room);
    if (room === 0) return;
    ask('/second');
    assert.equal(connection.room, 0);
  });
}

test('an answer that closes the connection gives those behind it back at its head', async () => {
  const { socket, ask, closed } = await proven();
  const [first, second] = [ask('/a'), ask('/b')];
  await nextTurn();

  await socket.tell('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nx');
  assert.equal(second.text, 'connection-lost any');
  await socket.tell('y');

  assert.equal(first.text, '200 x batch y end batch');
  assert.equal(closed(), 1);
});

test('a connection that dies without a byte gives all back, one that dies in an answer only those behind it', async () => {
  const silent = await proven();
  const unanswered = [silent.ask('/a'), silent.ask('/b')];
  await nextTurn();
  silent.socket.destroy();
  await nextTurn();
  assert.deepEqual(
    unanswered.map(({ text }) => text),
    ['connection-lost idempotent', 'connection-lost idempotent'],
  );

  for (const [sent, name] of [
    ['HTTP/1.1 2', 'connection-lost never'],
    ['HTTP/1.1 103 Early Hints\r\n\r\n', '103 batch connection-lost never'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nx', '200 x batch response-cut never'],
    ['rubbish\r\n\r\n', 'malformed-response never batch'],
  ] as const) {
    const { socket, ask } = await proven();
    const [first, second] = [ask('/a'), ask('/b')];
    await nextTurn();

    await socket.tell(sent);
    socket.destroy();
    await nextTurn();

    assert.equal(first.text.replace(/ batch$/, ''), name.replace(/ batch$/, ''));
    assert.equal(second.text, 'connection-lost idempotent');
  }
});

test('the first request of a connection that dies is not given back', async () => {
  const { socket, ask } = start();
  const first = ask('/first');
  await nextTurn();

  socket.destroy();
  await nextTurn();

  assert.equal(first.text, 'connection-lost never');
});

test('an answer that nobody asked for harms no request that had not left', async () => {
  const { front, socket, ask, closed } = await proven();
  const [first, second] = [ask('/a'), ask('/b')];
  await nextTurn();
  let late: Recorder | undefined;
  first.onEnd = () => {
    late = ask('/c');
  };

  await socket.tell(ok('A') + ok('B') + ok('stray'));

  assert.equal(first.text, '200 A end batch');
  assert.equal(second.text, '200 B end batch');
  assert.equal(late?.text, 'connection-lost idempotent');
  assert.equal(closed(), 1);
  assert.deepEqual(front.faults, []);
});

for (const begun of [false, true]) {
  test(`an answer that is slow to ${begun ? 'end' : 'begin'} moves those behind it and is the last`, async () => {
    const { front, socket, ask, connection, closed } = await proven();
    const [slow, second, third] = [ask('/slow'), ask('/b'), ask('/c')];
    await nextTurn();
    if (begun) await socket.tell('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n');

    front.pass(50);
    assert.equal(second.text, '');
    front.pass(300);
    assert.equal(second.text, 'response-timeout any');
    assert.equal(third.text, 'response-timeout any');
    assert.equal(connection.room, 0);
    await socket.tell(begun ? 'slow' : ok('slow'));

    assert.match(slow.text, /slow end batch$/);
    assert.equal(closed(), 1);
  });
}

test('alone, an answer has all its time; in line, it has it from its turn on', async () => {
  const { front, socket, ask, closed } = await proven();
  const alone = ask('/a');
  await nextTurn();
  front.pass(4900);
  const second = ask('/b');
  await nextTurn();
  await socket.tell(ok('A'));
  assert.equal(alone.text, '200 A end batch');

  front.pass(4900);
  assert.equal(second.text, '');
  front.pass(400);

  assert.equal(second.text, 'response-timeout never');
  assert.equal(closed(), 1);
});

test('a client that takes nothing holds up no others, and has its answer', async () => {
  const { front, socket, ask } = await proven();
  const [first, second] = [ask('/a'), ask('/b')];
  first.isFull = true;
  await nextTurn();
  await socket.tell('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx');
  assert.equal(socket.isPaused(), true);

  front.pass(400);
  assert.equal(second.text, 'response-timeout any');
  front.pass(60_000);
  first.isFull = false;
  first.stream?.resume(true);
  await socket.tell('y');

  assert.equal(first.text, '200 x batch y end batch');
});

test('the answer to a client that has gone is thrown away while others wait, else the connection ends', async () => {
  const { socket, ask, closed, front } = await proven();
  const [first, second] = [ask('/a'), ask('/b')];
  await nextTurn();
  await socket.tell('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx');

  first.stream?.abort();
  await socket.tell(`y${ok('B')}`);
  assert.equal(second.text, '200 B end batch');
  assert.equal(first.text, '200 x batch');

  const third = ask('/c');
  await nextTurn();
  third.stream?.abort();
  assert.equal(closed(), 1);

  const other = await proven();
  const [gone, waiting] = [other.ask('/a'), other.ask('/b')];
  await nextTurn();
  gone.stream?.abort();
  other.front.pass(400);
  assert.equal(waiting.text, 'response-timeout any');
  assert.equal(other.closed(), 1);
  assert.equal(front.faults.length, 0);
});

test('a client that goes while it takes nothing holds up no others', async () => {
  const { socket, ask } = await proven();
  const [first, second] = [ask('/a'), ask('/b')];
  first.isFull = true;
  await nextTurn();
  await socket.tell('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx');

  first.stream?.abort();
  await socket.tell(`y${ok('B')}`);

  assert.equal(second.text, '200 B end batch');
});

test('a retired connection gives back those in line and ends with the answer under way', async () => {
  const { connection, socket, ask, closed } = await proven();
  const [first, second] = [ask('/a'), ask('/b')];
  await nextTurn();

  connection.retire();
  assert.equal(second.text, 'connection-lost any');
  assert.equal(closed(), 0);
  await socket.tell(ok('A'));

  assert.equal(first.text, '200 A end batch');
  assert.equal(closed(), 1);
});

test('an idle connection ends with its time, or with its instance', async () => {
  const idle = await proven();
  idle.front.pass(20_400);
  assert.equal(idle.closed(), 1);

  const ended = await proven();
  ended.socket.arriveEnd();
  await nextTurn();
  assert.equal(ended.closed(), 1);
  assert.equal(ended.connection.room, 0);
});

test('a sink that throws costs its connection, and those behind it go elsewhere', async () => {
  const { socket, ask, front } = await proven();
  const [first, second, third] = [ask('/a'), ask('/b'), ask('/c')];
  first.onEnd = fail;
  second.onFailure = fail;
  await nextTurn();

  await socket.tell(ok('A'));

  assert.equal(front.faults.length, 2);
  assert.equal(third.text, 'connection-lost idempotent');
});

interface Started {
  readonly connection: PipelinedConnection;
  readonly socket: PlayedSocket;
  readonly front: FakeFront;
  readonly closed: () => number;
  /** Sends a GET. */
  readonly ask: (path: string) => Recorder;
}

function start(): Started {
  const front = new FakeFront();
  const socket = new PlayedSocket();
  const reader = new SocketReader();
  reader.listen(socket as unknown as Socket, false);
  reader.watch(socket as unknown as Socket);
  let closed = 0;
  const owner = {
    address: { host: '127.0.0.1', port: 1 },
    deadlines: front.deadlines,
    responses: new ResponseMemory(),
    internalError: front.internalError,
    connected: fail,
    connectFailed: fail,
    free: fail,
    closed: () => {
      closed += 1;
    },
  };
  const settings = { depth: 4, maxWaitMs: 100 };
  const connection = new PipelinedConnection(socket as unknown as Socket, reader, owner, TIMEOUTS, settings);
  const ask = (path: string): Recorder => {
    const sink = new Recorder();
    const request = new ForwardRequest('GET', path, 'shop.example', [], 0, '', undefined, false);
    sink.stream = connection.send(request, 'id', TIMEOUTS, sink);
    return sink;
  };
  return { connection, socket, front, closed: () => closed, ask };
}

/** One that has answered a first request. */
async function proven(): Promise<Started> {
  const started = start();
  started.ask('/first');
  await nextTurn();
  await started.socket.tell(ok('1'));
  started.socket.takeLines();
  return started;
}

function fail(): never {
  throw new Error('a fault of ours');
}

class PlayedSocket extends FakeSocket {
  writes = 0;

  /** The instance says something; what follows from it has happened. */
  async tell(text: string): Promise<void> {
    this.arrive(text);
    await nextTurn();
    await nextTurn();
  }

  /** The request lines that left since the last time. */
  takeLines(): string {
    const lines = this.sent.match(/^GET \S+/gm) ?? [];
    this.sent = '';
    return lines.join(' ');
  }

  override _write(chunk: Buffer, encoding: string, callback: () => void): void {
    this.writes += 1;
    super._write(chunk, encoding, callback);
  }
}

/** What one attempt is told, as words. */
class Recorder implements UpstreamSink {
  stream: UpstreamStream | undefined = undefined;
  isFull = false;
  onEnd: () => void = () => {};
  onFailure: () => void = () => {};
  readonly #words: string[] = [];

  get text(): string {
    return this.#words.join(' ');
  }

  interim(head: ResponseHead): void {
    this.#words.push(String(head.status));
  }

  response(head: ResponseHead): void {
    this.#words.push(String(head.status));
  }

  responseData(bytes: Buffer, start: number, end: number): boolean {
    this.#words.push(bytes.toString('latin1', start, end));
    return !this.isFull;
  }

  responseEnd(): void {
    this.#words.push('end');
    this.onEnd();
  }

  upstreamWritable(): void {}

  upstreamFailed(error: ExchangeError, repeat: Repeat): void {
    this.#words.push(error.name, repeat);
    this.onFailure();
  }

  responseBatchEnd(): void {
    this.#words.push('batch');
  }
}
