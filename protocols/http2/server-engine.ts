import type { Buffer } from 'node:buffer';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import { latin1 } from '../http/latin1.ts';
import { type RequestHead, ResponseHead } from '../http/message.ts';
import type { BytesOwner } from '../http/output.ts';
import { EarlyPriorities } from './early-priorities.ts';
import { Endpoint, type EndpointEvents } from './endpoint.ts';
import { ERROR_CODE, type Http2Fault, type Http2Rule, http2Fault } from './errors.ts';
import { readUint31 } from './frame/frame-header.ts';
import { writeGoaway } from './frame/goaway.ts';
import { PRIORITY_UPDATE_BYTES } from './frame/priority-update.ts';
import { writeRstStream } from './frame/rst-stream.ts';
import { SETTING } from './frame/settings.ts';
import type { FrameOutput } from './frame-output.ts';
import type { EndpointLimits } from './limits.ts';
import { CLIENT_PREFACE } from './preface.ts';
import { parsePriority } from './priority.ts';
import { type ReadRequest, readRequest } from './request-reader.ts';
import { Http2Stream } from './stream.ts';
import { STREAM_STATE } from './stream-state.ts';
import { checkTrailers } from './trailer-reader.ts';
import { UnwantedBody } from './unwanted-body.ts';

/** What a server engine reports. */
export interface ServerEvents extends EndpointEvents {
  /** A request begins; set the stream's sink in this call. Nothing of its body is reported before `readBody`. */
  requestHead(stream: Http2Stream, head: RequestHead): void;
  /**
   * A request that will never be an exchange. With a status the fault is to be answered on the stream; without, the stream
   * was reset and the fault is only told. `fields`: its header section, as far as the limits let it come.
   */
  requestFault(stream: Http2Stream | undefined, fault: Http2Fault, fields: HeaderList): void;
  /** What is missing of an answered request is waited for: `stopRequests` is to be called soon. */
  restAwaited(): void;
}

/**
 * The server's side of one HTTP/2 connection (RFC 9113): requests in, on streams of their own; responses out as windows and
 * priorities allow.
 */
export class ServerEngine extends Endpoint {
  readonly #serverEvents: ServerEvents;
  /** Bytes of the client preface that have come. */
  #prefaceLength = 0;
  /** The highest stream that the client has opened, or tried to. */
  #highestId = 0;
  /** The highest that was taken as a request. */
  #lastTakenId = 0;
  /** After the last GOAWAY: the highest that is still taken. */
  #lastAllowedId = Number.POSITIVE_INFINITY;
  /** Streams whose response is complete and whose request is not. */
  #answeredEarly: Http2Stream[] = [];
  /** Those of them whose rest is on its way. */
  readonly #awaited: Set<Http2Stream> = new Set();
  readonly #earlyPriorities = new EarlyPriorities();
  /** What the last lists of the decoder, which hands out the same list for the same block, were read to. */
  readonly #known: { list: HeaderList; endStream: boolean; request: ReadRequest }[] = [];
  #nextKnown = 0;

