import assert from 'node:assert/strict';
import { ResponseHead } from '../../protocols/http/message.ts';
import { type ExchangeError, exchangeError } from '../../src/core/errors.ts';
import type { UpstreamTimeouts } from '../../src/core/settings.ts';
import type { ForwardRequest, Repeat, UpstreamSink, UpstreamStream } from '../../src/core/upstream.ts';
import type { ConnectionOwner, Connector, Opening, PooledConnection } from '../../src/upstream/connector.ts';

/** Connections without a network, of as many requests at once as the test says: it plays the instance. */
export class FakeConnector implements Connector {
  readonly expectedRoom: number;
  readonly onlyRequestFields: readonly string[] = [];
  readonly streamTls = undefined;
  /** All that were asked for, in order. */
  readonly opened: FakeConnection[] = [];
  onOpen: (connection: FakeConnection) => void = () => {};

  constructor(expectedRoom: number) {
    this.expectedRoom = expectedRoom;
  }

  open(owner: ConnectionOwner, timeouts: UpstreamTimeouts): FakeConnection {
    const connection = new FakeConnection(owner, timeouts);
    this.opened.push(connection);
    this.onOpen(connection);
    return connection;
  }
}

export class FakeConnection implements PooledConnection, Opening {
  isListed = false;
  isRetired = false;
  readonly timeouts: UpstreamTimeouts;
  readonly streams: FakeStream[] = [];
  onSend: (stream: FakeStream) => void = () => {};
  readonly #owner: ConnectionOwner;
  #limit = 0;

  constructor(owner: ConnectionOwner, timeouts: UpstreamTimeouts) {
    this.#owner = owner;
    this.timeouts = timeouts;
  }

  get room(): number {
    return this.isRetired ? 0 : this.#limit - this.streams.length;
  }

  cancel(): void {}

  /** The instance accepts it, and as many requests at once. */
  accept(limit: number): void {
    this.#limit = limit;
    this.#owner.connected(this);
  }

  fail(): void {
    this.#owner.connectFailed(exchangeError('connect-failed', 'ECONNREFUSED'));
  }

  /** The instance allows more or fewer requests at once. */
  allow(limit: number): void {
    const wasFull = this.room < 1;
    this.#limit = limit;
    if (wasFull && this.room > 0) this.#owner.free(this);
  }

  /** Of the instance. */
  get port(): number {
    return this.#owner.address.port;
  }

  close(): void {
    this.isRetired = true;
    this.#owner.closed(this);
  }

  retire(): void {
    this.isRetired = true;
    if (this.streams.length === 0) this.close();
  }

  send(request: ForwardRequest, _id: string, _timeouts: UpstreamTimeouts, sink: UpstreamSink): FakeStream {
    assert.ok(this.room > 0, 'sent on a connection without room');
    const stream = new FakeStream(this, request, sink);
    this.streams.push(stream);
    this.onSend(stream);
    return stream;
  }

  over(stream: FakeStream): void {
    const wasFull = this.room < 1;
    this.streams.splice(this.streams.indexOf(stream), 1);
    if (this.isRetired) {
      if (this.streams.length === 0) this.close();
    } else if (wasFull) this.#owner.free(this);
  }
}

export class FakeStream implements UpstreamStream {
  readonly request: ForwardRequest;
  readonly sink: UpstreamSink;
  /** What was sent of the body; one char per octet. */
  body = '';
  /** The sender said that the body is complete, or gave up. */
  hasEnd = false;
  isAborted = false;
  readonly #connection: FakeConnection;

  constructor(connection: FakeConnection, request: ForwardRequest, sink: UpstreamSink) {
    this.#connection = connection;
    this.request = request;
    this.sink = sink;
  }

  /** Of the instance. */
  get port(): number {
    return this.#connection.port;
  }

  /** The instance answers it, with an empty body. */
  answer(status = 200): void {
    this.sink.response(new ResponseHead(status, '', [], 0), false);
    this.#connection.over(this);
    this.sink.responseEnd([]);
  }

  /** The instance ends it without an answer. */
  fail(error: ExchangeError, repeat: Repeat): void {
    this.#connection.over(this);
    this.sink.upstreamFailed(error, repeat);
  }

  sendData(bytes: Buffer, start: number, end: number): boolean {
    this.body += bytes.toString('latin1', start, end);
    return true;
  }

  sendEnd(): void {
    this.hasEnd = true;
  }

  flush(): void {}

  resume(): void {}

  abort(): void {
    this.isAborted = true;
    this.#connection.over(this);
  }
}

/** Of a sender who does not care. */
export const NO_SINK: UpstreamSink = {
  interim() {},
  response() {},
  responseData: () => true,
  responseEnd() {},
  upstreamWritable() {},
  upstreamFailed() {},
  responseBatchEnd() {},
};
