import { Buffer } from 'node:buffer';
import { type HeaderList, headerValue } from '../http/header-list.ts';
import { endToEndTrailers } from '../http/hop-by-hop.ts';
import { latin1 } from '../http/latin1.ts';
import { type RequestHead, type ResponseHead, UNKNOWN_LENGTH } from '../http/message.ts';
import type { BytesOwner, Output } from '../http/output.ts';
import { isBodiless } from '../http/status.ts';
import { BodyParser, type BodySink } from './body-parser.ts';
import type { Http1Fault } from './errors.ts';
import { type Http1Limits, MAX_PENDING_OUTPUT_BYTES, MAX_REMEMBERED_HEAD_BYTES } from './limits.ts';
import { type ParsedRequest, RequestParser } from './request-parser.ts';
import { FAULTY, NEED_MORE } from './section-parser.ts';
import { encodeLastChunk, encodeResponseBlock, writeChunk } from './writer.ts';

/** What a server engine reports. Called from within `receive`, `resume` and the send methods. */
export interface ServerEvents {
  /** A request begins. Nothing of its body is reported before `readBody`. */
  requestHead(request: ParsedRequest): void;
  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void;
  /** The request is complete; in a tunnel this is never called (the driver sees the end of the stream). */
  bodyEnd(trailers: HeaderList): void;
  /** What arrived is not HTTP/1: answer (when nothing was answered yet) and close. Nothing more is read. */
  fault(fault: Http1Fault): void;
  /** Response and request are both complete. `keepAlive`: the next request may come; else close now. */
  exchangeDone(keepAlive: boolean): void;
}

/**
 * The server's side of one HTTP/1 connection (RFC 9112): requests in, one at a time; responses out, in order. Bytes of a
 * request that comes before the previous one is answered are held, and the driver is told to stop reading: at most
 * one read's worth is ever kept.
 *
 *   reading:  head ─► body ─► done ─► head …         writing:  none ─► due ─► body ─► none …
 *               └───────────► tunnel                                     └─► tunnel
 */
export class ServerEngine implements BodySink {
  readonly #events: ServerEvents;
  readonly #output: Output;
  readonly #parser: RequestParser;
  readonly #limits: Http1Limits;
  /** Made with the first body: most connections have none. */
  #body: BodyParser | undefined = undefined;

  #reading: 'head' | 'body' | 'done' | 'tunnel' | 'stopped' = 'head';
  #writing: 'none' | 'due' | 'sized' | 'chunked' | 'until-close' | 'bodiless' | 'tunnel' = 'none';
  #request: ParsedRequest | undefined = undefined;
  #closing = false;
  /** Bytes of the response body still owed when it is sized. */
  #owed = 0;

  #clientIsDone = false;

  #bodyWanted = false;
  #continueDue = false;
  /** Body bytes thrown away since the response was complete. */
  #discarded = 0;

  #held: Buffer | undefined = undefined;
  #owner: BytesOwner | undefined = undefined;
  #receiving = false;

  /** The last head as text, and what it was parsed to: a client that repeats its head costs no parsing. */
  #lastText = '';
  #lastRequest: ParsedRequest | undefined = undefined;

  constructor(events: ServerEvents, output: Output, limits: Http1Limits) {
    this.#events = events;
    this.#output = output;
    this.#parser = new RequestParser(limits);
    this.#limits = limits;
  }

  /** Some bytes of a head have arrived, but not all of it. */
  get inHead(): boolean {
    return this.#reading === 'head' && this.#parser.begun;
  }

  /** What is known of the request whose head is under way, or was refused. */
  get begun(): Pick<RequestHead, 'method' | 'headers'> {
    return this.#parser;
  }

  /** Between two requests, nothing begun and nothing held. */
  get idle(): boolean {
    return (
      this.#reading === 'head' && this.#writing === 'none' && !this.#parser.begun && this.#held === undefined
    );
  }