  constructor(events: ServerEvents, output: FrameOutput, limits: EndpointLimits) {
    super(events, output, limits, false);
    this.#serverEvents = events;
    this.begin([
      [SETTING.MAX_CONCURRENT_STREAMS, limits.maxStreams],
      [SETTING.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
      [SETTING.MAX_HEADER_LIST_SIZE, limits.head.headBytes],
      [SETTING.ENABLE_CONNECT_PROTOCOL, 1],
      [SETTING.NO_RFC7540_PRIORITIES, 1],
    ]);
  }

  override receive(
    bytes: Buffer,
    start: number,
    end: number,
    owner: BytesOwner | undefined,
    now: number,
  ): void {
    let from = start;
    if (this.#prefaceLength < CLIENT_PREFACE.length) {
      from = Math.min(end, start + CLIENT_PREFACE.length - this.#prefaceLength);
      const due = CLIENT_PREFACE.slice(this.#prefaceLength, this.#prefaceLength + from - start);
      this.#prefaceLength += from - start;
      if (latin1(bytes, start, from) !== due) {
        this.fault('bad-preface');
        return;
      }
    }
    if (from < end) super.receive(bytes, from, end, owner, now);
  }

  override get isUnsettled(): boolean {
    return this.#answeredEarly.length > 0 || super.isUnsettled;
  }

  override settle(): void {
    const early = this.#answeredEarly;
    if (early.length > 0) {
      this.#answeredEarly = [];
      for (const stream of early) {
        if (stream.keepsBody) this.#stopRequest(stream);
        else this.#awaitRest(stream);
      }
    }
    super.settle();
  }

  /** To be called again and again, in even time, while a rest is awaited: what is still missing since the call before has had its time. */
  stopRequests(): void {
    for (const stream of this.#awaited) {
      if (stream.isOverdue) this.#stopRequest(stream);
      else stream.isOverdue = true;
    }
    if (this.#awaited.size > 0) this.#serverEvents.restAwaited();
  }

  override readBody(stream: Http2Stream): void {
    if (stream.continueDue && !stream.localEnded && !stream.remoteEnded) {
      stream.continueDue = false;
      const { buffer, length } = this.encoder.response(CONTINUE);
      this.sender.sendHeaders(stream, buffer, length, false);
    }
    super.readBody(stream);
  }

  /** An interim response, or the final head. The body follows by sendData and sendEnd, which must come in any case. */
  sendHead(stream: Http2Stream, head: ResponseHead): void {
    if (stream.localEnded) return;
    if (head.status >= 200 && stream.continueDue) {
      stream.continueDue = false;
      stream.keepsBody = true;
    }
    if (head.status >= 300) stream.isTunnel = false;
    const { buffer, length } = this.encoder.response(head);
    this.sender.sendHeaders(stream, buffer, length, false);
  }

  /** First step of a graceful end: the client is told to open no more streams; those on their way are still served. */
  announceEnd(): void {
    if (!this.isFaulty) writeGoaway(this.output, MAX_STREAM_ID, ERROR_CODE.NO_ERROR, '');
  }

  /** Second step: streams that come from here on are not looked at. */
  refuseStreams(): void {
    if (this.isFaulty || this.#lastAllowedId !== Number.POSITIVE_INFINITY) return;
    this.#lastAllowedId = this.#lastTakenId;
    writeGoaway(this.output, this.#lastAllowedId, ERROR_CODE.NO_ERROR, '');
  }

  protected override get lastStreamId(): number {
    return Math.min(this.#lastTakenId, this.#lastAllowedId);
  }

  protected override isIdle(streamId: number): boolean {
    // The client may open odd ones only; we open none.
    return (streamId & 1) === 0 || streamId > this.#highestId;
  }

  protected override openingBlock(streamId: number, endStream: boolean, dependsOnItself: boolean): void {
    if ((streamId & 1) === 0) this.fault('bad-stream-id');
    else if (streamId <= this.#highestId) this.frameOnClosed(streamId);
    else {
      this.#highestId = streamId;
      // Some are on their way when GOAWAY is; a flood of them is none of these.
      if (streamId > this.#lastAllowedId) this.charge('refused');
      else if (this.streams.size >= this.limits.maxStreams)
        this.refuse(streamId, 'too-many-streams', 'refused');
      else if (dependsOnItself) this.#malformed(streamId, 'self-dependency');
      else this.#open(streamId, endStream);
    }
  }

  /** What comes on streams behind the last GOAWAY is ignored: nobody said that they are closed (RFC 9113, section 6.8). */
  protected override frameOnClosed(streamId: number): void {
    if (streamId <= this.#lastAllowedId) super.frameOnClosed(streamId);
  }

  #open(streamId: number, endStream: boolean): void {
    this.#lastTakenId = streamId;
    const request = this.#request(endStream);
    const fault = typeof request === 'string' ? http2Fault(request) : undefined;
    if (fault !== undefined && fault.status === 0) {
      this.#malformed(streamId, fault.rule);
      return;
    }
    const stream = new Http2Stream(streamId, this.peer.initialWindow);
    if (endStream) stream.state = STREAM_STATE.HALF_CLOSED_REMOTE;
    this.streams.add(stream);
    this.#prioritize(stream, typeof request === 'string' ? '' : request.priority);
    if (typeof request === 'string') {
      this.#serverEvents.requestFault(stream, fault!, this.decoder.headers);
      return;
    }
    // What a tunnel carries is not the body that the field speaks of.
    stream.isTunnel = request.head.upgrade !== '';
    // Told when the tunnel stands, as what comes too early is; of a body nobody asks where there is none.
    if (stream.isTunnel && endStream) this.receiver.end(stream, NO_HEADERS);
    stream.owed = stream.isTunnel ? -1 : request.declaredLength;
    stream.continueDue = request.head.expectsContinue;
    this.#serverEvents.requestHead(stream, request.head);
  }

  /** The decoder's list as a request, or the rule it breaks. */
  #request(endStream: boolean): ReadRequest | Http2Rule {
    const { headers, excess, neverIndexed } = this.decoder;
    if (excess !== undefined) return excess === 'too-many-fields' ? excess : 'head-too-large';
    for (const known of this.#known) {
      if (known.list === headers && known.endStream === endStream) return known.request;
    }
    const request = readRequest(headers, { endStream, lineBytes: this.limits.head.lineBytes, neverIndexed });
    if (typeof request === 'string') return request;
    this.#known[this.#nextKnown] = { list: headers, endStream, request };
    this.#nextKnown = (this.#nextKnown + 1) % MAX_KNOWN_REQUESTS;
    return request;
  }

  #malformed(streamId: number, rule: Http2Rule): void {
    // First, for the reset may be one too many: what ended the connection is told last.
    this.#serverEvents.requestFault(undefined, http2Fault(rule), this.decoder.headers);
    this.refuse(streamId, rule, 'stream-error');
  }

  /** Trailers. */
  protected override furtherBlock(stream: Http2Stream, endStream: boolean): void {
    const { headers, excess } = this.decoder;
    if (!endStream) this.streamFault(stream, 'trailers-without-end');
    else if (excess !== undefined) this.streamFault(stream, 'trailers-too-large');
    else {
      const rule = checkTrailers(headers);
      if (rule === undefined) this.remoteEnd(stream, headers);
      else this.streamFault(stream, rule);
    }
  }

  protected override dataRule(): undefined {
    return undefined;
  }

  protected override localEndedFirst(stream: Http2Stream): void {
    if (!stream.isTunnel) this.#answeredEarly.push(stream);
  }

  protected override close(stream: Http2Stream, keepsBody?: boolean): void {
    if (stream.localEnded) this.answered();
    if (this.#awaited.size > 0) this.#awaited.delete(stream);
    super.close(stream, keepsBody);
  }

  /**
   * Clients that write the body behind the head, and find the stream reset by then, throw the answer away: curl before 8 among them.
   * So it is reset only when there was time to read the answer.
   */
  #awaitRest(stream: Http2Stream): void {
    if (stream.isClosed) return;
    stream.sink = new UnwantedBody();
    this.resume(stream);
    this.readBody(stream);
    if (stream.isClosed) return;
    this.#awaited.add(stream);
    this.#serverEvents.restAwaited();
  }

  /** The response is complete without the rest of the request, which the client may keep (RFC 9113, section 8.1). */
  #stopRequest(stream: Http2Stream): void {
    if (stream.isClosed) return;
    writeRstStream(this.output, stream.id, ERROR_CODE.NO_ERROR);
    this.resets.add(stream.id, false);
    this.close(stream);
  }

  #prioritize(stream: Http2Stream, field: string): void {
    const early = this.#earlyPriorities.take(stream.id);
    if (early !== undefined) stream.priority = early;
    else if (field !== '') stream.priority = parsePriority(field);
  }

  /** RFC 9218, section 7.1: the newest word on a stream's priority, even before it is open. */
  override priorityUpdate(bytes: Buffer, start: number, end: number): void {
    if (end - start < PRIORITY_UPDATE_BYTES) {
      this.fault('bad-frame-size');
      return;
    }
    const streamId = readUint31(bytes, start);
    if ((streamId & 1) === 0) {
      this.fault('bad-priority-update');
      return;
    }
    const priority = parsePriority(latin1(bytes, start + PRIORITY_UPDATE_BYTES, end));
    const stream = this.streams.get(streamId);
    if (stream !== undefined) this.sender.prioritize(stream, priority);
    else if (streamId > this.#highestId) {
      // Those that are told for early count as streams that are open.
      const room = this.limits.maxStreams - this.streams.size;
      const isKept = this.#earlyPriorities.keep(streamId, priority, this.#highestId, room);
      // Who does not know yet how many may be open has done nothing wrong (RFC 9113, section 6.5.3).
      if (!isKept && this.settingsAcknowledged) this.fault('too-many-priorities');
    }
  }
}

const MAX_STREAM_ID = 0x7fffffff;

const CONTINUE = new ResponseHead(100, '', [], 0);

/** As many as the decoder remembers blocks. */
const MAX_KNOWN_REQUESTS = 4;
