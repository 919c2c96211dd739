import type { Buffer } from 'node:buffer';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import type { ResponseHead } from '../http/message.ts';
import { isBodiless } from '../http/status.ts';
import { Endpoint, type EndpointEvents } from './endpoint.ts';
import { ERROR_CODE, type Http2Rule, http2Fault } from './errors.ts';
import { writeGoaway } from './frame/goaway.ts';
import { SETTING } from './frame/settings.ts';
import type { FrameOutput } from './frame-output.ts';
import type { RequestFields } from './head-encoder.ts';
import { type EndpointLimits, MAX_INTERIM_RESPONSES } from './limits.ts';
import { CLIENT_PREFACE } from './preface.ts';
import { type ReadResponse, readResponse } from './response-reader.ts';
import { Http2Stream, type StreamSink } from './stream.ts';
import { checkTrailers } from './trailer-reader.ts';

/** Who has sent a request. */
export interface ClientSink extends StreamSink {
  /** 100 to 199. */
  interimHead(head: ResponseHead): void;
  /** The final head. Body and end follow once the body is wanted, also where there is no body. */
  responseHead(head: ResponseHead): void;
}

export interface ClientEvents extends EndpointEvents {
  /** The server's settings have come: what `canOpen` says may have changed. */
  settingsReceived(): void;
}

/** A stream that we opened. */
export class ClientStream extends Http2Stream {
  readonly clientSink: ClientSink;
  readonly isHead: boolean;
  readonly isConnect: boolean;
  /** The final head has come. */
  hasHead = false;
  interims = 0;

  constructor(id: number, sendWindow: number, sink: ClientSink, method: string) {
    super(id, sendWindow);
    this.sink = sink;
    this.clientSink = sink;
    this.isHead = method === 'HEAD';
    this.isConnect = method === 'CONNECT';
  }
}

/** The client's side of one HTTP/2 connection (RFC 9113), as strict as the server's. */
export class ClientEngine extends Endpoint {
  readonly #clientEvents: ClientEvents;
  #nextId = 1;
  #isGoingAway = false;
  /** What the last list of the decoder was read to. */
  #knownList: HeaderList | undefined = undefined;
  #knownResponse: ReadResponse | undefined = undefined;

