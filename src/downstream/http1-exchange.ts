import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { ExchangeSink } from '../core/body.ts';
import type { ExchangeError } from '../core/errors.ts';
import { Exchange } from '../core/exchange.ts';
import type { Session } from '../core/session.ts';
import type { Http1Session } from './http1-session.ts';

/** An exchange on an HTTP/1 connection: everything goes to its driver, as long as it is the driver's current one. */
export class Http1Exchange extends Exchange {
  sink: ExchangeSink | undefined = undefined;
  readonly #driver: Http1Session;

  constructor(driver: Http1Session, session: Session, head: RequestHead, id: string, receivedAt: number) {
    super(session, head, id, receivedAt);
    this.#driver = driver;
  }

  attach(sink: ExchangeSink): void {
    if (this.heldBody === undefined) this.sink = sink;
    else this.heldBody.attach(sink);
  }

  receiveBody(): void {
    if (this.heldBody === undefined) this.#driver.receiveBody(this);
    else if (this.heldBody.release()) this.resumeBody();
  }

  resumeBody(): void {
    this.#driver.resumeBody(this);
  }

  inform(head: ResponseHead): void {
    this.#driver.inform(this, head);
  }

  respond(head: ResponseHead): void {
    this.status = head.status;
    this.#driver.respond(this, head);
  }

  upgrade(head: ResponseHead): void {
    this.status = head.status;
    this.#driver.upgrade(this, head);
  }

  write(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean {
    this.bytesOut += end - start;
    return this.#driver.write(this, bytes, start, end, owner);
  }

  end(trailers: HeaderList): void {
    this.#driver.end(this, trailers);
  }

  cut(error: ExchangeError): void {
    this.#driver.cut(this, error);
  }

  closeAfter(): void {
    this.#driver.closeAfter(this);
  }

  flush(): void {
    this.#driver.flush();
  }
}
