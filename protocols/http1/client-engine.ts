import type { Buffer } from 'node:buffer';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import { endToEndTrailers } from '../http/hop-by-hop.ts';
import { latin1 } from '../http/latin1.ts';
import { UNKNOWN_LENGTH } from '../http/message.ts';
import type { BytesOwner, Output } from '../http/output.ts';
import { isBodiless } from '../http/status.ts';
import { BodyParser, type BodySink } from './body-parser.ts';
import { type Http1Fault, http1Fault } from './errors.ts';
import { type Http1Limits, MAX_INTERIM_RESPONSES, MAX_REMEMBERED_HEAD_BYTES } from './limits.ts';
import { ResponseMemory } from './response-memory.ts';
import { type ParsedResponse, ResponseParser } from './response-parser.ts';
import { FAULTY, NEED_MORE } from './section-parser.ts';
import { blockHasTe, encodeLastChunk, writeChunk } from './writer.ts';

/** What a client engine reports. Called from within `receive` and `receiveEnd`. */
export interface ClientEvents {
  /** 100 to 199, but 101. */
  interimHead(response: ParsedResponse): void;
  /** The final head, or 101 when an upgrade was asked for. */
  responseHead(response: ParsedResponse): void;
  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void;
  /** The response is complete. `reusable`: the connection may carry the next request. */
  responseEnd(trailers: HeaderList, reusable: boolean): void;
  /** What arrived is not HTTP/1, or too much of it. The connection must be dropped. */
  fault(fault: Http1Fault): void;
}

export interface ClientEngineOptions {
  /** Requests that may be under way at a time; 1 unless told otherwise. */
  readonly depth?: number;
  readonly memory?: ResponseMemory;
}

/**
 * The client's side of one HTTP/1 connection (RFC 9112): one request at a time, its response in; or a few bodiless ones at a time
 * (section 9.3.2), their responses in the same order. The same strictness as towards clients: what is not exactly a response
 * is a fault, and so is one to a request that had not left yet when it came.
 *
 *   reading:  idle ─► head ─► body ─► idle           writing:  idle ─► body ─► idle
 *                       └──► tunnel └─► excess ─► fault              └─► tunnel
 */
export class ClientEngine implements BodySink {
  readonly #events: ClientEvents;
  readonly #output: Output;
  readonly #parser: ResponseParser;
  readonly #body: BodyParser;
  /** Requests that may be under way at a time. */
  readonly #depth: number;

  #reading: 'idle' | 'head' | 'body' | 'tunnel' | 'excess' | 'stopped' = 'idle';
  #writing: 'idle' | 'sized' | 'chunked' | 'tunnel' = 'idle';
  #owed = 0;
  #isHead = false;
  /** Of the requests behind the one whose response is read, or awaited: whether it is HEAD. */
  readonly #queue: boolean[] = [];
  /** Responses that may come, because their requests have left. Kept only where several requests may be under way. */
  #due = 0;
  #upgradeAsked = '';
  #interims = 0;
  #response: ParsedResponse | undefined = undefined;
  #owner: BytesOwner | undefined = undefined;
  /** Bytes of the current read behind what is being judged. */
  #rest = 0;

  readonly #memory: ResponseMemory;
  #lastText = '';
  #lastResponse: ParsedResponse | undefined = undefined;

  /** `memory` is shared with other connections to the same instance. */
  constructor(
    events: ClientEvents,
    output: Output,
    limits: Http1Limits,
    { depth = 1, memory = new ResponseMemory() }: ClientEngineOptions = {},
  ) {
    this.#memory = memory;
    this.#events = events;
    this.#output = output;
    this.#depth = depth;
    this.#parser = new ResponseParser(limits);
    this.#body = new BodyParser(this, limits);
  }

  /** A request may be sent. */
  get idle(): boolean {
    return this.#reading === 'idle' && this.#writing === 'idle';
  }

  /** All of the request was sent. */
  get requestComplete(): boolean {
    return this.#writing === 'idle' || this.#writing === 'tunnel';
  }

  /** Not one byte of an answer to the request in turn has come. */
  get untouched(): boolean {
    return this.#reading === 'head' && this.#interims === 0 && this.#parser.untouched;
  }

