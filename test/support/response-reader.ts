import type { Buffer } from 'node:buffer';
import type { ResponseHead } from '../../protocols/http/message.ts';
import { ClientEngine, type ClientEvents } from '../../protocols/http1/client-engine.ts';
import { DEFAULT_LIMITS } from '../../protocols/http1/limits.ts';
import type { ParsedResponse } from '../../protocols/http1/response-parser.ts';
import { encodeRequestBlock } from '../../protocols/http1/writer.ts';
import { RecordingOutput } from './recording-output.ts';

/** A response as the project's own client engine understands it. */
export interface ReadResponse {
  readonly head: ResponseHead;
  body: string;
  complete: boolean;
  readonly keepAlive: boolean;
}

/** Reads the answers to known requests, pipelined or not, with one client engine, and keeps what it says. */
export class ResponseReader implements ClientEvents {
  readonly responses: ReadResponse[] = [];
  /** Rules that were broken. */
  readonly faults: string[] = [];
  /** What came through a tunnel; undefined: there is none. */
  tunnel: string | undefined = undefined;
  /** Everything as it came, one char per octet. */
  text = '';
  readonly #methods: readonly string[];
  readonly #engine: ClientEngine;
  #asked = 0;

  constructor(methods: readonly string[]) {
    this.#methods = methods;
    this.#engine = new ClientEngine(this, new RecordingOutput(), DEFAULT_LIMITS);
    this.#ask();
  }

  /** Complete final responses. */
  get answered(): number {
    return this.responses.filter(({ complete }) => complete).length;
  }

  receive(chunk: Buffer): void {
    this.text += chunk.toString('latin1');
    // Byte by byte, because what follows a response at once is a fault for an engine that does not pipeline.
    for (let at = 0; at < chunk.length; at++) this.#engine.receive(chunk, at, at + 1, undefined);
  }

  end(): void {
    this.#engine.receiveEnd();
  }

  interimHead(): void {}

  responseHead({ head, keepAlive }: ParsedResponse): void {
    if (head.status === 101) this.tunnel = '';
    this.responses.push({ head, body: '', complete: head.status === 101, keepAlive });
  }

  bodyData(bytes: Buffer, start: number, end: number): void {
    const piece = bytes.toString('latin1', start, end);
    if (this.tunnel !== undefined) this.tunnel += piece;
    else this.responses.at(-1)!.body += piece;
  }

  responseEnd(_trailers: unknown, reusable: boolean): void {
    this.responses.at(-1)!.complete = true;
    if (reusable) this.#ask();
  }

  fault({ rule }: { readonly rule: string }): void {
    this.faults.push(rule);
  }

  #ask(): void {
    const method = this.#methods[this.#asked++];
    if (method === undefined) return;
    const block = encodeRequestBlock(method, '/', 'shop.example', []);
    this.#engine.sendHead(method, block, '', 0, method === 'GET' ? 'echo' : '');
  }
}
