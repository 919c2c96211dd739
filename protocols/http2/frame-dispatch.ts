import type { Buffer } from 'node:buffer';
import type { BytesOwner } from '../http/output.ts';
import type { Http2Rule } from './errors.ts';
import { FLAG, FRAME_TYPE, readUint31, readUint32 } from './frame/frame-header.ts';
import { GOAWAY_BYTES, GOAWAY_CODE_OFFSET } from './frame/goaway.ts';
import { type HeadersPayload, leastHeadersBytes, readHeaders } from './frame/headers.ts';
import { PING_BYTES } from './frame/ping.ts';
import { dependsOn, PRIORITY_BYTES } from './frame/priority.ts';
import { RST_STREAM_BYTES } from './frame/rst-stream.ts';
import { SETTING_BYTES } from './frame/settings.ts';
import { WINDOW_UPDATE_BYTES } from './frame/window-update.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import type { GlitchKind } from './glitch-account.ts';
import { HeaderBlock } from './header-block.ts';

/** What frames mean, once each is known to be one of its type. */
export interface FrameHandler {
  /** The connection is lost. */
  fault(rule: Http2Rule): void;
  /** `rule` on a stream that is open; `otherwise` costs the connection. */
  faultOn(streamId: number, rule: Http2Rule, otherwise: Http2Rule): void;
  /** Senseless work. False: the connection is lost by it. */
  charge(kind: GlitchKind): boolean;
  /** A whole header block, bytes[start, end). */
  headerBlock(
    streamId: number,
    endStream: boolean,
    dependsOnItself: boolean,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
  /** A DATA frame of which `length` bytes count for flow control, and `dataLength` are data. */
  dataBegin(streamId: number, length: number, dataLength: number): void;
  dataBytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void;
  dataEnd(endStream: boolean): void;
  rstStream(streamId: number, code: number): void;
  /** Settings of the peer, bytes[start, end); behind the first they are charged already. */
  settings(bytes: Buffer, start: number, end: number): void;
  /** The peer has taken ours. */
  settingsAck(): void;
  /** To be answered with the payload at `start`. */
  ping(bytes: Buffer, start: number): void;
  pong(number: number): void;
  goaway(lastStreamId: number, code: number): void;
  /** 0: of the connection. */
  windowUpdate(streamId: number, increment: number): void;
  priorityUpdate(bytes: Buffer, start: number, end: number): void;
}

/**
 * The frames of a connection in their order: what stands first, what may stand between, on which streams, how long (RFC 9113,
 * sections 3.4, 4.3 and 6). Whatever is not a frame of its type is a fault here and comes no further.
 */
export class FrameDispatch implements FrameSink {
  readonly #handler: FrameHandler;
  readonly #reader = new FrameReader(this);
  readonly #block: HeaderBlock;
  readonly #payload: HeadersPayload = { from: 0, to: 0, dependsOnItself: false };
  /** What HEADERS said of the block that CONTINUATION goes on with. */
  #blockDependsOnItself = false;
  #hasSettings = false;

  /** `maxBlockBytes`: of a header block, on the wire. */
  constructor(handler: FrameHandler, maxBlockBytes: number) {
    this.#handler = handler;
    this.#block = new HeaderBlock(maxBlockBytes);
  }

  /** A header block has begun and is not complete. */
  get inHead(): boolean {
    return this.#block.streamId !== 0;
  }

  receive(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#reader.receive(bytes, start, end, owner);
  }

  /** Reads nothing more. */
  stop(): void {
    this.#reader.stop();
  }

  fault(rule: Http2Rule): void {
    this.#handler.fault(rule);
  }

  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (!this.#hasSettings && (type !== FRAME_TYPE.SETTINGS || (flags & FLAG.ACK) !== 0)) {
      this.fault('settings-first');
      return;
    }
    const open = this.#block.streamId;
    if (open !== 0 && (type !== FRAME_TYPE.CONTINUATION || streamId !== open)) {
      this.fault('interrupted-header-block');
      return;
    }
    switch (type) {
      case FRAME_TYPE.HEADERS:
        this.#headers(flags, streamId, bytes, start, end);
        return;
      case FRAME_TYPE.PRIORITY:
        this.#priority(streamId, bytes, start, end);
        return;
      case FRAME_TYPE.RST_STREAM:
        if (streamId === 0) this.fault('stream-zero');
        else if (end - start !== RST_STREAM_BYTES) this.fault('bad-frame-size');
        else this.#handler.rstStream(streamId, readUint32(bytes, start));
        return;
      case FRAME_TYPE.SETTINGS:
        this.#settings(flags, streamId, bytes, start, end);
        return;
      case FRAME_TYPE.PUSH_PROMISE:
        this.fault('push-promise');
        return;
      case FRAME_TYPE.PING:
        this.#ping(flags, streamId, bytes, start, end);
        return;
      case FRAME_TYPE.GOAWAY:
        this.#goaway(streamId, bytes, start, end);
        return;
      case FRAME_TYPE.WINDOW_UPDATE:
        if (end - start !== WINDOW_UPDATE_BYTES) this.fault('bad-frame-size');
        else this.#handler.windowUpdate(streamId, readUint31(bytes, start));
        return;
      case FRAME_TYPE.CONTINUATION:
        this.#continuation(flags, bytes, start, end);
        return;
      case FRAME_TYPE.PRIORITY_UPDATE:
        if (!this.#handler.charge('priority')) return;
        if (streamId !== 0) this.fault('not-stream-zero');
        else this.#handler.priorityUpdate(bytes, start, end);
        return;
      default:
        // Unknown types must be ignored (RFC 9113, section 4.1).
        this.#handler.charge('empty-frame');
    }
  }

