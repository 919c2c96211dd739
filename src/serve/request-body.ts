import { Buffer } from 'node:buffer';
import { type HeaderList, NO_HEADERS } from '../../protocols/http/header-list.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { RequestFault } from './request-fault.ts';

/** The body of a request between the driver that pushes it and the handler that asks for it. */
export class RequestBody {
  readonly #exchange: Exchange;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  #state: 'unread' | 'reading' | 'complete' | 'failed' = 'unread';
  #isPaused = false;
  #error: ExchangeError | undefined = undefined;
  #wake: (() => void) | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #isTaken = false;
  trailers: HeaderList = NO_HEADERS;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    if (exchange.head.bodyLength === 0) this.#state = 'complete';
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#error !== undefined) this.#controller.abort(failure(this.#error));
    return this.#controller.signal;
  }

  /** Bytes that are overwritten after the call. False: that is enough for now. */
  push(bytes: Buffer, start: number, end: number): boolean {
    this.#queue.push(Buffer.from(bytes.subarray(start, end)));
    this.#queuedBytes += end - start;
    this.#isPaused = this.#queuedBytes >= MAX_QUEUED_BYTES;
    this.#wake?.();
    return !this.#isPaused;
  }

  complete(trailers: HeaderList): void {
    this.trailers = trailers;
    this.#state = 'complete';
    this.#wake?.();
  }

  /** The exchange is over before the body, or before the answer. */
  fail(error: ExchangeError): void {
    this.#error = error;
    if (this.#state !== 'complete') this.#state = 'failed';
    this.#controller?.abort(failure(error));
    this.#wake?.();
  }

  async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#isTaken) throw new Error('the body was asked for before: it comes once');
    this.#isTaken = true;
    if (this.#state === 'unread') {
      this.#state = 'reading';
      this.#exchange.receiveBody();
      // The client may be waiting for 100 (Continue).
      this.#exchange.flush();
    }
    for (;;) {
      const piece = this.#queue.shift();
      if (piece !== undefined) {
        this.#queuedBytes -= piece.length;
        if (this.#isPaused && this.#queuedBytes < MAX_QUEUED_BYTES) {
          this.#isPaused = false;
          this.#exchange.resumeBody();
        }
        yield piece;
        continue;
      }
      if (this.#state === 'complete') return;
      if (this.#state === 'failed') throw failure(this.#error!);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  async whole(limit: number): Promise<Buffer> {
    if (this.#exchange.head.bodyLength > limit) throw new BodyTooLarge(limit);
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of this.pieces()) {
      length += piece.length;
      if (length > limit) throw new BodyTooLarge(limit);
      pieces.push(piece);
    }
    return Buffer.concat(pieces, length);
  }
}

/** More than the handler wanted; answered 413 unless the handler does something else. */
export class BodyTooLarge extends RequestFault {
  override readonly name = 'BodyTooLarge';

  constructor(limit: number) {
    super(exchangeError('body-too-large', `the request body is larger than ${limit} bytes`));
  }
}

/** Answered 400 unless the handler does something else. */
export class BodyNotJson extends RequestFault {
  override readonly name = 'BodyNotJson';

  /** `cause`: the SyntaxError, which may quote the body. */
  constructor(cause: unknown) {
    super(exchangeError('malformed-request', 'the request body is not JSON'), { cause });
  }
}

/** What a handler that waits for the client is told when the client is gone. */
function failure({ name, detail }: ExchangeError): Error {
  return new Error(`${name}: ${detail}`);
}

/** What is read ahead of a handler that takes its time. One read of the driver may come on top. */
const MAX_QUEUED_BYTES = 65_536;
