import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import { ResponseMemory } from '../../protocols/http1/response-memory.ts';
import type { ExchangeError } from '../../src/core/errors.ts';
import type { UpstreamTimeouts } from '../../src/core/settings.ts';
import {
  ForwardRequest,
  type Repeat,
  type UpstreamSink,
  type UpstreamStream,
} from '../../src/core/upstream.ts';
import { Deadlines } from '../../src/transport/deadlines.ts';
import { SocketReader } from '../../src/transport/socket-reader.ts';
import type { ConnectionOwner, PooledConnection } from '../../src/upstream/connector.ts';
import { Http2Connection } from '../../src/upstream/http2-connection.ts';
import { ManualClock } from './fake-front.ts';
import { FakeSocket } from './fake-socket.ts';
import { Http2FrameLog, printReceived } from './http2-frame-log.ts';
import { plainBlock } from './http2-hpack.ts';
import type { Field } from './http2-hpack-decoder.ts';
import { data, headers, PREFACE, settings } from './http2-wire.ts';

/** An attempt: remembers what it was told, in words. */
export class RecordingAttempt implements UpstreamSink {
  readonly told: string[] = [];
  /** What `responseData` answers. */
  takes = true;
  /** How often it was told that it may go on. */
  writables = 0;
  stream!: UpstreamStream;

  interim({ status }: ResponseHead): void {
    this.told.push(`interim ${status}`);
  }

  response({ status }: ResponseHead, isUpgrade: boolean): void {
    this.told.push(isUpgrade ? `upgrade ${status}` : `response ${status}`);
  }

  responseData(bytes: Buffer, start: number, end: number): boolean {
    this.told.push(`data ${bytes.toString('latin1', start, end)}`);
    return this.takes;
  }

  responseEnd(trailers: HeaderList): void {
    this.told.push(['end', ...trailers].join(' '));
  }

  upstreamWritable(): void {
    this.writables += 1;
  }

  upstreamFailed({ name, detail }: ExchangeError, repeat: Repeat): void {
    this.told.push(`failed ${name}: ${detail} (${repeat})`);
  }

  responseBatchEnd(): void {}

  /** What it was told last. */
  get last(): string | undefined {
    return this.told.at(-1);
  }

  send(text: string | Buffer): boolean {
    const bytes = Buffer.from(text as string, 'latin1');
    const mayGoOn = this.stream.sendData(bytes, 0, bytes.length, undefined);
    this.stream.flush();
    return mayGoOn;
  }
}

/** An HTTP/2 connection to an instance without a network and with a clock by hand; the test plays the instance and the pool. */
export class Http2ConnectionBench implements ConnectionOwner {
  readonly address = { host: '127.0.0.1', port: 1 };
  readonly clock: ManualClock = new ManualClock();
  readonly responses: ResponseMemory = new ResponseMemory();
  readonly faults: unknown[] = [];
  readonly deadlines: Deadlines = new Deadlines(this.clock, (error) => this.faults.push(error));
  readonly internalError = (error: unknown): void => void this.faults.push(error);
  readonly socket: FakeSocket = new FakeSocket();
  readonly connection: Http2Connection;
  /** The attempt that was begun last. */
  newest!: RecordingAttempt;
  /** What the owner was told, in words. */
  readonly told: string[] = [];
  readonly timeouts: UpstreamTimeouts;
  readonly #log: Http2FrameLog = new Http2FrameLog();
  #read = PREFACE.length;

  constructor(timeouts: Partial<UpstreamTimeouts> = {}) {
    this.timeouts = { connectMs: 2000, responseHeaderMs: 60_000, idleMs: 60_000, ...timeouts };
    const socket = this.socket as unknown as Socket;
    const reader = new SocketReader();
    reader.listen(socket, false);
    reader.watch(socket);
    this.connection = new Http2Connection(socket, reader, this, this.timeouts, 'http');
  }

  connected(connection: PooledConnection): void {
    this.told.push(`connected with room for ${connection.room}`);
  }

  connectFailed({ name, detail }: ExchangeError): void {
    this.told.push(`failed ${name}: ${detail}`);
  }

  free(connection: PooledConnection): void {
    this.told.push(`free ${connection.room}`);
    connection.isListed = true;
  }

  closed(): void {
    this.told.push('closed');
  }

  /** Octets arrive, and the turn that they cause ends. */
  async arrive(...pieces: readonly Buffer[]): Promise<void> {
    this.socket.arrive(Buffer.concat(pieces).toString('latin1'));
    await this.turn();
  }

  /** The instance greets, with these settings. */
  greet(entries: Parameters<typeof settings>[0] = []): Promise<void> {
    return this.arrive(settings(entries));
  }

  /** An attempt on the next stream; with a body unless `length` is 0. */
  async request(length = 0, upgrade = ''): Promise<RecordingAttempt> {
    const attempt = new RecordingAttempt();
    const request = new ForwardRequest('GET', '/', 'a.example', [], length, upgrade, undefined, false);
    this.newest = attempt;
    attempt.stream = this.connection.send(request, '', this.timeouts, attempt);
    attempt.stream.flush();
    await this.turn();
    return attempt;
  }

  /** HEADERS of a response arrive, and its body when there is one. */
  respond(
    streamId: number,
    status = 200,
    body = '',
    endStream = true,
    fields: readonly Field[] = [],
  ): Promise<void> {
    const head = headers(streamId, plainBlock([[':status', `${status}`], ...fields]), {
      endStream: endStream && body === '',
    });
    return body === '' ? this.arrive(head) : this.arrive(head, data(streamId, body, { endStream }));
  }

  /** Lets time pass, as the wheel's timer sees it pass. */
  async pass(ms: number): Promise<void> {
    for (const end = this.clock.time + ms; this.clock.time < end; ) {
      this.clock.time = Math.min(end, this.clock.time + 50);
      this.deadlines.advance();
    }
    await this.turn();
  }

  async turn(): Promise<void> {
    for (let i = 0; i < 3; i++) await nextTurn();
  }

  /** All frames that were sent, in the notation of transcripts. */
  get frames(): readonly string[] {
    this.#log.receive(Buffer.from(this.socket.sent.slice(this.#read), 'latin1'));
    this.#read = Math.max(this.#read, this.socket.sent.length);
    return this.#log.frames.map(printReceived);
  }

  framesOf(...names: readonly string[]): readonly string[] {
    return this.frames.filter((text) => names.some((name) => text.startsWith(name)));
  }
}
