import type { Buffer } from 'node:buffer';
import { ClientEngine, type ClientEvents, type ClientStream } from '../../protocols/http2/client-engine.ts';
import type { RequestFields } from '../../protocols/http2/head-encoder.ts';
import type { EndpointLimits } from '../../protocols/http2/limits.ts';
import { EngineWire, TEST_LIMITS } from './http2-engine-wire.ts';
import { plainBlock } from './http2-hpack.ts';
import type { Field } from './http2-hpack-decoder.ts';
import { type HeadersOptions, headers, PREFACE, settings } from './http2-wire.ts';
import { WiredStream } from './http2-wired-stream.ts';

/** A request of a client engine, with what came back. */
export class WiredResponse extends WiredStream {
  readonly stream: ClientStream;
  protected readonly engine: ClientEngine;

  constructor(engine: ClientEngine, fields: RequestFields, id: string, hasBody: boolean) {
    super();
    this.engine = engine;
    this.stream = engine.request(fields, id, hasBody, this);
  }
}

/** A client engine at whose other end the test plays the server. */
export class ClientWire extends EngineWire implements ClientEvents {
  readonly engine: ClientEngine;
  settingsCount = 0;

  constructor(limits: Partial<EndpointLimits> = {}) {
    super(PREFACE.length);
    this.engine = new ClientEngine(this, this.output, { ...TEST_LIMITS, maxStreams: 0, ...limits });
  }

  protected override get wired(): ClientEngine {
    return this.engine;
  }

  settingsReceived(): void {
    this.settingsCount += 1;
  }

  request(fields: Partial<RequestFields> = {}, hasBody = false): WiredResponse {
    return new WiredResponse(this.engine, { ...GET, ...fields }, 'id', hasBody);
  }

  /** As that of ServerWire, with the response to a request of its own. */
  refilledWindow(): number {
    const response = this.request();
    this.receive(responseFrame(response.stream.id));
    response.read();
    return this.refilled(response.stream.id);
  }
}

/** One whose server has sent SETTINGS; what both said by then is taken. */
export function openClientWire(
  limits: Partial<EndpointLimits> = {},
  entries: Parameters<typeof settings>[0] = [],
): ClientWire {
  const wire = new ClientWire(limits);
  wire.receive(settings(entries));
  wire.take();
  return wire;
}

export const GET: RequestFields = Object.freeze({
  method: 'GET',
  scheme: 'http',
  authority: 'a.example',
  path: '/',
  headers: [],
  bodyLength: 0,
  protocol: '',
  neverIndexed: undefined,
});

/** HEADERS of a response; the stream goes on unless told otherwise. */
export function responseFrame(
  streamId: number,
  status: number | string = 200,
  fields: readonly Field[] = [],
  options: HeadersOptions = {},
): Buffer {
  return headers(streamId, plainBlock([[':status', `${status}`], ...fields]), options);
}
