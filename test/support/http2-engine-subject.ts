import { Buffer } from 'node:buffer';
import { copyEndToEnd } from '../../protocols/http/hop-by-hop.ts';
import { type RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import type { Http2Fault, Http2Rule } from '../../protocols/http2/errors.ts';
import { DEFAULT_HEAD_LIMITS, type EndpointLimits } from '../../protocols/http2/limits.ts';
import { ServerEngine, type ServerEvents } from '../../protocols/http2/server-engine.ts';
import type { Http2Stream } from '../../protocols/http2/stream.ts';
import { Http2FrameLog, type ReceivedFrame } from './http2-frame-log.ts';
import type { Http2Subject } from './http2-subject.ts';
import { ASSUMED } from './http2-transcripts.ts';
import type { ForwardedRequest } from './http2-verdict.ts';
import { RecordingFrameOutput } from './recording-frame-output.ts';

/**
 * A server engine without anything around it. Its requests are answered at once, in the manner of a transcript's `@origin`; what it
 * reports of them counts as forwarded, without the fields that layers above drop. Every read is overwritten when the engine returns,
 * as those of a shared buffer are.
 */
export class EngineSubject implements Http2Subject, ServerEvents {
  hasEnded = false;
  /** The rules that the engine found broken, in order. */
  readonly rules: Http2Rule[] = [];
  readonly #engine: ServerEngine;
  readonly #output: RecordingFrameOutput = new RecordingFrameOutput();
  readonly #log: Http2FrameLog = new Http2FrameLog();
  readonly #requests: EngineRequest[] = [];
  readonly #manner: string;

  constructor(manner = 'answers') {
    this.#manner = manner;
    this.#engine = new ServerEngine(this, this.#output, LIMITS);
    this.#turnOver();
  }

  get frames(): readonly ReceivedFrame[] {
    return this.#log.frames;
  }

  send(bytes: Buffer): void {
    const read = Buffer.from(bytes);
    this.#engine.receive(read, 0, read.length, undefined, 0);
    read.fill(0xdd);
    this.#turnOver();
  }

  until(condition: () => boolean): Promise<boolean> {
    return Promise.resolve(condition());
  }

  async quiet(): Promise<void> {}

  async finish(): Promise<readonly ForwardedRequest[]> {
    return this.#requests.map(({ head, pieces, isWhole }) => ({
      method: head.method,
      target: head.path,
      headers: fieldsOf(head),
      body: Buffer.concat(pieces).toString('latin1'),
      isWhole,
    }));
  }

  requestHead(stream: Http2Stream, head: RequestHead): void {
    const request: EngineRequest = { head, pieces: [], isWhole: stream.remoteEnded };
    this.#requests.push(request);
    const answer = () => this.#answer(stream, head);
    stream.sink = {
      bodyBegins() {},
      bodyData: (bytes, start, end) => {
        request.pieces.push(Buffer.from(bytes.subarray(start, end)));
        return true;
      },
      bodyEnd: () => {
        request.isWhole = true;
        if (this.#manner !== 'early') answer();
      },
      writable() {},
      reset: ({ rule }) => void this.rules.push(rule),
    };
    if (request.isWhole || this.#manner === 'early') answer();
    if (!request.isWhole) this.#engine.readBody(stream);
  }

  restAwaited(): void {}

  requestFault(stream: Http2Stream | undefined, fault: Http2Fault): void {
    this.rules.push(fault.rule);
    if (stream === undefined) return;
    this.#engine.sendHead(stream, new ResponseHead(fault.status, '', [], 0));
    this.#engine.sendEnd(stream, []);
  }

  fault({ rule }: Http2Fault): void {
    this.rules.push(rule);
    this.hasEnded = true;
  }

  streamClosed(): void {}
  glitch(): void {}
  pong(): void {}
  goaway(): void {}

  #answer(stream: Http2Stream, { method }: RequestHead): void {
    if (this.#manner === 'silent') return;
    const size = /^sends (\d+)$/.exec(this.#manner)?.[1];
    const body = method === 'HEAD' ? '' : size === undefined ? 'ok' : 'x'.repeat(Number(size));
    const bytes = Buffer.from(body, 'latin1');
    this.#engine.sendHead(stream, new ResponseHead(200, '', [], bytes.length));
    this.#engine.sendData(stream, bytes, 0, bytes.length, undefined);
    this.#engine.sendEnd(stream, []);
  }

  #turnOver(): void {
    this.#engine.settle();
    this.#log.receive(this.#output.take());
  }
}

interface EngineRequest {
  readonly head: RequestHead;
  readonly pieces: Buffer[];
  isWhole: boolean;
}

const LIMITS: EndpointLimits = {
  head: DEFAULT_HEAD_LIMITS,
  maxStreams: ASSUMED.maxConcurrentStreams,
  streamWindowBytes: 262_144,
  connectionWindowBytes: 1_048_576,
  glitches: 10_000,
};

function fieldsOf({ authority, bodyLength, headers }: RequestHead): Map<string, string> {
  const list: string[] = ['host', authority];
  copyEndToEnd(headers, list);
  if (bodyLength > 0) list.push('content-length', `${bodyLength}`);
  const fields = new Map<string, string>();
  for (let i = 0; i < list.length; i += 2) {
    const before = fields.get(list[i]!);
    fields.set(list[i]!, before === undefined ? list[i + 1]! : `${before}, ${list[i + 1]}`);
  }
  return fields;
}
