import type { Buffer } from 'node:buffer';
import { HpackDecoder } from '../hpack/decoder.ts';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import type { BytesOwner } from '../http/output.ts';
import { type Http2Fault, type Http2Rule, http2Fault, peerReset } from './errors.ts';
import { ReceiveWindow } from './flow-window.ts';
import { FLAG, FRAME_TYPE, readUint31, readUint32 } from './frame/frame-header.ts';
import { GOAWAY_BYTES, GOAWAY_CODE_OFFSET, writeGoaway } from './frame/goaway.ts';
import { type HeadersPayload, readHeaders } from './frame/headers.ts';
import { PING_BYTES, writePing, writePingAck } from './frame/ping.ts';
import { dependsOn, PRIORITY_BYTES } from './frame/priority.ts';
import { RST_STREAM_BYTES, writeRstStream } from './frame/rst-stream.ts';
import { SETTING_BYTES, type SettingList, writeSettings, writeSettingsAck } from './frame/settings.ts';
import { WINDOW_UPDATE_BYTES, writeWindowUpdate } from './frame/window-update.ts';
import type { FrameOutput } from './frame-output.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { GlitchAccount, type GlitchKind } from './glitch-account.ts';
import { type EncodedBlock, HeadEncoder } from './head-encoder.ts';
import { HeaderBlock } from './header-block.ts';
import { type EndpointLimits, HEADER_TABLE_BYTES, headerBlockBytes } from './limits.ts';
import { PeerSettings } from './peer-settings.ts';
import { Receiver } from './receiver.ts';
import { RecentResets } from './recent-resets.ts';
import { Sender, type SenderEvents } from './sender.ts';
import type { Http2Stream } from './stream.ts';
import { STREAM_INPUT, STREAM_STATE, type StreamInput, streamTransition } from './stream-state.ts';
import { StreamTable } from './stream-table.ts';

/** What an endpoint of either side reports of its connection. Called from within `receive`, `settle` and the send methods. */
export interface EndpointEvents {
  /** The connection is lost: GOAWAY is queued, all streams were told. Flush, and close. */
  fault(fault: Http2Fault): void;
  /** A stream is over, whatever way; it was told before when that was not by agreement. */
  streamClosed(stream: Http2Stream): void;
  /** Senseless work was charged. */
  glitch(kind: GlitchKind, points: number): void;
  /** The answer to `sendPing(number)`. */
  pong(number: number): void;
  /** The peer takes no streams above `lastStreamId` any more. */
  goaway(lastStreamId: number, code: number): void;
}

/**
 * What both sides of an HTTP/2 connection share (RFC 9113): frames in, dispatched; settings, streams, windows, resets and the
 * account of glitches; frames out. What a header block means, and who opens streams, is for the side that extends it.
 */
export abstract class Endpoint implements FrameSink, SenderEvents {
  readonly streams: StreamTable = new StreamTable();
  protected readonly output: FrameOutput;
  protected readonly limits: EndpointLimits;
  protected readonly decoder: HpackDecoder;
  protected readonly encoder: HeadEncoder = new HeadEncoder();
  protected readonly sender: Sender;
  protected readonly receiver: Receiver;
  protected readonly peer: PeerSettings;
  protected readonly resets: RecentResets = new RecentResets();
  readonly #events: EndpointEvents;
  readonly #peerIsServer: boolean;
  readonly #reader = new FrameReader(this);
  readonly #glitches: GlitchAccount;
  /** Of the connection. */
  readonly #window: ReceiveWindow;
  readonly #block: HeaderBlock;
  readonly #payload: HeadersPayload = { from: 0, to: 0, dependsOnItself: false };
  /** What HEADERS said of the block that CONTINUATION goes on with. */
  #blockDependsOnItself = false;
  #hasSettings = false;
  #isFaulty = false;
  /** Windows have grown: what waits for them is sent when the read is over, once. */
  #pumpDue = false;
  /** The stream of the DATA frame under way; undefined: its data is thrown away. */
  #dataStream: Http2Stream | undefined = undefined;
  /** Of the DATA frame under way: what counts against the windows and is not data; and whether there is any. */
  #overheadBytes = 0;
  #hasData = false;