  /** The request body is wanted and not complete. */
  get inBody(): boolean {
    return this.#reading === 'body' && this.#bodyWanted;
  }

  /** The response is complete, and what is left of the request's body is thrown away. */
  get skipping(): boolean {
    return this.#reading === 'body' && this.#writing === 'none';
  }

  /** The response is framed by nothing but the end of the connection. */
  get endsWithConnection(): boolean {
    return this.#writing === 'until-close' || this.#writing === 'tunnel';
  }

  /**
   * At the end of the last exchange: the client had asked for no more than that, and all it sent was read. It will not send
   * anything again, so there is nothing to wait for before closing.
   */
  get clientIsDone(): boolean {
    return this.#clientIsDone;
  }

  /** Bytes are held: the driver must not read before `resume` has said so. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /** The response head was sent. */
  get responding(): boolean {
    return this.#writing !== 'none' && this.#writing !== 'due';
  }

  /** Takes bytes[start, end). False: read no more until `holding` is over. */
  receive(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    if (this.#held !== undefined) {
      // The transport had one more read on the way when it was told to stop.
      this.#held = Buffer.concat([this.#held, bytes.subarray(start, end)]);
      return false;
    }
    this.#owner = owner;
    this.#receiving = true;
    const rest = this.#consume(bytes, start, end);
    this.#receiving = false;
    this.#owner = undefined;
    if (rest === end) return true;
    this.#held = Buffer.from(bytes.subarray(rest, end));
    return false;
  }

