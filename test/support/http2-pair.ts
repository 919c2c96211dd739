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
const CONNECTION_WINDOW = 131_072;

/**
 * A client engine and a server engine on one connection, whose octets arrive when the test says so. Whoever sends writes the same
 * pattern on a stream, so that what comes can be compared with what it must be.
 */
export class Http2Pair {
  readonly client: ClientWire = new Client({ glitches: Number.MAX_SAFE_INTEGER });
  readonly server: ServerWire = new ServerWire({ glitches: Number.MAX_SAFE_INTEGER });
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

  sendUp(response: WiredResponse, length: number): void {
    const sent = this.asked.get(response.stream.id)!;
    if (sent.complete || response.isGivenUp || response.stream.localEnded) return;
    response.send(pattern(response.stream.id, sent.bytes, length));
    sent.bytes += length;
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

  sendDown(request: WiredRequest, length: number): void {
    const sent = this.answered.get(request.stream.id);
    if (sent === undefined || sent.complete || request.isGivenUp || request.stream.localEnded) return;
    request.send(pattern(request.stream.id, sent.bytes, length));
    sent.bytes += length;
  }

  endDown(request: WiredRequest, trailers: readonly string[]): void {
    const sent = this.answered.get(request.stream.id);
    if (sent === undefined || sent.complete || request.isGivenUp || request.stream.localEnded) return;
    request.end(trailers);
    sent.complete = true;
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
    for (let round = 0; round < 3; round++) {
      this.settle();
      for (const request of this.requests) {
        if (request.isGivenUp || request.fault !== undefined) continue;
        request.read().resume();
        this.answer(request);
        this.endDown(request, []);
      }
      for (const response of this.responses) {
        if (response.isGivenUp || response.fault !== undefined) continue;
        this.endUp(response, []);
        response.read().resume();
      }
    }
    this.settle();
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
