import type { Buffer } from 'node:buffer';
import type { TestContext } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { openClient, openTlsClient } from './client.ts';
import { describeFrame } from './http2-describe-frame.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { Http2FrameLog, type ReceivedFrame } from './http2-frame-log.ts';
import { matchesFrameText, parseFrameText } from './http2-frame-text.ts';
import { plainBlock } from './http2-hpack.ts';
import type { Field } from './http2-hpack-decoder.ts';
import { mindManners } from './http2-manners.ts';
import { ERROR_CODES, FLAGS, FRAME_TYPES, nameOf, type SettingName } from './http2-names.ts';
import { Http2SendWindows } from './http2-send-windows.ts';
import { data, headers, PREFACE, ping, settings } from './http2-wire.ts';
import type { Peer } from './peer.ts';

export interface Http2ClientOptions {
  /** Over TLS, with ALPN h2; `true`: for shop.example. */
  readonly tls?: ConnectionOptions | true;
  /** What the first SETTINGS say. */
  readonly settings?: readonly (readonly [SettingName | number, number])[];
}

export interface RequestOptions {
  readonly method?: string;
  /** Behind the pseudo-header fields. */
  readonly fields?: readonly Field[];
  /** In place of the method, scheme, path and authority that it would have. */
  readonly pseudo?: readonly Field[];
  readonly endStream?: boolean;
}

/**
 * An HTTP/2 client in the hands of a test. It sends what it is told, legal or not, keeps what comes, and by itself does only what
 * can be switched off: it acknowledges SETTINGS and PING, and gives back the windows that DATA has used.
 */
export class Http2Client {
  readonly peer: Peer;
  readonly log: Http2FrameLog = new Http2FrameLog();
  /** How many frames came, by type. */
  readonly counts: Map<number, number> = new Map();
  /** The codes of the GOAWAYs that came. */
  readonly goaways: string[] = [];
  readonly windows: Http2SendWindows = new Http2SendWindows();
  /** Acknowledges SETTINGS and PING. */
  acknowledges = true;
  /** Gives windows back as soon as DATA has used them. */
  refills = true;
  readonly #exchanges: Map<number, Http2Exchange> = new Map();
  readonly #scheme: string;
  #nextStreamId = 1;

  constructor(peer: Peer, scheme: 'http' | 'https') {
    this.peer = peer;
    this.#scheme = scheme;
    peer.keeps = false;
    peer.socket.on('data', (chunk: Buffer) => {
      for (const frame of this.log.receive(chunk)) this.#receive(frame);
    });
  }

  get frames(): readonly ReceivedFrame[] {
    return this.log.frames;
  }

  /** Sends octets, as they are, in one write. */
  send(...pieces: readonly Buffer[]): this {
    this.peer.socket.cork();
    for (const piece of pieces) this.peer.socket.write(piece);
    this.peer.socket.uncork();
    return this;
  }

