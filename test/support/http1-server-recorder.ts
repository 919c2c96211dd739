import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import type { Http1Fault } from '../../protocols/http1/errors.ts';
import { DEFAULT_LIMITS, type Http1Limits } from '../../protocols/http1/limits.ts';
import type { ParsedRequest } from '../../protocols/http1/request-parser.ts';
import { ServerEngine, type ServerEvents } from '../../protocols/http1/server-engine.ts';
import { EventLog } from './event-log.ts';
import { RecordingOutput } from './recording-output.ts';

/**
 * A server engine with a handler that reads every body and then answers 200 without one, or 101 when that is asked for
 * and `acceptsUpgrade` is set. What it reports is kept as the lines that transcripts are made of.
 */
export class Http1ServerRecorder implements ServerEvents {
  readonly output: RecordingOutput = new RecordingOutput();
  readonly engine: ServerEngine;
  readonly #log = new EventLog();
  readonly #acceptsUpgrade: boolean;
  #isTunnel = false;

  constructor(limits: Http1Limits = DEFAULT_LIMITS, acceptsUpgrade = false) {
    this.engine = new ServerEngine(this, this.output, limits);
    this.#acceptsUpgrade = acceptsUpgrade;
  }

  /** Event lines, with what the engine still waits for at the end. */
  get lines(): readonly string[] {
    if (this.engine.inHead) return [...this.#log.lines, 'incomplete head'];
    return this.engine.inBody ? [...this.#log.lines, 'incomplete body'] : this.#log.lines;
  }

  receive(pieces: readonly Buffer[]): this {
    for (const piece of pieces) {
      this.engine.receive(piece, 0, piece.length, undefined);
      while (this.engine.holding) this.engine.resume();
    }
    return this;
  }

  requestHead({ head }: ParsedRequest): void {
    const flags = [
      head.bodyLength === 0
        ? ''
        : ` body=${head.bodyLength === UNKNOWN_LENGTH ? 'chunked' : head.bodyLength}`,
      head.expectsContinue ? ' expects-continue' : '',
      head.upgrade === '' ? '' : ` upgrade=${head.upgrade}`,
    ];
    this.#log.add(
      `head ${head.method} ${head.path} HTTP/${head.version} ${EventLog.quote(head.authority)}${flags.join('')}`,
    );
    this.#log.addFields('field', head.headers);
    if (head.bodyLength !== 0) this.engine.readBody();
    else if (head.upgrade !== '' && this.#acceptsUpgrade) {
      this.#isTunnel = true;
      this.engine.sendUpgrade(SWITCHING, head.upgrade);
    } else this.bodyEnd([]);
  }

  bodyData(bytes: Buffer, start: number, end: number): void {
    this.#log.addData(this.#isTunnel ? 'tunnel' : 'data', bytes.subarray(start, end));
  }

  bodyEnd(trailers: HeaderList): void {
    this.#log.addFields('trailer', trailers);
    this.#log.add('end');
    this.engine.sendHead(EMPTY_ANSWER);
    this.engine.sendEnd([]);
  }

  fault(fault: Http1Fault): void {
    this.#log.add(`fault ${fault.rule} ${fault.status}`);
  }

  exchangeDone(keepAlive: boolean): void {
    this.#log.add(keepAlive ? 'keep-alive' : 'close');
  }
}

const EMPTY_ANSWER = new ResponseHead(200, '', [], 0);
const SWITCHING = new ResponseHead(101, '', [], 0);