  constructor(events: EndpointEvents, output: FrameOutput, limits: EndpointLimits, peerIsServer: boolean) {
    this.#events = events;
    this.output = output;
    this.limits = limits;
    this.peer = new PeerSettings(peerIsServer);
    this.#peerIsServer = peerIsServer;
    this.sender = new Sender(output, this);
    this.receiver = new Receiver(limits, (stream, bytes) => this.#release(stream, bytes));
    this.#glitches = new GlitchAccount(limits.glitches);
    this.#window = new ReceiveWindow(limits.connectionWindowBytes, INITIAL_CONNECTION_WINDOW);
    this.#block = new HeaderBlock(headerBlockBytes(limits.head));
    const { headBytes, headers } = limits.head;
    // One field may fill the list: which field is too long decides between two answers, and only its name tells.
    this.decoder = new HpackDecoder(HEADER_TABLE_BYTES, {
      listBytes: headBytes,
      fieldBytes: headBytes,
      fields: headers,
    });
  }

  /** A header block has begun and is not complete. */
  get inHead(): boolean {
    return this.#block.streamId !== 0;
  }

  /** A fault has ended it: nothing is read or sent any more. */
  get isFaulty(): boolean {
    return this.#isFaulty;
  }

  /** Points of senseless work on the account now. */
  get glitchPoints(): number {
    return this.#glitches.points;
  }

  /** Bytes of bodies that wait for the peer's windows, or for it to read. */
  get queuedBytes(): number {
    return this.sender.queuedBytes;
  }

  /** Bytes of bodies that were sent so far. */
  get sentBytes(): number {
    return this.sender.sentBytes;
  }

  /** Bytes that may be sent on all streams together; 0 or less: none goes out before the peer grants more. */
  get sendWindow(): number {
    return this.sender.window.available;
  }

  /** Bytes that the peer knows it may send on all streams together; 0 or less: it waits for us. */
  get receiveWindow(): number {
    return this.#window.available;
  }

  /** Takes bytes[start, end). `now`: milliseconds of a clock that does not go back. */
  receive(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined, now: number): void {
    this.#glitches.advance(now);
    this.#reader.receive(bytes, start, end, owner);
    if (this.#pumpDue) this.#pump();
  }

  /** The output has drained: what waited for room goes on. */
  drained(): void {
    this.#pump();
    this.settle();
  }

  /** Before each flush: what is to be done once per turn of the event loop. */
  settle(): void {
    this.sender.grant();
  }

  /** The sink wants the stream's body; nothing of it is reported before. */
  readBody(stream: Http2Stream): void {
    this.receiver.read(stream);
  }

  /** After a sink's `bodyData` said false. */
  resume(stream: Http2Stream): void {
    this.receiver.resume(stream);
  }

  /** A piece of the body. False: hold back until the sink's `writable`. Accepted either way. */
  sendData(
    stream: Http2Stream,
    bytes: Buffer,
    start: number,
    end: number,
    owner: BytesOwner | undefined,
  ): boolean {
    if (stream.localEnded || start === end) return true;
    return this.sender.sendData(stream, bytes, start, end, owner);
  }

  /** Our direction is complete. */
  sendEnd(stream: Http2Stream, trailers: HeaderList): void {
    if (!stream.localEnded) this.sender.sendEnd(stream, trailers);
  }

  /** Gives up on a stream. No further call to its sink. */
  reset(stream: Http2Stream, code: number): void {
    if (stream.isClosed) {
      this.#releaseConnection(this.receiver.forget(stream));
      return;
    }
    // Nothing follows GOAWAY: a sink that is told of the end of the connection may give up others.
    if (!this.#isFaulty) writeRstStream(this.output, stream.id, code);
    this.resets.add(stream.id, false);
    this.close(stream);
  }

  /** Asks for a sign of life: `pong(number)`. */
  sendPing(number: number): void {
    writePing(this.output, number);
  }

  /** Reads nothing more, and tells all streams why; but a response that is complete can still be read. */
  stop(fault: Http2Fault): void {
    this.#isFaulty = true;
    this.#reader.stop();
    for (const stream of this.streams.values()) {
      if (this.#isAnswered(stream)) this.close(stream, true);
      else this.lose(stream, fault);
    }
  }

  /** Closes a stream and tells its sink why; one that another sink has closed when it was told is left alone. */
  protected lose(stream: Http2Stream, fault: Http2Fault): void {
    if (stream.isClosed) return;
    const { sink } = stream;
    this.close(stream);
    sink.reset(fault);
  }

  // What the two sides do differently.

  /** The highest stream that the peer may speak of as having been open. */
  protected abstract isIdle(streamId: number): boolean;
  /** The identifier for GOAWAY: the last stream of the peer that was taken. */
  protected abstract readonly lastStreamId: number;
  /** A decoded block (`this.decoder` has it) for a stream that is not open. */
  protected abstract openingBlock(streamId: number, endStream: boolean, dependsOnItself: boolean): void;
  /** A decoded block on an open stream. */
  protected abstract furtherBlock(stream: Http2Stream, endStream: boolean): void;
  /** The rule that data on the stream breaks now. */
  protected abstract dataRule(stream: Http2Stream): Http2Rule | undefined;
  protected abstract priorityUpdate(bytes: Buffer, start: number, end: number): void;
  /** Our direction of the stream is over, the peer's is not. */
  protected abstract localEndedFirst(stream: Http2Stream): void;

  /** Sends our settings, and opens the window of the connection. */
  protected begin(settings: SettingList): void {
    writeSettings(this.output, settings);
    const increment = this.#window.announce();
    if (increment > 0) writeWindowUpdate(this.output, 0, increment);
  }

  // Frames.

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
        this.#rstStream(streamId, bytes, start, end);
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
        this.#windowUpdate(streamId, bytes, start, end);
        return;
      case FRAME_TYPE.CONTINUATION:
        this.#continuation(flags, bytes, start, end);
        return;
      case FRAME_TYPE.PRIORITY_UPDATE:
        if (this.charge('priority')) this.#priorityUpdate(streamId, bytes, start, end);
        return;
      default:
        // Unknown types must be ignored (RFC 9113, section 4.1).
        this.charge('empty-frame');
    }
  }

  #headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) {
      this.fault('stream-zero');
      return;
    }
    const payload = this.#payload;
    if (!readHeaders(bytes, start, end, flags, streamId, payload)) {
      this.fault('bad-padding');
      return;
    }
    if ((flags & FLAG.END_HEADERS) !== 0)
      this.#decode(streamId, flags, bytes, payload.from, payload.to, payload.dependsOnItself);
    else {
      if (payload.from === payload.to && !this.charge('empty-frame')) return;
      this.#blockDependsOnItself = payload.dependsOnItself;
      this.#block.begin(streamId, flags, bytes, payload.from, payload.to);
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
    if (start === end && !isLast && !this.charge('empty-frame')) return;
    const rule = block.add(bytes, start, end);
    if (rule !== undefined) {
      this.fault(rule);
      return;
    }
    if (!isLast) return;
    const whole = block.take();
    this.#decode(streamId, block.flags, whole, 0, whole.length, this.#blockDependsOnItself);
  }

  /** Every block is decoded, whatever becomes of it: the table must stay in step with the peer's. */
  #decode(
    streamId: number,
    flags: number,
    bytes: Buffer,
    start: number,
    end: number,
    dependsOnItself: boolean,
  ): void {
    if (this.decoder.decode(bytes, start, end) !== undefined) {
      this.fault('bad-header-block');
      return;
    }
    const endStream = (flags & FLAG.END_STREAM) !== 0;
    const stream = this.streams.get(streamId);
    if (stream === undefined) this.openingBlock(streamId, endStream, dependsOnItself);
    else if (dependsOnItself) this.streamFault(stream, 'self-dependency');
    else if (this.#advance(stream, STREAM_INPUT.HEADERS)) this.furtherBlock(stream, endStream);
  }

  #priority(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) this.fault('stream-zero');
    else if (end - start !== PRIORITY_BYTES) this.#faultOn(streamId, 'bad-priority-size', 'bad-frame-size');
    else if (dependsOn(bytes, start) === streamId)
      this.#faultOn(streamId, 'self-dependency', 'bad-stream-id');
    else this.charge('priority');
  }

