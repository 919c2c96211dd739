import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ResponseHead, UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import type { ExchangeSink } from '../../src/core/body.ts';
import type { ExchangeError } from '../../src/core/errors.ts';
import type { Exchange } from '../../src/core/exchange.ts';
import type { Session } from '../../src/core/session.ts';
import { Http2Session } from '../../src/downstream/http2-session.ts';
import { SocketReader } from '../../src/transport/socket-reader.ts';
import { FakeFront } from './fake-front.ts';
import { FakeSocket } from './fake-socket.ts';
import { session } from './finished-exchange.ts';
import { Http2FrameLog, printReceived } from './http2-frame-log.ts';
import type { SettingName } from './http2-names.ts';
import { requestBlock } from './http2-request-block.ts';
import { type HeadersOptions, headers, PREFACE, settings } from './http2-wire.ts';

/** Whoever answers an exchange: remembers what it was told, and takes the body as long as it is not `full`. */
export class RecordingConsumer implements ExchangeSink {
  failed: ExchangeError | undefined;
  writables = 0;
  body = '';
  bodyEnded = false;
  full = false;

  bodyData(bytes: Buffer, start: number, end: number): boolean {
    this.body += bytes.toString('latin1', start, end);
    return !this.full;
  }

  bodyEnd(): void {
    this.bodyEnded = true;
  }

  writable(): void {
    this.writables += 1;
  }

  requestBatchEnd(): void {}

  requestFailed(error: ExchangeError): void {
    this.failed = error;
  }
}

/** An HTTP/2 session without a network and with a clock by hand; the test plays its client and whoever answers. */
export class Http2SessionBench {
  readonly front: FakeFront = new FakeFront();
  readonly socket: FakeSocket = new FakeSocket();
  readonly session: Session = session();
  readonly driver: Http2Session;
  readonly #log: Http2FrameLog = new Http2FrameLog();
  #read = 0;

  constructor(change: (front: FakeFront) => void = () => {}) {
    change(this.front);
    const socket = this.socket as unknown as Socket;
    const reader = new SocketReader();
    reader.listen(socket, false);
    reader.watch(socket);
    this.driver = new Http2Session(socket, reader, this.session, this.front);
  }

  /** Octets arrive, and the turn that they cause ends. */
  async arrive(...pieces: readonly Buffer[]): Promise<void> {
    this.socket.arrive(Buffer.concat(pieces).toString('latin1'));
    await this.turn();
  }

  /** The preface, with these settings. */
  begin(entries: readonly (readonly [SettingName, number])[] = []): Promise<void> {
    return this.arrive(PREFACE, settings(entries));
  }

  /** A request arrives, and is taken by a consumer. */
  async request(
    streamId: number,
    method = 'GET',
    options: HeadersOptions = { endStream: method === 'GET' },
  ): Promise<RecordingConsumer> {
    await this.arrive(headers(streamId, requestBlock({ method }), options));
    return this.consume();
  }

  /** Attaches a consumer to the newest exchange. */
  consume(): RecordingConsumer {
    const consumer = new RecordingConsumer();
    this.newest.attach(consumer);
    return consumer;
  }

  get newest(): Exchange {
    return this.front.exchanges.at(-1)!;
  }

  /** The newest exchange gets a head, and `bytes` octets of a body without end. */
  async answer(bytes: number): Promise<void> {
    this.newest.respond(new ResponseHead(200, '', [], UNKNOWN_LENGTH));
    this.newest.write(Buffer.alloc(bytes, 'x'), 0, bytes, undefined);
    this.newest.flush();
    await this.turn();
  }

  /** A whole answer without a body. */
  async answerOf(exchange: Exchange): Promise<void> {
    exchange.respond(new ResponseHead(204, '', [], 0));
    await this.finish(exchange);
  }

  /** The response is complete. */
  async finish(exchange: Exchange = this.newest): Promise<void> {
    exchange.end([]);
    exchange.flush();
    await this.turn();
  }

  /** Time passes, and what it causes is done. */
  async pass(ms: number): Promise<void> {
    this.front.pass(ms);
    await this.turn();
  }

  /** Flushes wait for the end of a turn, and streams of Node for a few. */
  async turn(): Promise<void> {
    for (let i = 0; i < 3; i++) await nextTurn();
  }

  /** All that was sent, frame by frame, in the notation of transcripts. */
  get frames(): readonly string[] {
    this.#log.receive(Buffer.from(this.socket.sent.slice(this.#read), 'latin1'));
    this.#read = this.socket.sent.length;
    return this.#log.frames.map(printReceived);
  }

  /** The frames that begin with one of these words. */
  framesOf(...names: readonly string[]): readonly string[] {
    return this.frames.filter((text) => names.some((name) => text.startsWith(name)));
  }
}
