import type { Buffer } from 'node:buffer';
import { HpackDecoder } from '../hpack/decoder.ts';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import type { BytesOwner } from '../http/output.ts';
import { DataInflow } from './data-inflow.ts';
import { type Http2Fault, type Http2Rule, http2Fault, peerReset } from './errors.ts';
import { writeGoaway } from './frame/goaway.ts';
import { writePing, writePingAck } from './frame/ping.ts';
import { writeRstStream } from './frame/rst-stream.ts';
import { type SettingList, writeSettings, writeSettingsAck } from './frame/settings.ts';
import { FrameDispatch, type FrameHandler } from './frame-dispatch.ts';
import type { FrameOutput } from './frame-output.ts';
import { GlitchAccount, type GlitchKind } from './glitch-account.ts';
import { type EncodedBlock, HeadEncoder } from './head-encoder.ts';
import {
  type EndpointLimits,
  HEADER_TABLE_BYTES,
  headerBlockBytes,
  REQUEST_LINE_FIELDS,
  STATUS_LINE_FIELDS,
} from './limits.ts';
import { PeerSettings } from './peer-settings.ts';
import type { Receiver } from './receiver.ts';
import { RecentResets } from './recent-resets.ts';
import { Sender, type SenderEvents } from './sender.ts';
import type { Http2Stream } from './stream.ts';
import { STREAM_INPUT, STREAM_STATE, type StreamInput, streamTransition } from './stream-state.ts';
import { StreamTable } from './stream-table.ts';

/** What an endpoint of either side reports of its connection. Called from within `receive`, `settle` and the send methods. */
export interface EndpointEvents {
  /** The connection is lost: GOAWAY is queued, all streams were told. Flush, and close. */
  fault(fault: Http2Fault): void;
  /** A stream is over, whatever way; when that was not by agreement it is told next. */
  streamClosed(stream: Http2Stream): void;
  /** Senseless work was charged. */
  glitch(kind: GlitchKind, points: number): void;
  /** The answer to `sendPing(number)`. */
  pong(number: number): void;
  /** The peer takes no streams above `lastStreamId` any more. */
  goaway(lastStreamId: number, code: number): void;
}

/**
 * What both sides of an HTTP/2 connection share (RFC 9113): what frames mean for streams, windows, settings and the account of
 * glitches, and what is sent on streams. What a header block means, and who opens streams, is for the side that extends it.
 */
export abstract class Endpoint implements FrameHandler, SenderEvents {
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
  readonly #glitches: GlitchAccount;
  readonly #frames: FrameDispatch;
  readonly #inflow: DataInflow;
  /** The peer knows our settings. */
  protected settingsAcknowledged = false;
  #isFaulty = false;
  /** Windows have grown: what waits for them is sent when the read is over, once. */
  #pumpDue = false;

  constructor(events: EndpointEvents, output: FrameOutput, limits: EndpointLimits, peerIsServer: boolean) {
    this.#events = events;
    this.output = output;
    this.limits = limits;
    this.peer = new PeerSettings(peerIsServer);
    this.#peerIsServer = peerIsServer;
    this.sender = new Sender(output, this);
    this.#inflow = new DataInflow(output, limits);
    this.receiver = this.#inflow.receiver;
    this.#glitches = new GlitchAccount(limits.glitches);
    this.#frames = new FrameDispatch(this, headerBlockBytes(limits.head));
    const { headBytes, headers } = limits.head;
    // One field may fill the list: which field is too long decides between two answers, and only its name tells.
    this.decoder = new HpackDecoder(HEADER_TABLE_BYTES, {
      listBytes: headBytes,
      fieldBytes: headBytes,
      fields: headers + (peerIsServer ? STATUS_LINE_FIELDS : REQUEST_LINE_FIELDS),
    });
  }

  /** A header block has begun and is not complete. */
  get inHead(): boolean {
    return this.#frames.inHead;
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
    return this.#inflow.window;
  }