  #rstStream(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) this.fault('stream-zero');
    else if (end - start !== RST_STREAM_BYTES) this.fault('bad-frame-size');
    else if (this.isIdle(streamId)) this.fault('idle-stream');
    else {
      const stream = this.streams.get(streamId);
      if (stream === undefined) return;
      this.resets.add(streamId, true);
      if (this.#isAnswered(stream)) {
        // It wants no more of the request: its response must not be discarded (RFC 9113, section 8.1).
        this.close(stream, true);
        return;
      }
      const { localEnded } = stream;
      this.lose(stream, peerReset(readUint32(bytes, start)));
      if (!localEnded) this.charge('reset');
    }
  }

  #settings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) {
      this.fault('not-stream-zero');
      return;
    }
    if ((flags & FLAG.ACK) !== 0) {
      if (start !== end) this.fault('bad-frame-size');
      return;
    }
    if ((end - start) % SETTING_BYTES !== 0) {
      this.fault('bad-frame-size');
      return;
    }
    if (this.#hasSettings && !this.charge('settings')) return;
    this.#hasSettings = true;
    const { initialWindow, headerTableBytes } = this.peer;
    const rule = this.peer.read(bytes, start, end) ?? this.#adjustWindows(initialWindow);
    if (rule !== undefined) {
      this.fault(rule);
      return;
    }
    this.#limitTable(headerTableBytes);
    writeSettingsAck(this.output);
    this.settingsReceived();
  }

  /** The table follows the peer's words in their order, as far as that makes a difference. */
  #limitTable(before: number): void {
    const { headerTableBytes, lowestTableBytes } = this.peer;
    if (lowestTableBytes < before) this.encoder.limitTable(lowestTableBytes);
    if (headerTableBytes !== lowestTableBytes) this.encoder.limitTable(headerTableBytes);
  }

  /** For the side that waits for the other's settings. */
  protected settingsReceived(): void {}

  /** A new SETTINGS_INITIAL_WINDOW_SIZE holds for streams that are open already (RFC 9113, section 6.9.2). */
  #adjustWindows(before: number): Http2Rule | undefined {
    const change = this.peer.initialWindow - before;
    if (change === 0) return undefined;
    for (const stream of this.streams.values()) {
      if (!stream.sendWindow.grow(change)) return 'initial-window-too-large';
      this.sender.unblock(stream);
    }
    this.#pumpDue = true;
    return undefined;
  }

  #ping(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) this.fault('not-stream-zero');
    else if (end - start !== PING_BYTES) this.fault('bad-frame-size');
    else if ((flags & FLAG.ACK) !== 0) this.#events.pong(readUint32(bytes, start + 4));
    else if (this.charge('ping')) writePingAck(this.output, bytes, start);
  }

  #goaway(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) this.fault('not-stream-zero');
    else if (end - start < GOAWAY_BYTES) this.fault('bad-frame-size');
    else this.goawayReceived(readUint31(bytes, start), readUint32(bytes, start + GOAWAY_CODE_OFFSET));
  }

  protected goawayReceived(lastStreamId: number, code: number): void {
    this.#events.goaway(lastStreamId, code);
  }

  #windowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== WINDOW_UPDATE_BYTES) {
      this.fault('bad-frame-size');
      return;
    }
    const increment = readUint31(bytes, start);
    if (streamId === 0) {
      if (increment === 0) this.fault('zero-connection-increment');
      else if (!this.sender.window.grow(increment)) this.fault('connection-window-overflow');
      else if (this.charge('window-update')) this.#pumpDue = true;
      return;
    }
    if (this.isIdle(streamId)) {
      this.fault('idle-stream');
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) this.charge('window-update');
    else if (increment === 0) this.streamFault(stream, 'zero-increment');
    else if (!stream.sendWindow.grow(increment)) this.streamFault(stream, 'window-overflow');
    else if (this.charge('window-update')) {
      this.sender.unblock(stream);
      this.#pumpDue = true;
    }
  }

  #priorityUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) this.fault('not-stream-zero');
    else this.priorityUpdate(bytes, start, end);
  }

  dataBegin(_flags: number, streamId: number, length: number, dataLength: number): void {
    this.#dataStream = undefined;
    this.#overheadBytes = length;
    this.#hasData = false;
    if (!this.#hasSettings) this.fault('settings-first');
    else if (this.inHead) this.fault('interrupted-header-block');
    else if (streamId === 0) this.fault('stream-zero');
    else if (!this.#window.take(length)) this.fault('connection-window-exceeded');
    else {
      const stream = this.streams.get(streamId);
      if (stream === undefined) this.#lateFrame(streamId);
      else if (this.#advance(stream, STREAM_INPUT.DATA)) this.#beginData(stream, length, dataLength);
    }
  }

  #beginData(stream: Http2Stream, length: number, dataLength: number): void {
    const rule = this.dataRule(stream);
    if (rule !== undefined) this.streamFault(stream, rule);
    else if (!this.receiver.windowOf(stream).take(length)) this.streamFault(stream, 'window-exceeded');
    // Before any of it is shown: a backend must not have a whole request before we know that it is none.
    else if (stream.owed >= 0 && dataLength > stream.owed) this.streamFault(stream, 'body-length-mismatch');
    else this.#dataStream = stream;
  }

  dataBytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#overheadBytes -= end - start;
    this.#hasData = true;
    const stream = this.#dataStream;
    if (stream === undefined) {
      this.#releaseConnection(end - start);
      return;
    }
    this.receiver.take(stream, bytes, start, end, owner);
  }

  dataEnd(flags: number): void {
    const endStream = (flags & FLAG.END_STREAM) !== 0;
    if (!this.#hasData && !endStream && !this.charge('empty-frame')) return;
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    if (this.#overheadBytes > 0) {
      if (stream === undefined) this.#releaseConnection(this.#overheadBytes);
      else this.#release(stream, this.#overheadBytes);
    }
    if (stream !== undefined && endStream) this.remoteEnd(stream, NO_HEADERS);
  }

  // Streams.

  /** The peer's direction is complete. */
  protected remoteEnd(stream: Http2Stream, trailers: HeaderList): void {
    if (stream.owed > 0) {
      this.streamFault(stream, 'body-length-mismatch');
      return;
    }
    if (!this.#advance(stream, STREAM_INPUT.END)) return;
    this.receiver.end(stream, trailers);
    if (stream.isClosed) this.#closeByAgreement(stream);
  }

  /** A frame on a stream that is not open: what crosses a reset of ours is ignored (RFC 9113, section 5.1). */
  #lateFrame(streamId: number): void {
    if (this.isIdle(streamId)) this.fault('idle-stream');
    else this.lateBlock(streamId);
  }

  protected lateBlock(streamId: number): void {
    const by = this.resets.by(streamId);
    if (by === undefined) this.fault('closed-stream');
    else if (by === 'peer') this.refuse(streamId, 'reset-stream', 'stream-error');
  }

  /** Resets a stream that is not open. */
  protected refuse(streamId: number, rule: Http2Rule, kind: GlitchKind): void {
    writeRstStream(this.output, streamId, http2Fault(rule).code);
    this.resets.add(streamId, false);
    this.charge(kind);
  }

  /** The peer has broken a rule on one stream: that one is lost, its neighbours are not. */
  protected streamFault(stream: Http2Stream, rule: Http2Rule): void {
    const fault = http2Fault(rule);
    writeRstStream(this.output, stream.id, fault.code);
    this.resets.add(stream.id, false);
    this.lose(stream, fault);
    this.charge('stream-error');
  }

  /** `rule` on a stream that is open; on another there is nothing to reset. */
  #faultOn(streamId: number, rule: Http2Rule, otherwise: Http2Rule): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) this.fault(otherwise);
    else this.streamFault(stream, rule);
  }

  /** The connection is lost by the peer's fault. */
  fault(rule: Http2Rule): void {
    if (this.#isFaulty) return;
    const fault = http2Fault(rule);
    writeGoaway(this.output, this.lastStreamId, fault.code, rule);
    this.stop(fault);
    this.#events.fault(fault);
  }

  /**
   * Forgets a stream; whoever needs to know is told by the caller. `keepsBody`: what was received in full and is not read yet will
   * still be shown.
   */
  protected close(stream: Http2Stream, keepsBody = false): void {
    stream.state = STREAM_STATE.CLOSED;
    if (!this.streams.delete(stream.id)) return;
    // What is left of a frame under way is thrown away; it is the connection's window that it has used.
    if (this.#dataStream === stream) this.#dataStream = undefined;
    this.sender.forget(stream);
    if (!keepsBody) this.#releaseConnection(this.receiver.forget(stream));
    this.#events.streamClosed(stream);
  }

  /** Charges the account of glitches. False: the connection is lost. */
  protected charge(kind: GlitchKind): boolean {
    if (this.#isFaulty) return false;
    const points = this.#glitches.charge(kind);
    if (points > 0) this.#events.glitch(kind, points);
    if (!this.#glitches.isOverdrawn) return true;
    this.fault('too-many-glitches');
    return false;
  }

  /** A stream has come to its proper end. */
  protected answered(): void {
    this.#glitches.answered();
  }

  // What the sender reports.

  encodeTrailers(trailers: HeaderList): EncodedBlock {
    return this.encoder.trailers(trailers);
  }

  dataSent(): void {
    this.#glitches.dataSent();
  }

  localEnd(stream: Http2Stream): void {
    stream.state = streamTransition(stream.state, STREAM_INPUT.SEND_END) as Http2Stream['state'];
    if (stream.isClosed) this.#closeByAgreement(stream);
    else this.localEndedFirst(stream);
  }

  /** The response is complete: what is missing of the request cannot take anything from it. */
  #isAnswered(stream: Http2Stream): boolean {
    return this.#peerIsServer && stream.remoteEnded && !stream.isTunnel;
  }

  /** A server that has answered wants no more of the request; a client still wants the response that it has not read yet. */
  #closeByAgreement(stream: Http2Stream): void {
    this.close(stream, this.#peerIsServer);
  }

  /** Takes an input of the peer's. False: it was against the stream's state. */
  #advance(stream: Http2Stream, input: StreamInput): boolean {
    const next = streamTransition(stream.state, input);
    if (typeof next === 'string') {
      this.streamFault(stream, next);
      return false;
    }
    stream.state = next;
    return true;
  }

  #pump(): void {
    this.#pumpDue = false;
    if (!this.#isFaulty) this.sender.pump();
  }

  #release(stream: Http2Stream, bytes: number): void {
    this.#releaseConnection(bytes);
    if (stream.remoteEnded) return;
    const increment = this.receiver.windowOf(stream).release(bytes);
    if (increment > 0) writeWindowUpdate(this.output, stream.id, increment);
  }

  #releaseConnection(bytes: number): void {
    if (bytes === 0 || this.#isFaulty) return;
    const increment = this.#window.release(bytes);
    if (increment > 0) writeWindowUpdate(this.output, 0, increment);
  }
}

/** What a connection begins with, whatever SETTINGS say (RFC 9113, section 6.9.2). */
const INITIAL_CONNECTION_WINDOW = 65_535;
