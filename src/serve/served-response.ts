import { Buffer } from 'node:buffer';
import { isForbiddenInTrailers } from '../../protocols/http/forbidden-trailers.ts';
import { assertHeaderList, type HeaderList, trimBlanks } from '../../protocols/http/header-list.ts';
import { assertEndToEnd, assertNotOfConnection } from '../../protocols/http/hop-by-hop.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import { UNSHARED } from '../../protocols/http/output.ts';
import { isBodiless } from '../../protocols/http/status.ts';
import type { Exchange } from '../core/exchange.ts';
import type { RedirectStatus } from '../core/redirect-status.ts';

/** How a response goes out, and what is told when it is over. */
export interface ResponsePort {
  /** x-request-id and date. */
  readonly ownFields: HeaderList;
  /** All of it was written; called before the end goes out. */
  finished(): void;
}

/**
 * The response of a handler. The head goes out with the first bytes that do not fit into 4 KiB, with `flush`, or with the end: a
 * small answer has its length, and is one write.
 */
export class ServedResponse {
  readonly #exchange: Exchange;
  readonly #port: ResponsePort;
  #status = 200;
  #reason = '';
  readonly #headers: string[] = [];
  readonly #trailers: string[] = [];
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Declared by the handler; negative: it has not. */
  #declared = UNKNOWN_LENGTH;
  #written = 0;
  #state: 'open' | 'begun' | 'ended' | 'lost' = 'open';
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined = undefined;

  constructor(exchange: Exchange, port: ResponsePort) {
    this.#exchange = exchange;
    this.#port = port;
  }

  /** The head is on its way: status and headers can no more be changed. */
  get hasBegun(): boolean {
    return this.#state !== 'open';
  }

  /** All is written, or nobody is there to take it. */
  get isOver(): boolean {
    return this.#state === 'ended' || this.#state === 'lost';
  }

  /** In place of all values that it has. Throws when it cannot stand in a head, or the head has gone. */
  setHeader(name: string, value: string): this {
    this.removeHeader(name);
    return this.addHeader(name, value);
  }

  /** Beside those that it has: `set-cookie`. */
  addHeader(name: string, value: string): this {
    this.#assertOpen();
    const lower = name.toLowerCase();
    if (lower === 'content-length') {
      if (!/^\d{1,15}$/.test(value)) throw new Error(`invalid content-length ${JSON.stringify(value)}`);
      this.#declared = Number(value);
      return this;
    }
    assertHeaderList([lower, value]);
    // HTTP/2 takes no blanks at the ends (RFC 9113, section 8.2.1).
    this.#headers.push(lower, trimBlanks(value));
    return this;
  }

