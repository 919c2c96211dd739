import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { ProxyHeader } from '../../protocols/proxy-protocol/header.ts';
import { ProxyHeaderParser } from '../../protocols/proxy-protocol/parser.ts';
import { type ErrorName, exchangeError } from '../core/errors.ts';
import type { Session } from '../core/session.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import type { Front } from './front.ts';
import { Opening } from './opening.ts';

/**
 * A connection from a load balancer that must begin with a PROXY header. Whom it is for decides about everything behind it, so
 * modules are told of the session only when that is known.
 */
export class ProxyHeaderOpening extends Opening {
  protected override readonly failure: ErrorName = 'proxy-protocol-error';
  protected override readonly isAccepted: boolean = false;
  readonly #parser = new ProxyHeaderParser();
  readonly #next: (bytes: Buffer) => void;

  /** `next` takes the connection over, with what came behind the header (valid during the call). */
  constructor(
    socket: Socket,
    reader: SocketReader,
    session: Session,
    front: Front,
    next: (bytes: Buffer) => void,
  ) {
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
    if (endpoints !== undefined) this.session.relays(endpoints.source, endpoints.destination);
    this.release();
    this.#next(rest);
  }
}