  /** Goes on with what was held, after the output has drained or the exchange has advanced. True: reading may go on. */
  resume(): boolean {
    if (this.#receiving) return false;
    const held = this.#held;
    if (held === undefined) return true;
    this.#held = undefined;
    return this.receive(held, 0, held.length, undefined);
  }

  /** The consumer wants the request's body; asks the client for it when it waits to be asked (RFC 9110, section 10.1.1). */
  readBody(): void {
    if (this.#bodyWanted || this.#reading !== 'body') return;
    this.#bodyWanted = true;
    if (!this.#continueDue) return;
    this.#continueDue = false;
    if (this.#writing === 'due') this.#output.text('HTTP/1.1 100 Continue\r\n\r\n');
  }

  /** The connection ends after the current response. */
  closeAfter(): void {
    this.#closing = true;
  }

  /** An interim response; HTTP/1.0 clients do not know them (RFC 9110, section 15.2). */
  sendInterim(head: ResponseHead): void {
    this.#expect(this.#writing === 'due' && head.status < 200 && head.status !== 101);
    if (this.#request!.head.version === '1.0') return;
    this.#output.text(`${encodeResponseBlock(head)}\r\n`);
  }

  /** The final head. Framing is ours: sized, chunked, or for HTTP/1.0 by the end of the connection. */
  sendHead(head: ResponseHead): void {
    this.#expect(this.#writing === 'due' && head.status >= 200);
    const { head: request, keepAlive } = this.#request!;
    let framing = '';
    if (request.method === 'HEAD' || isBodiless(head.status)) {
      this.#writing = 'bodiless';
      if (head.bodyLength >= 0 && head.status !== 204) framing = `content-length: ${head.bodyLength}\r\n`;
    } else if (head.bodyLength !== UNKNOWN_LENGTH) {
      this.#writing = 'sized';
      this.#owed = head.bodyLength;
      framing = `content-length: ${head.bodyLength}\r\n`;
    } else if (request.version === '1.0') {
      this.#writing = 'until-close';
      this.#closing = true;
    } else {
      this.#writing = 'chunked';
      framing = 'transfer-encoding: chunked\r\n';
    }
    if (!keepAlive || this.#bodyIsTooMuch()) this.#closing = true;
    const persistence = this.#closing ? 'close' : request.version === '1.0' ? 'keep-alive' : '';
    this.#output.text(`${encodedBlock(head)}${framing}${connectionLine(head, persistence)}\r\n`);
  }

  /** Answers what is not a request; nothing else is sent or read after it. Not once a response has begun. */
  sendRefusal(head: ResponseHead, body: Buffer): void {
    this.#expect(!this.responding);
    const isHead = (this.#writing === 'due' ? this.#request!.head : this.begun).method === 'HEAD';
    this.stop();
    this.#output.text(
      `${encodeResponseBlock(head)}content-length: ${body.length}\r\nconnection: close\r\n\r\n`,
    );
    if (!isHead) this.#output.bytes(body, 0, body.length, undefined);
  }

  /** 101: everything behind it, both ways, is raw bytes. */
  sendUpgrade(head: ResponseHead, protocol: string): void {
    this.#expect(this.#writing === 'due' && this.#reading === 'done');
    this.#output.text(`${encodeResponseBlock(head)}connection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`);
    this.#writing = 'tunnel';
    this.#reading = 'tunnel';
  }

  sendData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    if (start === end) return;
    switch (this.#writing) {
      case 'sized':
        this.#expect(end - start <= this.#owed);
        this.#owed -= end - start;
        this.#output.bytes(bytes, start, end, owner);
        return;
      case 'chunked':
        writeChunk(this.#output, bytes, start, end, owner);
        return;
      case 'until-close':
      case 'tunnel':
        this.#output.bytes(bytes, start, end, owner);
        return;
      case 'bodiless':
        return;
      default:
        this.#expect(false);
    }
  }

  /** The response is complete. In a tunnel the driver ends its direction itself. */
  sendEnd(trailers: HeaderList): void {
    this.#expect(
      this.responding && this.#writing !== 'tunnel' && (this.#writing !== 'sized' || this.#owed === 0),
    );
    if (this.#writing === 'chunked') this.#output.text(encodeLastChunk(trailers));
    this.#writing = 'none';
    if (this.#closing) {
      this.#clientIsDone = this.#reading === 'done' && this.#held === undefined && !this.#request!.keepAlive;
      this.#reading = 'stopped';
      this.#held = undefined;
      this.#events.exchangeDone(false);
    } else if (this.#reading === 'done') this.#next();
    else {
      // What is left of the request's body is thrown away, up to a bound, to keep the connection.
      this.#bodyWanted = true;
      this.#discarded = 0;
      this.resume();
    }
  }

  /** Reads nothing more. */
  stop(): void {
    this.#reading = 'stopped';
    this.#held = undefined;
  }

  bodyData(bytes: Buffer, start: number, end: number): void {
    // The piece before this one may have made the consumer stop us.
    if (this.#reading !== 'body') return;
    if (this.#writing === 'none') this.#discarded += end - start;
    else this.#events.bodyData(bytes, start, end, this.#owner);
  }

  /** Index of the first byte that has to wait; `end` when none has to. */
  #consume(bytes: Buffer, start: number, end: number): number {
    let position = start;
    while (position < end) {
      switch (this.#reading) {
        case 'head': {
          if (this.#output.pendingBytes > MAX_PENDING_OUTPUT_BYTES) return position;
          position = this.#takeHead(bytes, position, end);
          break;
        }
        case 'body': {
          if (!this.#bodyWanted) {
            // It was sent without waiting for 100.
            this.#continueDue = false;
            return position;
          }
          position = this.#takeBody(bytes, position, end);
          break;
        }
        case 'done':
          return position;
        case 'tunnel':
          this.#events.bodyData(bytes, position, end, this.#owner);
          return end;
        case 'stopped':
          return end;
      }
    }
    return end;
  }

  #takeHead(bytes: Buffer, start: number, end: number): number {
    const fresh = this.#parser.untouched;
    if (fresh && this.#lastRequest !== undefined && this.#repeats(bytes, start, end)) {
      const after = start + this.#lastText.length;
      this.#begin(this.#lastRequest, after < end);
      return after;
    }
    const after = this.#parser.receive(bytes, start, end);
    if (after === NEED_MORE) return end;
    if (after === FAULTY) {
      this.#fail(this.#parser.fault!);
      return end;
    }
    const request = this.#parser.request!;
    this.#parser.next();
    if (fresh && after - start <= MAX_REMEMBERED_HEAD_BYTES) {
      this.#lastText = latin1(bytes, start, after);
      this.#lastRequest = request;
    }
    this.#begin(request, after < end);
    return after;
  }

  #repeats(bytes: Buffer, start: number, end: number): boolean {
    const { length } = this.#lastText;
    return end - start >= length && latin1(bytes, start, start + length) === this.#lastText;
  }

  /** `followed`: some of what comes behind the head is already here. */
  #begin(request: ParsedRequest, followed: boolean): void {
    const { head } = request;
    this.#request = request;
    this.#writing = 'due';
    this.#bodyWanted = false;
    this.#continueDue = head.expectsContinue && !followed;
    if (head.bodyLength === 0) this.#reading = 'done';
    else {
      this.#reading = 'body';
      this.#body ??= new BodyParser(this, this.#limits);
      if (head.bodyLength === UNKNOWN_LENGTH) this.#body.startChunked();
      else this.#body.startSized(head.bodyLength);
    }
    this.#events.requestHead(request);
  }

  #takeBody(bytes: Buffer, start: number, end: number): number {
    const after = this.#body!.receive(bytes, start, end);
    // The consumer may have stopped us, or completed a response that closes, when it was shown some of the body.
    if (this.#reading !== 'body') return end;
    if (this.#writing === 'none' && (after === FAULTY || this.#discarded > MAX_DISCARDED_BODY_BYTES)) {
      // The response is complete: there is nothing left to answer.
      this.#reading = 'stopped';
      this.#events.exchangeDone(false);
      return end;
    }
    if (after === FAULTY) {
      this.#fail(this.#body!.fault!);
      return end;
    }
    if (after === NEED_MORE) return end;
    this.#reading = 'done';
    if (this.#writing === 'none') this.#next();
    else this.#events.bodyEnd(endToEndTrailers(this.#request!.head.headers, this.#body!.trailers));
    return after;
  }

  #next(): void {
    this.#reading = 'head';
    this.#events.exchangeDone(true);
  }

  /** Whether what is left of the request's body is not worth reading, or may never come (no 100 was sent). */
  #bodyIsTooMuch(): boolean {
    if (this.#reading !== 'body') return false;
    return this.#continueDue || this.#request!.head.bodyLength > MAX_DISCARDED_BODY_BYTES;
  }

  #fail(fault: Http1Fault): void {
    this.#reading = 'stopped';
    this.#closing = true;
    this.#events.fault(fault);
  }

  #expect(condition: boolean): void {
    if (!condition)
      throw new Error(`HTTP/1 response out of order (writing ${this.#writing}, reading ${this.#reading})`);
  }
}

/** An unread request body is read and thrown away up to this many bytes, as Go does; more: the connection closes. */
const MAX_DISCARDED_BODY_BYTES = 262_144;

/** 426 is nothing without the protocols it names (RFC 9110, section 15.5.22), and Upgrade nothing without Connection. */
function connectionLine(head: ResponseHead, persistence: string): string {
  const names = head.status === 426 && headerValue(head.headers, 'upgrade') !== undefined;
  if (!names) return persistence === '' ? '' : `connection: ${persistence}\r\n`;
  return `connection: upgrade${persistence === '' ? '' : `, ${persistence}`}\r\n`;
}

/** The block of a head that is sent again and again is encoded once; kept on the head, whose writer we are. */
function encodedBlock(head: ResponseHead): string {
  if (head.http1Block === '') head.http1Block = encodeResponseBlock(head);
  return head.http1Block;
}