  removeHeader(name: string): this {
    this.#assertOpen();
    const lower = name.toLowerCase();
    if (lower === 'content-length') this.#declared = UNKNOWN_LENGTH;
    for (let i = this.#headers.length - 2; i >= 0; i -= 2) {
      if (this.#headers[i] === lower) this.#headers.splice(i, 2);
    }
    return this;
  }

  /** 200 to 599; 200 when it is not called. `reason`: that of the registry when left out. */
  writeHead(status: number, reason = ''): this {
    this.#assertOpen();
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw new Error(`invalid status ${status}`);
    this.#status = status;
    this.#reason = /^[\t\x20-\x7e]*$/.test(reason) ? reason : '';
    return this;
  }

  /** An interim response: 103 (Early Hints). */
  inform(status: number, headers: HeaderList): void {
    this.#assertOpen();
    if (!Number.isInteger(status) || status < 102 || status > 199)
      throw new Error(`invalid status ${status}`);
    assertEndToEnd(headers);
    this.#exchange.inform(new ResponseHead(status, '', headers, 0));
    this.#exchange.flush();
  }

  /** Sent behind the body, if the client's version and framing allow. */
  addTrailer(name: string, value: string): this {
    const lower = name.toLowerCase();
    assertEndToEnd([lower, value]);
    if (isForbiddenInTrailers(lower)) throw new Error(`field ${lower} cannot be a trailer`);
    this.#trailers.push(lower, trimBlanks(value));
    return this;
  }

  /**
   * A piece of the body, text as UTF-8. Wait for what is returned, and memory stays bounded: it is settled when the client has room, or has
   * gone (then nothing is sent any more, and `request.signal` says so). Bytes must not be changed afterwards.
   */
  write(piece: string | Uint8Array): Promise<void> | undefined {
    if (this.#state === 'lost') return undefined;
    if (this.#state === 'ended') throw new Error('the response has ended');
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : asBuffer(piece);
    if (bytes.length === 0) return this.#room?.promise;
    if (this.#hasNoContent) throw new Error(`a ${this.#status} answer has no body`);
    this.#written += bytes.length;
    if (this.#declared >= 0 && this.#written > this.#declared)
      throw new Error(`more than the ${this.#declared} bytes that were declared`);
    if (this.#state === 'open') {
      this.#pending.push(bytes);
      this.#pendingBytes += bytes.length;
      if (this.#pendingBytes > MAX_PENDING_BYTES) this.flush();
    } else {
      this.#send(bytes);
      this.#exchange.flush();
    }
    return this.#room?.promise;
  }

  /** What was written goes out now, the head with it: for events, and for whoever takes long. */
  flush(): void {
    if (this.#state === 'open') this.#begin(this.#declared);
    if (!this.isOver) this.#exchange.flush();
  }

  /** The response is complete; nothing happens the second time. */
  end(piece?: string | Uint8Array): void {
    if (this.isOver) return;
    if (piece !== undefined) void this.write(piece);
    if (this.#state === 'open') {
      // Who writes nothing for HEAD has not said how long the answer to GET would be.
      const isUnsaid = this.#written === 0 && this.#exchange.head.method === 'HEAD';
      const length = this.#declared >= 0 || isUnsaid ? this.#declared : this.#written;
      this.#begin(this.#trailers.length > 0 ? UNKNOWN_LENGTH : length);
    }
    const isWhole =
      this.#written >= this.#declared || this.#hasNoContent || this.#exchange.head.method === 'HEAD';
    if (!isWhole) throw new Error(`${this.#written} of the ${this.#declared} bytes that were declared`);
    this.#state = 'ended';
    this.#port.finished();
    this.#exchange.end(this.#trailers);
    this.#exchange.flush();
  }

  /** A whole answer of text. */
  answer(status: number, text: string): void {
    if (!this.#headers.includes('content-type')) this.setHeader('content-type', 'text/plain; charset=utf-8');
    this.writeHead(status).end(text);
  }

  /** A whole answer of JSON. */
  json(value: unknown, status = 200): void {
    this.setHeader('content-type', 'application/json').writeHead(status).end(JSON.stringify(value));
  }

  redirect(url: string, status: RedirectStatus = 302): void {
    this.setHeader('location', url);
    this.answer(status, `See ${url}\n`);
  }

  /** For the exchange: the client has room again. */
  writable(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** For the exchange: nobody is there any more. */
  lost(): void {
    if (this.#state !== 'ended') this.#state = 'lost';
    this.writable();
  }

  /** 205 asks for a form to be emptied, and has nothing to send (RFC 9110, section 15.3.6). */
  get #hasNoContent(): boolean {
    return this.#status === 205 || isBodiless(this.#status);
  }

  #begin(length: number): void {
    // Each was checked when it was set; which may be there depends on the status, which is known now.
    assertNotOfConnection(this.#headers, this.#status);
    this.#state = 'begun';
    const own = this.#port.ownFields.filter(
      (_, i, fields) => !this.#headers.some((name, at) => at % 2 === 0 && name === fields[i - (i % 2)]),
    );
    const head = new ResponseHead(this.#status, this.#reason, [...this.#headers, ...own], length);
    this.#exchange.response = head;
    this.#exchange.respond(head);
    for (const bytes of this.#pending) this.#send(bytes);
    this.#pending = [];
  }

  #send(bytes: Buffer): void {
    if (this.#exchange.head.method === 'HEAD') return;
    if (this.#exchange.write(bytes, 0, bytes.length, UNSHARED)) return;
    this.#room ??= Promise.withResolvers<void>();
  }

  #assertOpen(): void {
    if (this.#state === 'begun' || this.#state === 'ended')
      throw new Error('the head of the response has gone out already');
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What a small answer may have, to go out with its length and in one write. */
const MAX_PENDING_BYTES = 4096;
