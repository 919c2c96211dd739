import type { Buffer } from 'node:buffer';
import { type RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import type { Http2Fault } from '../../protocols/http2/errors.ts';
import type { EndpointLimits } from '../../protocols/http2/limits.ts';
import { ServerEngine, type ServerEvents } from '../../protocols/http2/server-engine.ts';
import type { Http2Stream } from '../../protocols/http2/stream.ts';
import { EngineWire, TEST_LIMITS } from './http2-engine-wire.ts';
import { type RequestWords, requestBlock } from './http2-request-block.ts';
import { type HeadersOptions, headers, PREFACE, settings } from './http2-wire.ts';
import { WiredStream } from './http2-wired-stream.ts';

/** What a server engine was asked, with the stream to answer on. */
export class WiredRequest extends WiredStream {
  readonly stream: Http2Stream;
  readonly requestHead: RequestHead;
  protected readonly engine: ServerEngine;

  constructor(engine: ServerEngine, stream: Http2Stream, head: RequestHead) {
    super();
    this.engine = engine;
    this.stream = stream;
    this.requestHead = head;
    stream.sink = this;
  }

  respond(status = 200, bodyLength = -1): this {
    this.engine.sendHead(this.stream, new ResponseHead(status, '', [], bodyLength));
    return this;
  }
}

/** A server engine at whose other end the test plays the client. */
export class ServerWire extends EngineWire implements ServerEvents {
  readonly engine: ServerEngine;
  /** By stream. */
  readonly requests: Map<number, WiredRequest> = new Map();
  readonly refused: { readonly stream: Http2Stream | undefined; readonly fault: Http2Fault }[] = [];
  restsAwaited = 0;
  /** Is called within `requestHead`. */
  onRequest: (request: WiredRequest) => void = () => {};

  constructor(limits: Partial<EndpointLimits> = {}) {
    super();
    this.engine = new ServerEngine(this, this.output, { ...TEST_LIMITS, ...limits });
  }

  protected override get wired(): ServerEngine {
    return this.engine;
  }

  requestHead(stream: Http2Stream, head: RequestHead): void {
    const request = new WiredRequest(this.engine, stream, head);
    this.requests.set(stream.id, request);
    this.onRequest(request);
  }

  requestFault(stream: Http2Stream | undefined, fault: Http2Fault): void {
    this.refused.push({ stream, fault });
  }

  restAwaited(): void {
    this.restsAwaited += 1;
  }

  /** What is missing of answered requests has had its time. */
  stopRequests(): void {
    this.engine.stopRequests();
    this.engine.stopRequests();
  }

  /** What came on a stream; it must have come. */
  request(streamId: number): WiredRequest {
    const request = this.requests.get(streamId);
    if (request === undefined) throw new Error(`no request on stream ${streamId}`);
    return request;
  }

  /** The window of the connection when the engine has given it back, on a stream of a request that is read. */
  refilledWindow(streamId: number): number {
    const before = this.onRequest;
    this.onRequest = (request) => request.read();
    this.receive(requestFrame(streamId, { method: 'POST' }, { endStream: false }));
    this.onRequest = before;
    return this.refilled(streamId);
  }
}

/** One whose client has sent its preface and SETTINGS; what both said by then is taken. */
export function openServerWire(
  limits: Partial<EndpointLimits> = {},
  entries: Parameters<typeof settings>[0] = [],
): ServerWire {
  const wire = new ServerWire(limits);
  wire.receive(PREFACE, settings(entries));
  wire.take();
  return wire;
}

/** HEADERS of a request; ends the stream unless told otherwise. */
export function requestFrame(
  streamId: number,
  words: RequestWords = {},
  options: HeadersOptions = {},
): Buffer {
  return headers(streamId, requestBlock({ scheme: 'https', authority: 'a.example', ...words }), {
    endStream: true,
    ...options,
  });
}
