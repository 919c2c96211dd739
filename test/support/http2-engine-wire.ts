import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { Http2Fault } from '../../protocols/http2/errors.ts';
import type { GlitchKind } from '../../protocols/http2/glitch-account.ts';
import { DEFAULT_HEAD_LIMITS, type EndpointLimits } from '../../protocols/http2/limits.ts';
import type { Http2Stream } from '../../protocols/http2/stream.ts';
import { Http2FrameLog, printReceived, type ReceivedFrame } from './http2-frame-log.ts';
import { Http2FrameReader } from './http2-frame-reader.ts';
import { FRAME_TYPES } from './http2-names.ts';
import { data, PREFACE } from './http2-wire.ts';
import { RecordingFrameOutput } from './recording-frame-output.ts';

/** Windows that are reached soon. */
export const TEST_LIMITS: EndpointLimits = Object.freeze({
  head: DEFAULT_HEAD_LIMITS,
  maxStreams: 100,
  streamWindowBytes: 65_536,
  connectionWindowBytes: 131_072,
  glitches: 1000,
});

interface Engine {
  receive(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined, now: number): void;
  settle(): void;
}

/**
 * The other end of an engine's connection: gives it octets as the driver would, overwrites them afterwards, reads the frames that
 * come back, and keeps books on the window of the connection.
 */
export abstract class EngineWire {
  now = 0;
  readonly output: RecordingFrameOutput = new RecordingFrameOutput();
  readonly faults: Http2Fault[] = [];
  readonly glitches: GlitchKind[] = [];
  readonly closed: number[] = [];
  readonly pongs: number[] = [];
  readonly goaways: { readonly lastStreamId: number; readonly code: number }[] = [];
  /** What we may still send to the engine, as far as we know. */
  connectionWindow = 65_535;
  readonly #log: Http2FrameLog = new Http2FrameLog();
  readonly #sent: Http2FrameReader = new Http2FrameReader();
  #told: ReceivedFrame[] = [];
  #prefaceLeft: number;

  /** `prefaceLength`: octets in front of the engine's frames. */
  constructor(prefaceLength = 0) {
    this.#prefaceLeft = prefaceLength;
  }

  protected abstract readonly wired: Engine;

  /** One read, and the turn of the loop that it is in. */
  receive(...pieces: readonly Buffer[]): this {
    this.read(Buffer.concat(pieces));
    return this.turn();
  }

  /** One read, and no flush. */
  read(bytes: Buffer): this {
    const frames = bytes.subarray(0, PREFACE.length).equals(PREFACE) ? bytes.subarray(PREFACE.length) : bytes;
    for (const { type, payload } of this.#sent.read(frames))
      if (type === FRAME_TYPES.DATA) this.connectionWindow -= payload.length;
    const shown = Buffer.from(bytes);
    this.wired.receive(shown, 0, shown.length, undefined, this.now);
    shown.fill(0xdd);
    return this;
  }

  /** Octets of the engine that are flushed now. */
  flush(): Buffer {
    this.wired.settle();
    const bytes = this.output.take();
    const frames = bytes.subarray(this.#prefaceLeft);
    this.#prefaceLeft = Math.max(0, this.#prefaceLeft - bytes.length);
    for (const frame of this.#log.receive(frames)) {
      this.#told.push(frame);
      if (frame.type === FRAME_TYPES.WINDOW_UPDATE && frame.streamId === 0)
        this.connectionWindow += frame.payload.readUInt32BE(0);
    }
    return bytes;
  }

  turn(): this {
    this.flush();
    return this;
  }

  /** Frames since the last call. */
  takeFrames(): readonly ReceivedFrame[] {
    const told = this.turn().#told;
    this.#told = [];
    return told;
  }

  /** The same in words. */
  take(): readonly string[] {
    return this.takeFrames().map(printReceived);
  }

  /**
   * Sends data on a stream that is read from until the engine gives back what was used of the connection's window, which then is
   * whole unless some of it was lost.
   */
  protected refilled(streamId: number): number {
    for (;;) {
      const left = this.connectionWindow - PROBE.length;
      if (left < 0) return this.connectionWindow;
      this.receive(data(streamId, PROBE));
      if (this.connectionWindow > left) return this.connectionWindow;
    }
  }

  fault(fault: Http2Fault): void {
    this.faults.push(fault);
  }

  streamClosed(stream: Http2Stream): void {
    assert.ok(!this.closed.includes(stream.id), `stream ${stream.id} is closed once`);
    assert.ok(stream.isClosed);
    this.closed.push(stream.id);
  }

  glitch(kind: GlitchKind): void {
    this.glitches.push(kind);
  }

  pong(number: number): void {
    this.pongs.push(number);
  }

  goaway(lastStreamId: number, code: number): void {
    this.goaways.push({ lastStreamId, code });
  }
}

const PROBE = 'x'.repeat(4096);
