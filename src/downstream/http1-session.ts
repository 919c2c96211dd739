import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { Http1Fault } from '../../protocols/http1/errors.ts';
import type { ParsedRequest } from '../../protocols/http1/request-parser.ts';
import { ServerEngine, type ServerEvents } from '../../protocols/http1/server-engine.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import { errorAnswer } from '../core/local-answer.ts';
import type { Session } from '../core/session.ts';
import { Deadline, type Expiring } from '../transport/deadlines.ts';
import { resetConnection } from '../transport/reset-connection.ts';
import { SocketOutput } from '../transport/socket-output.ts';
import type { SocketReader, SocketReceiver } from '../transport/socket-reader.ts';
import { WriteProgress } from '../transport/write-progress.ts';
import { Ending, type EndingConnection } from './ending.ts';
import { DRAIN_GRACE_MS, type Driver, type Front, KEPT_GRACE_MS } from './front.ts';
import { Http1Exchange } from './http1-exchange.ts';
import { requestError } from './request-error.ts';

/**
 * The sequential HTTP/1 loop: a socket driven by the server engine, one exchange at a time.
 *
 *   idle ─► head ─► exchange ─► idle …         any ─► lingering ─► closed
 *                      └─► tunnel ─► closed
 */
export class Http1Session implements Driver, EndingConnection, ServerEvents, SocketReceiver, Expiring {
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly session: Session;
  readonly #front: Front;
  readonly #engine: ServerEngine;
  readonly #output: SocketOutput;
  readonly #deadline: Deadline;
  readonly #progress: WriteProgress;

  #exchange: Http1Exchange | undefined = undefined;
  /** From when on nothing is read or answered any more. */
  #ending: Ending | undefined = undefined;
  #isClosed = false;
  #tunnel = false;
  /** The consumer of the body asked for a pause. */
  #bodyPaused = false;
  #socketPaused = false;
  /** The client ended its direction. */
  #readEnded = false;
  #waitsForWritable = false;

