import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { ERROR_CODE } from '../../protocols/http2/errors.ts';
import { ClientWire as Client, type ClientWire, type WiredResponse } from './http2-client-wire.ts';
import type { EngineWire } from './http2-engine-wire.ts';
import { Http2FrameReader } from './http2-frame-reader.ts';
import { FLAGS, FRAME_TYPES } from './http2-names.ts';
import { ServerWire, type WiredRequest } from './http2-server-wire.ts';
import { PREFACE, settings } from './http2-wire.ts';

/** What one side has sent on a stream; `complete`: and that was all. */
interface Sent {
  bytes: number;
  complete: boolean;
}

/** Octets on their way to one side, with the books on the windows that they use. */
class Pipe {
  readonly to: EngineWire;
  #waiting: Buffer = Buffer.alloc(0);
  readonly #reader: Http2FrameReader = new Http2FrameReader();
  /** What may still be sent through it, as both sides have agreed. */
  window = 65_535;
  readonly #streams: Map<number, number> = new Map();
  readonly ended: Set<number> = new Set();
  back: Pipe | undefined = undefined;
  #isFirst: boolean;

  constructor(to: EngineWire, hasPreface: boolean) {
    this.to = to;
    this.#isFirst = hasPreface;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  put(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    const frames = this.#isFirst ? bytes.subarray(PREFACE.length) : bytes;
    this.#isFirst = false;
    for (const { type, flags, streamId, payload } of this.#reader.read(frames)) {
      if (type === FRAME_TYPES.WINDOW_UPDATE) this.back!.#granted(streamId, payload.readUInt32BE(0));
      else if (type === FRAME_TYPES.DATA) this.#used(streamId, payload.length);
      if ((type === FRAME_TYPES.DATA || type === FRAME_TYPES.HEADERS) && (flags & FLAGS.END_STREAM) !== 0) {
        assert.ok(!this.ended.has(streamId), `stream ${streamId} ends once`);
        this.ended.add(streamId);
      }
    }
  }

  deliver(bytes: number): void {
    const piece = this.#waiting.subarray(0, bytes);
    this.#waiting = this.#waiting.subarray(piece.length);
    if (piece.length > 0) this.to.read(piece);
  }

  #granted(streamId: number, bytes: number): void {
    if (streamId === 0) this.window += bytes;
    else this.#streams.set(streamId, (this.#streams.get(streamId) ?? STREAM_WINDOW) + bytes);
    assert.ok(this.window <= CONNECTION_WINDOW, 'no more is granted than there is');
    assert.ok((this.#streams.get(streamId) ?? 0) <= STREAM_WINDOW);
  }

  #used(streamId: number, bytes: number): void {
    this.window -= bytes;
    this.#streams.set(streamId, (this.#streams.get(streamId) ?? STREAM_WINDOW) - bytes);
    assert.ok(this.window >= 0, 'no more is sent than the connection was granted');
    assert.ok(this.#streams.get(streamId)! >= 0, `no more is sent than stream ${streamId} was granted`);
  }
}

const STREAM_WINDOW = 65_536;
/** Little more than that, so that streams get into each other's way. */
export const CONNECTION_WINDOW = 80_000;

const LIMITS = { glitches: Number.MAX_SAFE_INTEGER, connectionWindowBytes: CONNECTION_WINDOW };

/**
 * A client engine and a server engine on one connection, whose octets arrive when the test says so. Whoever sends writes the same
 * pattern on a stream, so that what comes can be compared with what it must be.
 */
export class Http2Pair {
  readonly client: ClientWire = new Client(LIMITS);
  readonly server: ServerWire = new ServerWire(LIMITS);
  readonly up: Pipe = new Pipe(this.server, true);
  readonly down: Pipe = new Pipe(this.client, false);
  readonly responses: WiredResponse[] = [];
  /** By stream. */
  readonly asked: Map<number, Sent> = new Map();
  readonly answered: Map<number, Sent> = new Map();

  constructor() {
    this.up.back = this.down;
    this.down.back = this.up;
    this.flush();
    this.settle();
  }

  get requests(): readonly WiredRequest[] {
    return [...this.server.requests.values()];
  }

  flush(): void {
    this.up.put(this.client.flush());
    this.down.put(this.server.flush());
  }

  /** Until nothing is on its way. */
  settle(): void {
    for (let i = 0; i < 100_000; i++) {
      this.flush();
      if (this.up.isEmpty && this.down.isEmpty) return;
      this.up.deliver(Number.POSITIVE_INFINITY);
      this.down.deliver(Number.POSITIVE_INFINITY);
    }
    assert.fail('the two never come to rest');
  }

  ask(hasBody: boolean): void {
    if (this.client.engine.freeStreams === 0) return;
    const response = this.client.request(
      { method: hasBody ? 'POST' : 'GET', bodyLength: hasBody ? -1 : 0 },
      hasBody,
    );
    this.responses.push(response);
    this.asked.set(response.stream.id, { bytes: 0, complete: !hasBody });
  }

  /** What the engine says to it; undefined: nothing can be sent. */
  sendUp(response: WiredResponse, length: number): boolean | undefined {
    const sent = this.asked.get(response.stream.id)!;
    if (sent.complete || response.isGivenUp || response.stream.localEnded) return undefined;
    sent.bytes += length;
    return response.send(pattern(response.stream.id, sent.bytes - length, length));
  }

