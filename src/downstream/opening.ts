import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { encodeResponseBlock } from '../../protocols/http1/writer.ts';
import { type ErrorName, type ExchangeError, exchangeError } from '../core/errors.ts';
import { errorAnswer } from '../core/local-answer.ts';
import type { Session } from '../core/session.ts';
import { Deadline, type Expiring } from '../transport/deadlines.ts';
import type { SocketReader, SocketReceiver } from '../transport/socket-reader.ts';
import { DRAIN_GRACE_MS, type Driver, type Front } from './front.ts';

/**
 * The first moments of a connection, until its protocol is known: reads what comes, under one deadline, and either hands
 * the socket on or ends it with an answer that the other side can read.
 */
export abstract class Opening implements Driver, SocketReceiver, Expiring {
  readonly inBulk = false;
  readonly isBusy = false;
  readonly session: Session;
  protected readonly socket: Socket;
  protected readonly reader: SocketReader;
  protected readonly front: Front;
  protected readonly deadline: Deadline;
  /** What the matter is when nothing comes of bytes that have come. */
  protected readonly failure: ErrorName = 'tls-handshake-failed';
  /** Modules have been told of the session, and will be told of its end. */
  protected readonly isAccepted: boolean = true;
  #over = false;
  /** Bytes have come that have not yet led to anything. */
  #begun = false;
  #refused = false;

  constructor(socket: Socket, reader: SocketReader, session: Session, front: Front) {
    this.socket = socket;
    this.reader = reader;
    reader.receiver = this;
    this.session = session;
    this.front = front;
    this.deadline = new Deadline(front.deadlines, this);
    this.deadline.set(front.deadlines.after(front.draining ? DRAIN_GRACE_MS : front.timeouts.clientHeaderMs));
    front.drivers.add(this);
  }

  drain(): void {
    this.deadline.set(this.front.deadlines.after(DRAIN_GRACE_MS));
  }

  destroy(): void {
    this.socket.destroy();
    this.#close();
  }

  expire(): void {
    this.abandoned('handshake-timeout');
    this.destroy();
  }

  received(bytes: Buffer, length: number): boolean {
    // After a refusal we only wait for the client to close.
    this.#begun = true;
    if (!this.#refused) this.judge(bytes.subarray(0, length));
    return true;
  }

  /** Looks at the next bytes, which are overwritten after the call. */
  protected abstract judge(chunk: Buffer): void;

  /** Lets go of the socket. */
  protected release(): void {
    this.#over = true;
    this.reader.detach();
    this.deadline.cancel();
    this.front.drivers.delete(this);
  }

  /** Answers in HTTP/1 a client that speaks something else than this port does. */
  protected refuseAsHttp(error: ExchangeError): void {
    const id = this.front.ids.next();
    this.session.refusalId = id;
    const { head, body } = errorAnswer(error, [], id, this.front.clock.wall());
    const text = `${encodeResponseBlock(head)}content-length: ${body.length}\r\nconnection: close\r\n\r\n`;
    this.refuse(error, text + body.toString('latin1'));
  }

  /** Sends `last` (latin-1) and closes. */
  protected refuse(error: ExchangeError, last: string): void {
    this.socket.end(last, 'latin1');
    this.deadline.set(this.front.deadlines.after(LINGER_MS));
    this.#report(error);
  }

  ended(): void {
    this.abandoned('client-gone');
    this.destroy();
  }

  drained(): void {}

  crashed(error: unknown): void {
    this.front.internalError(error);
    this.destroy();
  }

  closed(): void {
    this.abandoned('client-gone');
    this.#close();
  }

  /** The bytes so far will lead to nothing. A connection on which none came is no news: probes of load balancers are like that. */
  protected abandoned(reason: string): void {
    if (this.#begun && !this.#over && !this.#refused) this.#report(exchangeError(this.failure, reason));
  }

  #report(error: ExchangeError): void {
    this.#refused = true;
    this.session.error = error;
    this.front.telemetry.requestRefused(this.session);
    this.front.handler.refused(this.session);
  }

  #close(): void {
    if (this.#over) return;
    this.release();
    this.session.bytesIn = this.socket.bytesRead;
    this.session.bytesOut = this.socket.bytesWritten;
    this.session.become('closed');
    this.front.telemetry.sessionClosed(this.session);
    if (this.isAccepted) this.front.handler.closed(this.session);
  }
}

/** How long the client may take to notice that we have closed. */
const LINGER_MS = 2000;