  constructor(socket: Socket, reader: SocketReader, session: Session, front: Front) {
    this.#socket = socket;
    this.#reader = reader;
    reader.receiver = this;
    this.session = session;
    this.#front = front;
    this.#output = new SocketOutput(socket);
    this.#progress = new WriteProgress(socket);
    const { headBytes, lineBytes, headers } = front.limits;
    this.#engine = new ServerEngine(this, this.#output, { headBytes, lineBytes, headers });
    this.#deadline = new Deadline(front.deadlines, this);
    this.#deadline.set(
      front.deadlines.after(front.draining ? DRAIN_GRACE_MS : front.timeouts.clientHeaderMs),
    );
    front.drivers.add(this);
  }

  /** Takes bytes that were read before this driver had the socket. */
  begin(bytes: Buffer): void {
    this.received(bytes, bytes.length, undefined);
  }

  drain(): void {
    this.#engine.closeAfter();
    if (!this.#engine.idle) return;
    const grace = this.session.exchanges > 0 ? KEPT_GRACE_MS : DRAIN_GRACE_MS;
    this.awaitUntil(grace);
  }

  /** The drain is over: who has no answer yet is told why, who has half of one is cut off. */
  destroy(): void {
    if (this.isBusy) this.#fail(exchangeError('draining', 'not finished by the end of the drain'));
    this.#close();
  }

  get isBusy(): boolean {
    return this.#exchange !== undefined && !this.#engine.skipping;
  }

  expire(): void {
    if (this.#ending !== undefined) {
      if (this.#ending.expired()) this.#close();
    } else if (this.#waitsForWritable) this.#checkWriting();
    else if (this.#engine.skipping) this.#linger();
    else if (this.#readEnded && !this.#engine.responding)
      this.#fail(exchangeError('client-gone', 'the client closed and no answer was due'));
    else if (this.#engine.inBody || this.#engine.inHead) {
      const part = this.#engine.inHead ? 'head' : 'body';
      this.#fail(exchangeError('request-timeout', `the request ${part} came too slowly`));
    } else if (this.#engine.idle) this.#linger();
  }

  // What the exchange asks for. An exchange that is over, or was never the current one, is ignored.

  receiveBody(exchange: Http1Exchange): void {
    if (exchange !== this.#exchange) return;
    this.#engine.readBody();
    if (this.#engine.inBody) this.#awaitBody();
    this.#goOn();
    // It ended its direction before the body was wanted: what is still missing will not come.
    if (this.#readEnded && exchange === this.#exchange && this.#engine.inBody) this.#failInBody();
  }

  resumeBody(exchange: Http1Exchange): void {
    if (exchange !== this.#exchange) return;
    this.#bodyPaused = false;
    if (this.#engine.inBody) this.#awaitBody();
    this.#updateReading();
  }

  inform(exchange: Http1Exchange, head: ResponseHead): void {
    if (exchange === this.#exchange) this.#engine.sendInterim(head);
  }

  respond(exchange: Http1Exchange, head: ResponseHead): void {
    if (exchange !== this.#exchange) return;
    if (this.#front.draining || this.#readEnded) this.#engine.closeAfter();
    this.#engine.sendHead(head);
  }

  upgrade(exchange: Http1Exchange, head: ResponseHead): void {
    if (exchange !== this.#exchange) return;
    this.#tunnel = true;
    this.session.become('hijacked');
    this.#deadline.clear();
    this.#engine.sendUpgrade(head, exchange.head.upgrade);
    this.#goOn();
  }

  write(
    exchange: Http1Exchange,
    bytes: Buffer,
    start: number,
    end: number,
    owner: BytesOwner | undefined,
  ): boolean {
    if (exchange !== this.#exchange) return true;
    this.#engine.sendData(bytes, start, end, owner);
    if (!this.#output.isFull) return true;
    this.#output.flush();
    return this.#hasRoom();
  }

  end(exchange: Http1Exchange, trailers: HeaderList): void {
    if (exchange !== this.#exchange) return;
    if (this.#tunnel) {
      if (this.#readEnded) this.#endTunnel();
      else {
        this.#output.flush();
        this.#socket.end();
      }
      return;
    }
    const { holding } = this.#engine;
    this.#engine.sendEnd(trailers);
    if (exchange !== this.#exchange) {
      // What was held behind a body that nobody wanted may have begun the next request, outside of any read.
      if (holding) this.#heldOver();
      return;
    }
    // Answered before all of the request came: the rest is read and thrown away.
    this.#bodyPaused = false;
    this.#awaitBody();
    this.#updateReading();
  }

  cut(exchange: Http1Exchange, error: ExchangeError): void {
    if (exchange !== this.#exchange) return;
    this.#exchange = undefined;
    this.session.error ??= error;
    this.#output.flush();
    // A body that its framing shows to be incomplete may end in peace, with all that there is of it.
    if (this.#engine.endsWithConnection) this.#reset();
    else this.#closeSoon();
  }

  closeAfter(exchange: Http1Exchange): void {
    if (exchange === this.#exchange) this.#engine.closeAfter();
  }

  flush(): void {
    if (this.#isOpen) this.#output.flush();
  }

  // What the engine reports.

  requestHead(request: ParsedRequest): void {
    const session = this.session;
    session.become('active');
    session.exchanges += 1;
    this.#deadline.clear();
    const exchange = new Http1Exchange(
      this,
      session,
      request.head,
      this.#front.ids.next(),
      this.#front.clock.now(),
    );
    this.#exchange = exchange;
    this.#bodyPaused = false;
    this.#front.handler.received(exchange);
  }

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.bytesIn += end - start;
    if (exchange.sink?.bodyData(bytes, start, end, owner) === false) this.#bodyPaused = true;
  }

  bodyEnd(trailers: HeaderList): void {
    this.#bodyPaused = false;
    this.#awaitBody();
    this.#exchange?.sink?.bodyEnd(trailers);
  }

  fault(fault: Http1Fault): void {
    this.#fail(requestError(fault));
  }

  exchangeDone(keepAlive: boolean): void {
    this.#exchange = undefined;
    this.#waitsForWritable = false;
    this.#bodyPaused = false;
    if (!keepAlive || this.#front.draining) {
      this.#output.flush();
      if (this.#engine.clientIsDone) this.#closeSoon();
      else this.#linger();
      return;
    }
    this.session.become('idle');
    this.awaitUntil(this.#front.timeouts.clientIdleMs);
    if (this.#readEnded && !this.#engine.holding) this.#linger();
    else this.#goOn();
  }

  get inBulk(): boolean {
    return this.#engine.inBody || this.#tunnel;
  }

  received(bytes: Buffer, length: number, owner: BytesOwner | undefined): boolean {
    if (!this.#isOpen) return true;
    this.#process(bytes, length, owner);
    return !this.#socketPaused;
  }

  crashed(error: unknown): void {
    this.#front.internalError(error);
    this.#reset(exchangeError('internal-error', 'a fault in Portico'));
  }

  #process(bytes: Buffer, length: number, owner: BytesOwner | undefined): void {
    const engine = this.#engine;
    engine.receive(bytes, 0, length, owner);
    this.#exchange?.sink?.requestBatchEnd();
    if (!this.#isOpen) return;
    this.#output.flush();
    if (engine.inBody) this.#awaitBody();
    else if (engine.inHead) this.#awaitHead();
    this.#updateReading();
  }

  /** A head has begun; the time it may take is not prolonged by each of its bytes, and that of the first began at the accept. */
  #awaitHead(): void {
    const isNext = this.session.state === 'idle';
    this.session.become('active');
    if (isNext) this.awaitUntil(this.#front.timeouts.clientHeaderMs);
  }

  /** There is one deadline: while the client has not taken what is written, that is what it must do first. */
  #awaitBody(): void {
    if (this.#waitsForWritable) return;
    if (!this.#engine.inBody || this.#bodyPaused) {
      this.#deadline.clear();
      return;
    }
    const ms = this.#exchange?.clientTimeouts.clientBodyMs ?? this.#front.timeouts.clientBodyMs;
    this.awaitUntil(ms);
  }

  /** Continues with held bytes once the exchange has advanced. */
  #goOn(): void {
    if (!this.#engine.holding) {
      this.#updateReading();
      return;
    }
    this.#engine.resume();
    this.#heldOver();
  }

  /** Held bytes were read, as far as that may go. */
  #heldOver(): void {
    this.#exchange?.sink?.requestBatchEnd();
    if (!this.#isOpen) return;
    if (this.#readEnded && this.#engine.idle) this.#linger();
    else {
      if (this.#engine.inHead) this.#awaitHead();
      this.#updateReading();
    }
  }

  #updateReading(): void {
    const pause = this.#engine.holding || this.#bodyPaused;
    if (pause === this.#socketPaused || !this.#isOpen) return;
    this.#socketPaused = pause;
    if (pause) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Whether more may be written now; if not, the sink is told when it may. */
  #hasRoom(): boolean {
    if (!this.#output.isFull) return true;
    this.#waitsForWritable = true;
    this.#progress.mark();
    this.awaitUntil(this.clientWriteMs);
    return false;
  }

  get clientWriteMs(): number {
    return this.#exchange?.clientTimeouts.clientWriteMs ?? this.#front.timeouts.clientWriteMs;
  }

  awaitUntil(ms: number): void {
    this.#deadline.set(this.#front.deadlines.after(ms));
  }

  drained(): void {
    if (this.#waitsForWritable) {
      this.#waitsForWritable = false;
      this.#awaitBody();
      this.#exchange?.sink?.writable(true);
    } else if (this.#engine.holding && this.#isOpen) this.#goOn();
  }

  /** The write deadline has passed: any progress since counts, for a slow client is not a dead one. */
  #checkWriting(): void {
    if (this.#progress.hasAdvanced) this.#hasRoom();
    else this.#fail(exchangeError('client-too-slow', 'the client does not take the response'));
  }

  /** The client ended its direction. A complete request is still answered, if its answer begins soon. */
  ended(): void {
    this.#readEnded = true;
    if (this.#ending !== undefined) return;
    if (this.#tunnel) {
      const sink = this.#exchange?.sink;
      sink?.bodyEnd([]);
      sink?.requestBatchEnd();
      if (this.#socket.writableEnded) this.#endTunnel();
    } else if (this.#engine.inHead)
      this.#fail(exchangeError('malformed-request', 'the connection ended inside a request head'));
    else if (this.#exchange === undefined || this.#engine.skipping) this.#linger();
    else if (this.#engine.inBody) this.#failInBody();
    else if (!this.#waitsForWritable) this.awaitUntil(HALF_CLOSED_MS);
  }

  #failInBody(): void {
    this.#fail(exchangeError('client-gone', 'the connection ended inside the request body'));
  }

  /** Both directions are over, and the instance's side is gone: from here on the client alone may hold the last of it up. */
  #endTunnel(): void {
    this.#linger();
    this.#exchange = undefined;
  }

  /** The request cannot go on: answer where that is still possible, and close. */
  #fail(error: ExchangeError): void {
    const exchange = this.#exchange;
    const session = this.session;
    this.#exchange = undefined;
    session.error ??= error;
    const answers = error.status !== 0 && !this.#engine.responding;
    if (answers) {
      const id = exchange?.id ?? this.#front.ids.next();
      const answer = errorAnswer(
        error,
        (exchange?.head ?? this.#engine.begun).headers,
        id,
        this.#front.clock.wall(),
      );
      this.#engine.sendRefusal(answer.head, answer.body);
      if (exchange === undefined) session.refusalId = id;
      else {
        exchange.response = answer.head;
        exchange.status = answer.head.status;
      }
    }
    if (exchange === undefined) {
      this.#front.telemetry.requestRefused(session);
      this.#front.handler.refused(session);
    } else exchange.sink?.requestFailed(error);
    if (answers) this.#linger();
    else this.#reset();
  }

  /** With nothing more to come from the client, closing without waiting for it saves a round of the loop and system calls. */
  #closeSoon(): void {
    if (this.session.tls === undefined && this.#socket.writableLength === 0) this.#close();
    else this.#end().closeSoon();
  }

  #linger(): void {
    if (!this.#isOpen) return;
    this.#output.flush();
    this.#waitsForWritable = false;
    this.#end().linger();
    if (this.#socketPaused) this.#socket.resume();
  }

  #end(): Ending {
    this.#engine.stop();
    this.#ending = new Ending(this.#socket, this.#progress, this);
    return this.#ending;
  }

  get #isOpen(): boolean {
    return this.#ending === undefined && !this.#isClosed;
  }

  closed(): void {
    this.#close();
  }

  /** Ends the connection so that the client cannot take what it has for a whole response. */
  #reset(error = CLIENT_GONE): void {
    if (this.#isClosed) return;
    // TLS has its own sign of a proper end, and it is not sent here.
    if (this.session.tls === undefined) resetConnection(this.#socket);
    this.#close(error);
  }

  /** `error`: what an exchange that is still under way is told. */
  #close(error = CLIENT_GONE): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#engine.stop();
    this.#deadline.cancel();
    this.#output.discard();
    this.#socket.destroy();
    this.#reader.close();
    const session = this.session;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined) exchange.sink?.requestFailed(error);
    session.bytesIn = this.#socket.bytesRead;
    session.bytesOut = this.#socket.bytesWritten;
    session.become('closed');
    this.#front.drivers.delete(this);
    this.#front.telemetry.sessionClosed(session);
    this.#front.handler.closed(session);
  }
}

const CLIENT_GONE: ExchangeError = exchangeError('client-gone', 'the client closed the connection');

/**
 * A client that has ended its direction is either one that wants its answer and nothing else, or gone: TCP does not
 * tell. It gets what begins to come within this time; then it counts as gone and the instance is relieved.
 */
const HALF_CLOSED_MS = 1000;