  /** Waits like Peer.until; a failure shows the frames that came. */
  async until(condition: () => boolean, what?: string): Promise<void> {
    try {
      await this.peer.until(condition, what);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.log}`, { cause: error });
    }
  }

  /** The first frame that matches: a predicate, or the notation of FrameText, which may leave out what does not matter. */
  async frame(wanted: string | ((frame: ReceivedFrame) => boolean)): Promise<ReceivedFrame> {
    const matches = typeof wanted === 'string' ? matcher(wanted) : wanted;
    let found: ReceivedFrame | undefined;
    await this.until(
      () => {
        found = this.frames.find(matches);
        return found !== undefined;
      },
      typeof wanted === 'string' ? wanted : 'the frame',
    );
    return found!;
  }

  /** Begins a request on the next stream. */
  request(path = '/', options: RequestOptions = {}): Http2Exchange {
    const { method = 'GET', fields = [], endStream = true } = options;
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    const pseudo = options.pseudo ?? [
      [':method', method],
      [':scheme', this.#scheme],
      [':path', path],
      [':authority', 'shop.example'],
    ];
    this.send(headers(streamId, plainBlock([...pseudo, ...fields]), { endStream }));
    return this.exchange(streamId);
  }

  /** The next stream identifier of this client; who sends HEADERS by hand takes it from here, or says where to go on. */
  takeStreamId(): number {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    return streamId;
  }

  /** What comes on a stream. */
  exchange(streamId: number): Http2Exchange {
    let exchange = this.#exchanges.get(streamId);
    if (exchange === undefined) {
      exchange = new Http2Exchange(streamId);
      this.#exchanges.set(streamId, exchange);
    }
    return exchange;
  }

  /** Waits until a stream is over: whole, or reset. */
  async over(exchange: Http2Exchange): Promise<Http2Exchange> {
    await this.until(() => exchange.isOver, `the end of stream ${exchange.streamId}`);
    return exchange;
  }

  /** GET, and the whole answer. */
  get(path = '/', fields: readonly Field[] = []): Promise<Http2Exchange> {
    return this.over(this.request(path, { fields }));
  }

  /** A request with a body, sent as fast as the windows allow, and the whole answer. */
  async post(path: string, body: Buffer, fields: readonly Field[] = []): Promise<Http2Exchange> {
    const exchange = this.request(path, { method: 'POST', fields, endStream: false });
    await this.sendBody(exchange, body);
    return this.over(exchange);
  }

  /** Sends content as fast as the windows allow; stops when the stream is over before. */
  async sendBody(exchange: Http2Exchange, body: Buffer, endStream = true): Promise<void> {
    const { streamId } = exchange;
    let at = 0;
    do {
      const left = Math.min(body.length - at, MAX_FRAME_BYTES);
      const room = () => this.windows.room(streamId);
      await this.until(() => left === 0 || room() > 0 || exchange.isOver, `a window for stream ${streamId}`);
      if (exchange.isOver) return;
      const length = Math.min(left, Math.max(0, room()));
      this.windows.use(streamId, length);
      const piece = body.subarray(at, at + length);
      at += length;
      this.send(data(streamId, piece, { endStream: endStream && at === body.length }));
    } while (at < body.length);
  }

  /** Resolves when everything that was sent before has been seen by the other side. */
  async sync(): Promise<void> {
    const opaque = `sync${`${this.#syncs++}`.padStart(4, '0')}`;
    this.send(ping(opaque));
    await this.frame(({ type, flags, payload }) => {
      return type === FRAME_TYPES.PING && (flags & FLAGS.ACK) !== 0 && payload.toString('latin1') === opaque;
    });
  }
  #syncs = 0;

  count(type: keyof typeof FRAME_TYPES): number {
    return this.counts.get(FRAME_TYPES[type]) ?? 0;
  }

  #receive(frame: ReceivedFrame): void {
    const { type, streamId, payload } = frame;
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    if (streamId !== 0) this.exchange(streamId).receive(frame);
    if (type === FRAME_TYPES.GOAWAY) this.goaways.push(nameOf(ERROR_CODES, payload.readUInt32BE(4)));
    mindManners(this, frame);
  }
}

/** A client whose preface was sent and whose server has shown its SETTINGS; destroyed with the test. */
export async function openHttp2Client(
  test: TestContext,
  port: number,
  options: Http2ClientOptions = {},
): Promise<Http2Client> {
  const client = await connectHttp2(test, port, options.tls);
  client.send(PREFACE, settings(options.settings));
  await client.frame('SETTINGS');
  return client;
}

/** The same, with nothing sent and nothing awaited. */
export async function connectHttp2(
  test: TestContext,
  port: number,
  tls?: ConnectionOptions | true,
): Promise<Http2Client> {
  if (tls === undefined) return new Http2Client(await openClient(test, port), 'http');
  const peer = await openTlsClient(test, port, {
    servername: 'shop.example',
    ALPNProtocols: ['h2'],
    ...(tls === true ? {} : tls),
  });
  return new Http2Client(peer, 'https');
}

/** The least that SETTINGS_MAX_FRAME_SIZE can be, and so always allowed. */
const MAX_FRAME_BYTES = 16_384;

function matcher(notation: string): (frame: ReceivedFrame) => boolean {
  const wanted = parseFrameText(notation);
  return (frame) => matchesFrameText(describeFrame(frame), wanted);
}
