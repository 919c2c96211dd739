import { Buffer } from 'node:buffer';
import type { Server } from 'node:net';
import type { TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { describeFrame } from './http2-describe-frame.ts';
import { Http2FrameLog, type ReceivedFrame } from './http2-frame-log.ts';
import { matchesFrameText, parseFrameText } from './http2-frame-text.ts';
import { plainBlock } from './http2-hpack.ts';
import type { Field } from './http2-hpack-decoder.ts';
import { mindManners } from './http2-manners.ts';
import { FLAGS, FRAME_TYPES, type SettingName } from './http2-names.ts';
import { Http2SendWindows } from './http2-send-windows.ts';
import { data, headers, PREFACE, settings } from './http2-wire.ts';
import { type Origin, startOrigin } from './origin.ts';
import type { Peer } from './peer.ts';
import { startTlsOrigin } from './tls-origin.ts';

/** A request as it came on a stream of a backend's connection. */
export class Http2Request {
  readonly streamId: number;
  readonly fields: readonly Field[];
  /** Octets of content. */
  receivedBytes = 0;
  readonly #pieces: Buffer[] = [];
  trailers: readonly Field[] | undefined = undefined;
  /** END_STREAM came. */
  isWhole = false;
  /** The code of RST_STREAM. */
  reset: number | undefined = undefined;

  constructor(streamId: number, fields: readonly Field[]) {
    this.streamId = streamId;
    this.fields = fields;
  }

  /** All values of a field. */
  values(name: string): readonly string[] {
    return this.fields.filter(([field]) => field === name).map(([, value]) => value);
  }

  get path(): string {
    return this.values(':path').join();
  }

  get body(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  receive(frame: ReceivedFrame): void {
    const { type, flags, payload, fields } = frame;
    if (type === FRAME_TYPES.DATA) {
      this.#pieces.push(payload);
      this.receivedBytes += payload.length;
    } else if (type === FRAME_TYPES.RST_STREAM) this.reset = payload.readUInt32BE(0);
    else if (fields !== undefined) this.trailers = fields;
    if ((type === FRAME_TYPES.DATA || type === FRAME_TYPES.HEADERS) && flags & FLAGS.END_STREAM)
      this.isWhole = true;
  }
}

/**
 * One connection of an HTTP/2 backend in the hands of a test. It sends what it is told, legal or not, and by itself does only what can be
 * switched off: it acknowledges SETTINGS and PING, and gives back the windows that DATA has used.
 */
export class Http2Backend {
  readonly peer: Peer;
  readonly log: Http2FrameLog = new Http2FrameLog();
  readonly windows: Http2SendWindows = new Http2SendWindows();
  /** In the order of their heads. */
  readonly requests: Http2Request[] = [];
  /** Called with each request when its head has come. */
  onRequest: (request: Http2Request) => void = () => {};
  /** And when all of it has. */
  onWhole: (request: Http2Request) => void = () => {};
  acknowledges = true;
  refills = true;
  readonly #byStream: Map<number, Http2Request> = new Map();
  #prefaceDue = PREFACE.length;

  constructor(peer: Peer) {
    this.peer = peer;
    peer.keeps = false;
    peer.socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(this.#prefaceDue, chunk.length);
      this.#prefaceDue -= skipped;
      for (const frame of this.log.receive(chunk.subarray(skipped))) this.#receive(frame);
    });
  }

  get frames(): readonly ReceivedFrame[] {
    return this.log.frames;
  }

  send(...pieces: readonly Buffer[]): this {
    this.peer.send(Buffer.concat(pieces));
    return this;
  }

  /** HEADERS of a response, and its body when there is one; ends the stream unless told otherwise. */
  respond(
    { streamId }: Http2Request,
    status: number | string = 200,
    body = '',
    { fields = [], end = true }: { readonly fields?: readonly Field[]; readonly end?: boolean } = {},
  ): this {
    const block = plainBlock([[':status', `${status}`], ...fields]);
    const head = headers(streamId, block, { endStream: end && body === '' });
    return body === '' ? this.send(head) : this.send(head, data(streamId, body, { endStream: end }));
  }

  async until(condition: () => boolean, what?: string): Promise<void> {
    try {
      await this.peer.until(condition, what);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.log}`, { cause: error });
    }
  }

  /** The first frame that has all that a notation of FrameText says. */
  async frame(notation: string): Promise<ReceivedFrame> {
    const wanted = parseFrameText(notation);
    const matches = (frame: ReceivedFrame) => matchesFrameText(describeFrame(frame), wanted);
    let found: ReceivedFrame | undefined;
    await this.until(() => {
      found = this.frames.find(matches);
      return found !== undefined;
    }, notation);
    return found!;
  }

  /** The `index`th request on this connection, when its head has come. */
  async request(index = 0): Promise<Http2Request> {
    await this.until(() => this.requests.length > index, `request ${index}`);
    return this.requests[index]!;
  }

  /** The same when all of it is there. */
  async wholeRequest(index = 0): Promise<Http2Request> {
    const request = await this.request(index);
    await this.until(() => request.isWhole, `the end of request ${index}`);
    return request;
  }

  #receive(frame: ReceivedFrame): void {
    const { flags, streamId, fields } = frame;
    const known = this.#byStream.get(streamId);
    const wasWhole = known?.isWhole === true;
    if (known !== undefined) known.receive(frame);
    else if (fields !== undefined) this.#begin(streamId, fields, (flags & FLAGS.END_STREAM) !== 0);
    const request = this.#byStream.get(streamId);
    if (request?.isWhole === true && !wasWhole) this.onWhole(request);
    mindManners(this, frame);
  }

  #begin(streamId: number, fields: readonly Field[], isWhole: boolean): void {
    const request = new Http2Request(streamId, fields);
    request.isWhole = isWhole;
    this.#byStream.set(streamId, request);
    this.requests.push(request);
    this.onRequest(request);
  }
}

export interface Http2OriginOptions {
  /** What the first SETTINGS say; `silent`: none are sent. */
  readonly settings?: readonly (readonly [SettingName | number, number])[] | 'silent';
  /** Over TLS, with ALPN h2 unless told otherwise. */
  readonly tls?: TlsOptions;
  /** Called with each connection, when its SETTINGS were sent. */
  readonly script?: (backend: Http2Backend, index: number) => void;
}

/** A backend that speaks HTTP/2 as a test tells it. */
export class Http2Origin {
  readonly raw: Origin;
  readonly #backends: Map<Peer, Http2Backend>;

  constructor(raw: Origin, backends: Map<Peer, Http2Backend>) {
    this.raw = raw;
    this.#backends = backends;
  }

  get address(): string {
    return this.raw.address;
  }

  /** Of all connections, in the order of these. */
  get requests(): readonly Http2Request[] {
    return this.raw.connections.flatMap((peer) => this.#backends.get(peer)!.requests);
  }

  /** The `index`th connection, waited for. */
  async connection(index = 0): Promise<Http2Backend> {
    return this.#backends.get(await this.raw.connection(index))!;
  }
}

export async function startHttp2Origin(
  test: TestContext,
  options: Http2OriginOptions = {},
): Promise<Http2Origin> {
  const backends: Map<Peer, Http2Backend> = new Map();
  const script = (peer: Peer): void => {
    const backend = new Http2Backend(peer);
    backends.set(peer, backend);
    if (options.settings === 'silent') backend.acknowledges = false;
    else backend.send(settings(options.settings));
    void peer.ended.then(() => peer.socket.end());
    options.script?.(backend, backends.size - 1);
  };
  const raw: Origin & { readonly server: Server } =
    options.tls === undefined
      ? await startOrigin(test, script)
      : await startTlsOrigin(test, { ALPNProtocols: ['h2'], ...options.tls }, script);
  return new Http2Origin(raw, backends);
}

/** Answers each request with 200 and this body, once it is whole. */
export function answeringHttp2(body: string): (backend: Http2Backend) => void {
  return (backend) => {
    backend.onWhole = (request) => void backend.respond(request, 200, body);
  };
}

/** What makes a cluster of `plainConfig` speak HTTP/2. */
export const H2C = 'protocol: h2c';