  dataBegin(_flags: number, streamId: number, length: number, dataLength: number): void {
    if (!this.#hasSettings) this.fault('settings-first');
    else if (this.inHead) this.fault('interrupted-header-block');
    else if (streamId === 0) this.fault('stream-zero');
    else this.#handler.dataBegin(streamId, length, dataLength);
  }

  dataBytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#handler.dataBytes(bytes, start, end, owner);
  }

  dataEnd(flags: number): void {
    this.#handler.dataEnd((flags & FLAG.END_STREAM) !== 0);
  }

  #headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) {
      this.fault('stream-zero');
      return;
    }
    if (end - start < leastHeadersBytes(flags)) {
      this.fault('bad-frame-size');
      return;
    }
    const payload = this.#payload;
    if (!readHeaders(bytes, start, end, flags, streamId, payload)) {
      this.fault('bad-padding');
      return;
    }
    const { from, to, dependsOnItself } = payload;
    if ((flags & FLAG.END_HEADERS) !== 0) {
      const endStream = (flags & FLAG.END_STREAM) !== 0;
      this.#handler.headerBlock(streamId, endStream, dependsOnItself, bytes, from, to);
    } else if (from < to || this.#handler.charge('empty-frame')) {
      this.#blockDependsOnItself = dependsOnItself;
      this.#block.begin(streamId, flags, bytes, from, to);
    }
  }

  #continuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#block;
    const { streamId } = block;
    if (streamId === 0) {
      this.fault('unexpected-continuation');
      return;
    }
    const isLast = (flags & FLAG.END_HEADERS) !== 0;
    if (start === end && !isLast && !this.#handler.charge('empty-frame')) return;
    const rule = block.add(bytes, start, end);
    if (rule !== undefined) {
      this.fault(rule);
      return;
    }
    if (!isLast) return;
    const whole = block.take();
    const endStream = (block.flags & FLAG.END_STREAM) !== 0;
    this.#handler.headerBlock(streamId, endStream, this.#blockDependsOnItself, whole, 0, whole.length);
  }

  #priority(streamId: number, bytes: Buffer, start: number, end: number): void {
    const handler = this.#handler;
    if (streamId === 0) this.fault('stream-zero');
    else if (end - start !== PRIORITY_BYTES) handler.faultOn(streamId, 'bad-priority-size', 'bad-frame-size');
    else if (dependsOn(bytes, start) === streamId)
      handler.faultOn(streamId, 'self-dependency', 'bad-stream-id');
    else handler.charge('priority');
  }

  #settings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const isAck = (flags & FLAG.ACK) !== 0;
    if (streamId !== 0) this.fault('not-stream-zero');
    else if (isAck ? start !== end : (end - start) % SETTING_BYTES !== 0) this.fault('bad-frame-size');
    else if (isAck) this.#handler.settingsAck();
    else if (!this.#hasSettings || this.#handler.charge('settings')) {
      this.#hasSettings = true;
      this.#handler.settings(bytes, start, end);
    }
  }

  #ping(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) this.fault('not-stream-zero');
    else if (end - start !== PING_BYTES) this.fault('bad-frame-size');
    else if ((flags & FLAG.ACK) !== 0) this.#handler.pong(readUint32(bytes, start + 4));
    else if (this.#handler.charge('ping')) this.#handler.ping(bytes, start);
  }

  #goaway(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) this.fault('not-stream-zero');
    else if (end - start < GOAWAY_BYTES) this.fault('bad-frame-size');
    else this.#handler.goaway(readUint31(bytes, start), readUint32(bytes, start + GOAWAY_CODE_OFFSET));
  }
}