  endUp(response: WiredResponse, trailers: readonly string[]): void {
    const sent = this.asked.get(response.stream.id)!;
    if (sent.complete || response.isGivenUp || response.stream.localEnded) return;
    response.end(trailers);
    sent.complete = true;
  }

  answer(request: WiredRequest): void {
    const { id, localEnded } = request.stream;
    if (this.answered.has(id) || request.isGivenUp || localEnded) return;
    request.respond();
    this.answered.set(id, { bytes: 0, complete: false });
  }

  sendDown(request: WiredRequest, length: number): boolean | undefined {
    const sent = this.answered.get(request.stream.id);
    if (sent === undefined || sent.complete || request.isGivenUp || request.stream.localEnded)
      return undefined;
    sent.bytes += length;
    return request.send(pattern(request.stream.id, sent.bytes - length, length));
  }

  endDown(request: WiredRequest, trailers: readonly string[]): void {
    const sent = this.answered.get(request.stream.id);
    if (sent === undefined || sent.complete || request.isGivenUp || request.stream.localEnded) return;
    request.end(trailers);
    sent.complete = true;
  }

  /** So many octets by a source that holds back when it is told to, and goes on when it may. */
  stream(one: WiredRequest | WiredResponse, length: number): void {
    if ('requestHead' in one) this.answer(one);
    if (this.#sources.has(one)) return;
    this.#sources.set(one, length);
    const { during } = one;
    one.during = (call) => {
      during(call);
      if (call === 'writable') this.#goOn(one);
    };
    this.#goOn(one);
  }

  readonly #sources: Map<WiredRequest | WiredResponse, number> = new Map();

  #goOn(one: WiredRequest | WiredResponse): void {
    for (;;) {
      const left = this.#sources.get(one)!;
      const length = Math.min(left, 10_000);
      if (length === 0) return;
      const mayGoOn =
        'clientSink' in one.stream
          ? this.sendUp(one as WiredResponse, length)
          : this.sendDown(one as WiredRequest, length);
      if (mayGoOn === undefined) return;
      this.#sources.set(one, left - length);
      if (!mayGoOn) return;
    }
  }

  /** Whether a source has brought all it has; it must have where nothing holds it up. */
  #isDone(one: WiredRequest | WiredResponse): boolean {
    return (
      one.isGivenUp || one.fault !== undefined || one.stream.localEnded || (this.#sources.get(one) ?? 0) === 0
    );
  }

  giveUp(one: WiredRequest | WiredResponse): void {
    if (!one.isGivenUp && one.fault === undefined) one.giveUp(ERROR_CODE.CANCEL);
  }

  /** SETTINGS that one side would have sent; never more than it really allows. */
  tell(by: 'client' | 'server', entries: Parameters<typeof settings>[0]): void {
    this.flush();
    (by === 'client' ? this.up : this.down).put(settings(entries));
  }

  /** Everything that was begun comes to its end. */
  finish(): void {
    for (const by of ['client', 'server'] as const) this.tell(by, [['INITIAL_WINDOW_SIZE', STREAM_WINDOW]]);
    this.tell('server', [['MAX_CONCURRENT_STREAMS', 100]]);
    this.settle();
    this.stopRequests();
    for (const request of this.#alive(this.requests)) request.read().resume();
    for (const response of this.#alive(this.responses))
      if (response.head !== undefined) response.read().resume();
    for (const request of this.#alive(this.requests)) this.answer(request);
    this.settle();
    for (const response of this.#alive(this.responses)) response.read().resume();
    this.settle();
    // Answers that have come to their end only now, since they are read: a source of theirs may wait for the request to be stopped.
    this.stopRequests();
    for (const one of [...this.requests, ...this.responses])
      assert.ok(this.#isDone(one), `the source of stream ${one.stream.id} goes on`);
    for (const request of this.#alive(this.requests)) this.endDown(request, []);
    for (const response of this.#alive(this.responses)) this.endUp(response, []);
    this.settle();
    this.stopRequests();
  }

  /** What the server does when requests that it has answered do not come to their end. */
  stopRequests(): void {
    this.server.stopRequests();
    this.settle();
  }

  #alive<T extends WiredRequest | WiredResponse>(all: readonly T[]): readonly T[] {
    return all.filter((one) => !one.isGivenUp && one.fault === undefined);
  }

  /** What must be true whenever it is asked. */
  check(): void {
    assert.deepEqual([...this.client.faults, ...this.server.faults], []);
    for (const request of this.requests) compare(request, this.asked.get(request.stream.id)!);
    for (const response of this.responses) compare(response, this.answered.get(response.stream.id));
  }
}

/** What came is the beginning of what was sent, and all of it when it has ended. */
function compare(one: WiredRequest | WiredResponse, sent: Sent | undefined): void {
  const { body, isEnded, stream } = one;
  assert.ok(body.length <= (sent?.bytes ?? 0));
  assert.ok(
    body === pattern(stream.id, 0, body.length).toString('latin1'),
    `stream ${stream.id} has its own octets`,
  );
  if (!isEnded) return;
  assert.ok(sent?.complete === true, `stream ${stream.id} ends when it was ended`);
  assert.equal(body.length, sent.bytes);
}

function pattern(streamId: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (streamId * 31 + (from + i) * 7 + ((from + i) >> 8)) & 0xff;
  return bytes;
}
