import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import { ClientEngine, type ClientEvents } from '../../protocols/http1/client-engine.ts';
import type { Http1Fault } from '../../protocols/http1/errors.ts';
import { DEFAULT_LIMITS, type Http1Limits } from '../../protocols/http1/limits.ts';
import type { ParsedResponse } from '../../protocols/http1/response-parser.ts';
import { encodeRequestBlock } from '../../protocols/http1/writer.ts';
import { EventLog } from './event-log.ts';
import { RecordingOutput } from './recording-output.ts';

/** A client engine that has sent one request; what it reports is kept as the lines that transcripts are made of. */
export class Http1ClientRecorder implements ClientEvents {
  readonly output: RecordingOutput = new RecordingOutput();
  readonly engine: ClientEngine;
  readonly #log = new EventLog();
  #state: 'head' | 'body' | 'tunnel' | 'complete' | 'faulty' = 'head';

  constructor(method = 'GET', upgrade = '', limits: Http1Limits = DEFAULT_LIMITS) {
    this.engine = new ClientEngine(this, this.output, limits);
    this.engine.sendHead(method, encodeRequestBlock(method, '/', 'backend.example', []), '', 0, upgrade);
    this.engine.sendEnd([]);
  }

  /** Event lines, with what became of the connection. */
  get lines(): readonly string[] {
    const { lines } = this.#log;
    if (this.#state === 'complete') return [...lines, this.engine.idle ? 'reusable' : 'spent'];
    return this.#state === 'head' || this.#state === 'body' ? [...lines, `incomplete ${this.#state}`] : lines;
  }

  receive(pieces: readonly Buffer[]): this {
    for (const piece of pieces) this.engine.receive(piece, 0, piece.length, undefined);
    return this;
  }

  receiveEnd(): this {
    this.engine.receiveEnd();
    return this;
  }

  interimHead(response: ParsedResponse): void {
    this.#addHead('interim', response);
  }

  responseHead(response: ParsedResponse): void {
    this.#state = response.head.status === 101 ? 'tunnel' : 'body';
    this.#addHead('head', response);
  }

  bodyData(bytes: Buffer, start: number, end: number): void {
    this.#log.addData(this.#state === 'tunnel' ? 'tunnel' : 'data', bytes.subarray(start, end));
  }

  responseEnd(trailers: HeaderList): void {
    this.#log.addFields('trailer', trailers);
    this.#log.add('end');
    this.#state = 'complete';
  }

  fault(fault: Http1Fault): void {
    this.#log.add(`fault ${fault.rule}`);
    this.#state = 'faulty';
  }

  #addHead(kind: string, { head, chunked }: ParsedResponse): void {
    const length = head.bodyLength === UNKNOWN_LENGTH ? 'unknown' : head.bodyLength;
    this.#log.add(
      `${kind} ${head.status} ${EventLog.quote(head.reason)} length=${length}${chunked ? ' chunked' : ''}`,
    );
    this.#log.addFields('field', head.headers);
  }
}
