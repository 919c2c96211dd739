import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { ProxyHeader } from '../../protocols/proxy-protocol/header.ts';
import { ProxyHeaderParser } from '../../protocols/proxy-protocol/parser.ts';
import { type ErrorName, exchangeError } from '../core/errors.ts';
import type { Session } from '../core/session.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import type { Front } from './front.ts';
import { Opening } from './opening.ts';

type OpeningClass = new (socket: Socket, reader: SocketReader, session: Session, front: Front) => Opening;

/**
 * A connection from a load balancer that must begin with a PROXY header. Whom it is for decides about everything behind it, so
 * modules are told of the session only when that is known; what stands behind the header goes to the opening of the listener.
 */
export class ProxyHeaderOpening extends Opening {
  protected override readonly failure: ErrorName = 'proxy-protocol-error';
  protected override isAccepted = false;
  readonly #parser = new ProxyHeaderParser();
  readonly #next: OpeningClass;

  constructor(socket: Socket, reader: SocketReader, session: Session, front: Front, next: OpeningClass) {
    super(socket, reader, session, front);
    this.#next = next;
  }

  override expire(): void {
    this.abandoned('no whole PROXY header in time');
    this.destroy();
  }

  protected override judge(chunk: Buffer): void {
    const result = this.#parser.receive(chunk);
    switch (result.kind) {
      case 'need-more':
        return;
      case 'header':
        this.#proceed(result.header, chunk.subarray(result.consumed));
        return;
      case 'malformed':
        // No answer: the sender speaks a protocol that has none, and the client behind it has not spoken yet.
        this.refuse(exchangeError(this.failure, `${result.fault.rule}: ${result.fault.detail}`), '');
    }
  }

  #proceed({ endpoints }: ProxyHeader, rest: Buffer): void {
    const { socket, reader, session, front } = this;
    if (endpoints !== undefined) session.relays(endpoints.source, endpoints.destination);
    this.isAccepted = true;
    if (front.handler.accepted(session).kind === 'close') {
      this.destroy();
      return;
    }
    this.release();
    const opening = new this.#next(socket, reader, session, front);
    if (rest.length > 0) opening.received(rest, rest.length);
  }
}