  constructor(events: ClientEvents, output: FrameOutput, limits: EndpointLimits) {
    super(events, output, limits, true);
    this.#clientEvents = events;
    const at = output.reserve(CLIENT_PREFACE.length);
    output.buffer.write(CLIENT_PREFACE, at, 'latin1');
    this.begin([
      [SETTING.ENABLE_PUSH, 0],
      [SETTING.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
      [SETTING.MAX_HEADER_LIST_SIZE, limits.head.headBytes],
    ]);
  }

  /** The server speaks extended CONNECT (RFC 8441). */
  get hasConnectProtocol(): boolean {
    return this.peer.connectProtocol;
  }

  /** No further stream will ever be opened on this connection. */
  get isExhausted(): boolean {
    return this.isFaulty || this.#isGoingAway || this.#nextId > MAX_STREAM_ID;
  }

  /** Streams that may be opened now. */
  get freeStreams(): number {
    return this.isExhausted ? 0 : Math.max(0, this.peer.maxConcurrentStreams - this.streams.size);
  }

  /** Opens a stream with a request; only while there are `freeStreams`. `hasBody`: it follows by sendData and sendEnd. */
  request(fields: RequestFields, id: string, hasBody: boolean, sink: ClientSink): ClientStream {
    if (this.freeStreams === 0) throw new Error('HTTP/2 request without a free stream');
    const stream = new ClientStream(this.#nextId, this.peer.initialWindow, sink, fields.method);
    this.#nextId += 2;
    this.streams.add(stream);
    const { buffer, length } = this.encoder.request(fields, id);
    this.sender.sendHeaders(stream, buffer, length, !hasBody);
    return stream;
  }

  /** Tells the server that nothing more will be asked; nothing may be under way. */
  sendGoaway(): void {
    this.#isGoingAway = true;
    if (!this.isFaulty) writeGoaway(this.output, 0, ERROR_CODE.NO_ERROR, '');
  }

  protected override get lastStreamId(): number {
    return 0;
  }

  protected override isIdle(streamId: number): boolean {
    return (streamId & 1) === 0 || streamId >= this.#nextId;
  }

  protected override openingBlock(streamId: number): void {
    if (this.isIdle(streamId)) this.fault('bad-stream-id');
    else this.frameOnClosed(streamId);
  }

  protected override furtherBlock(stream: Http2Stream, endStream: boolean): void {
    const client = stream as ClientStream;
    const rule = client.hasHead ? this.#trailers(client, endStream) : this.#head(client, endStream);
    if (rule !== undefined && !stream.isClosed) this.streamFault(stream, rule);
  }

  #head(stream: ClientStream, endStream: boolean): Http2Rule | undefined {
    const response = this.#response();
    if (typeof response === 'string') return response;
    const { head, declaredLength } = response;
    if (head.status < 200) {
      if (endStream) return 'unexpected-head';
      stream.interims += 1;
      if (stream.interims > MAX_INTERIM_RESPONSES) return 'too-many-interim-responses';
      stream.clientSink.interimHead(head);
      return undefined;
    }
    stream.hasHead = true;
    stream.isTunnel = stream.isConnect && head.status < 300;
    // A length in the answer that begins a tunnel must be ignored (RFC 9110, section 9.3.6).
    if (stream.isTunnel) stream.owed = -1;
    else stream.owed = stream.isHead || isBodiless(head.status) ? 0 : declaredLength;
    // What is known to be malformed is not told of, and can be answered for (RFC 9113, section 8.1.1).
    if (endStream && stream.owed > 0) return 'body-length-mismatch';
    stream.clientSink.responseHead(head);
    if (endStream && !stream.isClosed) this.remoteEnd(stream, NO_HEADERS);
    return undefined;
  }

  #response(): ReadResponse | Http2Rule {
    const { headers, excess, neverIndexed } = this.decoder;
    if (excess !== undefined) return 'response-head-too-large';
    if (this.#knownList === headers && this.#knownResponse !== undefined) return this.#knownResponse;
    const response = readResponse(headers, neverIndexed);
    if (typeof response === 'string') return response;
    this.#knownList = headers;
    this.#knownResponse = response;
    return response;
  }

  #trailers(stream: ClientStream, endStream: boolean): Http2Rule | undefined {
    const { headers, excess } = this.decoder;
    if (!endStream) return 'trailers-without-end';
    if (excess !== undefined) return 'trailers-too-large';
    const rule = checkTrailers(headers);
    if (rule === undefined) this.remoteEnd(stream, headers);
    return rule;
  }

  protected override dataRule(stream: Http2Stream): Http2Rule | undefined {
    return (stream as ClientStream).hasHead ? undefined : 'data-before-head';
  }

  protected override remoteEnd(stream: Http2Stream, trailers: HeaderList): void {
    if ((stream as ClientStream).hasHead) super.remoteEnd(stream, trailers);
    else this.streamFault(stream, 'missing-response');
  }

  protected override settingsReceived(): void {
    this.#clientEvents.settingsReceived();
  }

  /** What the server will not have looked at may be sent again elsewhere (RFC 9113, section 6.8). */
  override goaway(lastStreamId: number, code: number): void {
    this.#isGoingAway = true;
    const fault = http2Fault('going-away');
    for (const stream of this.streams.values()) {
      if (stream.id <= lastStreamId || stream.isClosed) continue;
      this.resets.add(stream.id, false);
      this.lose(stream, fault);
    }
    super.goaway(lastStreamId, code);
  }

  protected override localEndedFirst(): void {}

  /** Only clients send it (RFC 9218, section 7.1). */
  override priorityUpdate(_bytes: Buffer): void {
    this.fault('bad-priority-update');
  }
}

const MAX_STREAM_ID = 0x7fffffff;