  get tunnelling(): boolean {
    return this.#reading === 'tunnel';
  }

  /**
   * Sends a request head. `block` is what `encodeRequestBlock` made, `lines` further field lines with their CRLF;
   * framing and Connection are added here. `upgrade` is the protocol to switch to, or ''.
   */
  sendHead(method: string, block: string, lines: string, bodyLength: number, upgrade: string): void {
    const { idle } = this;
    if (!idle && (!this.#mayQueue || bodyLength !== 0 || upgrade !== '')) {
      throw new Error('HTTP/1 request on a connection that is not idle');
    }
    let framing = '';
    if (bodyLength === UNKNOWN_LENGTH) {
      this.#writing = 'chunked';
      framing = 'transfer-encoding: chunked\r\n';
    } else if (bodyLength > 0) {
      this.#writing = 'sized';
      this.#owed = bodyLength;
      framing = `content-length: ${bodyLength}\r\n`;
    } else if (method === 'POST' || method === 'PUT' || method === 'PATCH') {
      // RFC 9110, section 8.6: these anticipate content, so its absence is said.
      framing = 'content-length: 0\r\n';
    }
    if (upgrade !== '') {
      framing += `connection: ${blockHasTe(block) ? 'te, ' : ''}upgrade\r\nupgrade: ${upgrade}\r\n`;
    } else if (blockHasTe(block)) framing += 'connection: te\r\n';
    this.#output.text(`${block}${lines}${framing}\r\n`);
    if (idle) this.#await(method === 'HEAD', upgrade);
    else this.#queue.push(method === 'HEAD');
  }

  /** Where several requests may be under way: what was sent is on its way, and may be answered from now on. */
  flushed(): void {
    this.#due = this.#queue.length + (this.#reading === 'head' || this.#reading === 'body' ? 1 : 0);
  }

  sendData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    if (start === end) return;
    if (this.#writing === 'chunked') writeChunk(this.#output, bytes, start, end, owner);
    else {
      if (this.#writing === 'sized') this.#owed -= end - start;
      if (this.#writing === 'idle' || this.#owed < 0) throw new Error('HTTP/1 request body out of order');
      this.#output.bytes(bytes, start, end, owner);
    }
  }

  /** The request is complete. In a tunnel the driver ends its direction itself. */
  sendEnd(trailers: HeaderList): void {
    if (this.#writing === 'tunnel' || (this.#writing === 'sized' && this.#owed > 0)) {
      throw new Error('HTTP/1 request ended out of order');
    }
    if (this.#writing === 'chunked') this.#output.text(encodeLastChunk(trailers));
    this.#writing = 'idle';
  }

  /** Takes bytes[start, end). */
  receive(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.#owner = owner;
    let position = start;
    while (position < end) {
      switch (this.#reading) {
        case 'head':
          if (this.#depth > 1 && this.#due === 0) {
            this.#fail(http1Fault('unexpected-bytes'));
            return;
          }
          position = this.#takeHead(bytes, position, end);
          break;
        case 'body': {
          const after = this.#body.receive(bytes, position, end);
          position = after < 0 ? end : after;
          // Otherwise the consumer stopped us when it was shown some of the body.
          if (this.#reading === 'body') {
            this.#rest = end - position;
            if (after === FAULTY) this.#fail(this.#body.fault!);
            else if (after !== NEED_MORE)
              this.#end(endToEndTrailers(this.#response!.head.headers, this.#body.trailers));
          }
          break;
        }
        case 'tunnel':
          this.#events.bodyData(bytes, position, end, owner);
          position = end;
          break;
        case 'idle':
        case 'excess':
          // More than was declared, or an answer that nobody asked for: whatever it is, it must never meet a request.
          this.#fail(http1Fault('unexpected-bytes'));
          return;
        case 'stopped':
          return;
      }
    }
    this.#owner = undefined;
  }

  /** The backend ended its direction. True: that completed a response that is framed by it. */
  receiveEnd(): boolean {
    if (this.#reading !== 'body' || !this.#body.endsWithConnection) return false;
    this.#end(NO_HEADERS);
    return true;
  }

  /** Reads nothing more. */
  stop(): void {
    this.#reading = 'stopped';
  }

  bodyData(bytes: Buffer, start: number, end: number): void {
    if (this.#reading === 'body') this.#events.bodyData(bytes, start, end, this.#owner);
  }

  get #mayQueue(): boolean {
    const isReading = this.#reading === 'head' || this.#reading === 'body';
    return (
      isReading &&
      this.#writing === 'idle' &&
      this.#upgradeAsked === '' &&
      this.#queue.length + 1 < this.#depth
    );
  }

  #await(isHead: boolean, upgrade: string): void {
    this.#reading = 'head';
    this.#isHead = isHead;
    this.#upgradeAsked = upgrade;
    this.#interims = 0;
  }

  #takeHead(bytes: Buffer, start: number, end: number): number {
    const fresh = this.#parser.untouched;
    if (fresh && (this.#repeats(bytes, start, end) || this.#recalls(bytes, start, end))) {
      const known = start + this.#lastText.length;
      this.#rest = end - known;
      this.#begin(this.#lastResponse!);
      return known;
    }
    const after = this.#parser.receive(bytes, start, end);
    if (after === NEED_MORE) return end;
    if (after === FAULTY) {
      this.#fail(this.#parser.fault!);
      return end;
    }
    const response = this.#parser.response!;
    this.#parser.next();
    if (fresh && after - start <= MAX_REMEMBERED_HEAD_BYTES && response.head.status >= 200) {
      this.#lastText = latin1(bytes, start, after);
      this.#lastResponse = response;
      this.#memory.text = this.#lastText;
      this.#memory.response = response;
    }
    this.#rest = end - after;
    this.#begin(response);
    return after;
  }

  /** The head is the last one of this connection. */
  #repeats(bytes: Buffer, start: number, end: number): boolean {
    return isPrefix(this.#lastText, bytes, start, end);
  }

  /** It is the newest of the instance: then it becomes the last one of this connection. */
  #recalls(bytes: Buffer, start: number, end: number): boolean {
    const { text, response } = this.#memory;
    if (text === this.#lastText || !isPrefix(text, bytes, start, end)) return false;
    this.#lastText = text;
    this.#lastResponse = response;
    return true;
  }

  #begin(response: ParsedResponse): void {
    const { head, chunked } = response;
    if (head.status === 101) {
      if (this.#upgradeAsked === '' || response.upgrade !== this.#upgradeAsked) {
        this.#fail(http1Fault('unexpected-upgrade'));
        return;
      }
      this.#reading = 'tunnel';
      this.#writing = 'tunnel';
      this.#events.responseHead(response);
      return;
    }
    if (head.status < 200) {
      this.#interims += 1;
      if (this.#interims > MAX_INTERIM_RESPONSES) this.#fail(http1Fault('too-many-interim-responses'));
      else this.#events.interimHead(response);
      return;
    }
    this.#response = response;
    this.#reading = 'body';
    // RFC 9112, section 6.3, in its order.
    const bodiless = this.#isHead || isBodiless(head.status) || (head.bodyLength === 0 && !chunked);
    if (!bodiless) {
      if (chunked) this.#body.startChunked();
      else if (head.bodyLength >= 0) this.#body.startSized(head.bodyLength);
      else this.#body.startUntilClose();
    }
    this.#events.responseHead(response);
    if (bodiless && this.#reading === 'body') this.#end(NO_HEADERS);
  }

  #end(trailers: HeaderList): void {
    const open = this.#response!.keepAlive && this.requestComplete && !this.#body.endsWithConnection;
    this.#due -= 1;
    if (open && this.#queue.length > 0) {
      this.#await(this.#queue.shift()!, '');
      this.#events.responseEnd(trailers, true);
      return;
    }
    // The next request may be sent from within the event: bytes that are here already would pass for its answer.
    const reusable = open && this.#rest === 0;
    this.#reading = reusable ? 'idle' : open ? 'excess' : 'stopped';
    this.#events.responseEnd(trailers, reusable);
  }

  #fail(fault: Http1Fault): void {
    this.#reading = 'stopped';
    this.#events.fault(fault);
  }
}

/** Whether bytes[start, end) begin with a text that is not empty. */
function isPrefix(text: string, bytes: Buffer, start: number, end: number): boolean {
  const { length } = text;
  return length > 0 && end - start >= length && latin1(bytes, start, start + length) === text;
}