  /** Takes bytes[start, end). `now`: milliseconds of a clock that does not go back. */
  receive(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined, now: number): void {
    this.#glitches.advance(now);
    this.#frames.receive(bytes, start, end, owner);
    if (this.#pumpDue) this.#pump();
  }

  /** The output has drained: what waited for room goes on. */
  drained(): void {
    this.#pump();
    this.settle();
  }

  /** Whether `settle` has anything to do. */
  get isUnsettled(): boolean {
    return this.sender.hasWaiting;
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
      this.#inflow.forget(stream);
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

  /**
   * Reads nothing more, and tells all streams why, that first on which it has come; but a response that is complete can still be read.
   */
  stop(fault: Http2Fault, at?: Http2Stream): void {
    this.#isFaulty = true;
    this.#frames.stop();
    this.#inflow.stop();
    if (at !== undefined) this.#stopStream(at, fault, true);
    for (const stream of this.streams.values()) this.#stopStream(stream, fault, false);
  }

  #stopStream(stream: Http2Stream, fault: Http2Fault, isOwn: boolean): void {
    if (this.#isAnswered(stream)) this.close(stream, true);
    else this.lose(stream, fault, isOwn);
  }

  /** Closes a stream and tells its sink why; one that another sink has closed when it was told is left alone. */
  protected lose(stream: Http2Stream, fault: Http2Fault, isOwn = true): void {
    if (stream.isClosed) return;
    const { sink } = stream;
    this.close(stream);
    sink.reset(fault, isOwn);
  }

  // What the two sides do differently.

  /** The stream was never opened, so that the peer may not speak of it. */
  protected abstract isIdle(streamId: number): boolean;
  /** The identifier for GOAWAY: the last stream of the peer that was taken. */
  protected abstract readonly lastStreamId: number;
  /** A decoded block (`this.decoder` has it) for a stream that is not open. */
  protected abstract openingBlock(streamId: number, endStream: boolean, dependsOnItself: boolean): void;
  /** A decoded block on an open stream. */
  protected abstract furtherBlock(stream: Http2Stream, endStream: boolean): void;
  /** The rule that data on the stream breaks now. */
  protected abstract dataRule(stream: Http2Stream): Http2Rule | undefined;
  /** Our direction of the stream is over, the peer's is not. */
  protected abstract localEndedFirst(stream: Http2Stream): void;

  /** Sends our settings, and opens the window of the connection. */
  protected begin(settings: SettingList): void {
    writeSettings(this.output, settings);
    this.#inflow.announce();
  }

  // What frames mean.

  /** Every block is decoded, whatever becomes of it: the table must stay in step with the peer's. */
  headerBlock(
    streamId: number,
    endStream: boolean,
    dependsOnItself: boolean,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (this.decoder.decode(bytes, start, end) !== undefined) {
      this.fault('bad-header-block', streamId);
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) this.openingBlock(streamId, endStream, dependsOnItself);
    else if (dependsOnItself) this.streamFault(stream, 'self-dependency');
    else if (this.#advance(stream, STREAM_INPUT.HEADERS)) {
      if (stream.isTunnel) this.streamFault(stream, 'headers-in-tunnel');
      else this.furtherBlock(stream, endStream);
    }
  }

  dataBegin(streamId: number, length: number, dataLength: number): void {
    if (!this.#inflow.count(length)) {
      this.fault('connection-window-exceeded', streamId);
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.isIdle(streamId)) this.fault('idle-stream');
      else this.frameOnClosed(streamId);
    } else if (this.#advance(stream, STREAM_INPUT.DATA)) {
      const rule = this.dataRule(stream) ?? this.#inflow.begin(stream, length, dataLength);
      if (rule !== undefined) this.streamFault(stream, rule);
    }
  }

  dataBytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#inflow.take(bytes, start, end, owner);
  }

  dataEnd(endStream: boolean): void {
    if (!this.#inflow.hasData && !endStream && !this.charge('empty-frame')) return;
    const stream = this.#inflow.end();
    if (stream !== undefined && endStream) this.remoteEnd(stream, NO_HEADERS);
  }

  rstStream(streamId: number, code: number): void {
    if (this.isIdle(streamId)) {
      this.fault('idle-stream');
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    this.resets.add(streamId, true);
    if (this.#isAnswered(stream)) {
      // It wants no more of the request: its response must not be discarded (RFC 9113, section 8.1).
      this.close(stream, true);
      return;
    }
    const { localEnded } = stream;
    this.lose(stream, peerReset(code));
    if (!localEnded) this.charge('reset');
  }

  settings(bytes: Buffer, start: number, end: number): void {
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

  settingsAck(): void {
    this.settingsAcknowledged = true;
  }

  ping(bytes: Buffer, start: number): void {
    writePingAck(this.output, bytes, start);
  }

  pong(number: number): void {
    this.#events.pong(number);
  }

  goaway(lastStreamId: number, code: number): void {
    this.#events.goaway(lastStreamId, code);
  }

  windowUpdate(streamId: number, increment: number): void {
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

  abstract priorityUpdate(bytes: Buffer, start: number, end: number): void;

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

  /** HEADERS or DATA on a stream that is over: what crosses a reset of ours is ignored (RFC 9113, section 5.1). */
  protected frameOnClosed(streamId: number): void {
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
  faultOn(streamId: number, rule: Http2Rule, otherwise: Http2Rule): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) this.fault(otherwise);
    else this.streamFault(stream, rule);
  }

  /** The connection is lost by the peer's fault. `streamId`: where that was, or 0; with one stream alone it is that one. */
  fault(rule: Http2Rule, streamId = 0): void {
    if (this.#isFaulty) return;
    const fault = http2Fault(rule);
    writeGoaway(this.output, this.lastStreamId, fault.code, rule);
    const { streams } = this;
    this.stop(fault, streams.size === 1 ? streams.values()[0] : streams.get(streamId));
    this.#events.fault(fault);
  }

  /**
   * Forgets a stream; whoever needs to know is told by the caller. `keepsBody`: what was received in full and is not read yet will
   * still be shown.
   */
  protected close(stream: Http2Stream, keepsBody = false): void {
    stream.state = STREAM_STATE.CLOSED;
    if (!this.streams.delete(stream.id)) return;
    this.#inflow.close(stream);
    this.sender.forget(stream);
    if (!keepsBody) this.#inflow.forget(stream);
    this.#events.streamClosed(stream);
  }

  /** Charges the account of glitches. False: the connection is lost. */
  charge(kind: GlitchKind): boolean {
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

  /**
   * A server that has answered wants no more of the request; a client still wants the response that it has not read yet, and in a
   * tunnel either side what the other has said last.
   */
  #closeByAgreement(stream: Http2Stream): void {
    this.close(stream, this.#peerIsServer || stream.isTunnel);
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
}
