import type { RequestHeadFields, ResponseHead } from '../../protocols/http/message.ts';
import type { ExchangeSink } from '../../src/core/body.ts';
import type { ExchangeError } from '../../src/core/errors.ts';
import { Exchange } from '../../src/core/exchange.ts';
import { requestHead, session } from './finished-exchange.ts';

/** An exchange without a connection, that keeps what it is told. */
export class RecordedExchange extends Exchange {
  sink: ExchangeSink | undefined = undefined;
  /** The client was asked for its body. */
  bodyWanted = false;
  body = '';
  isEnded = false;
  cutBy: ExchangeError | undefined = undefined;

  constructor(head: Partial<RequestHeadFields> = {}) {
    super(session(), requestHead(head), 'id', 1000);
  }

  attach(sink: ExchangeSink): void {
    this.sink = sink;
  }

  receiveBody(): void {
    this.bodyWanted = true;
  }

  resumeBody(): void {}

  inform(): void {}

  respond(head: ResponseHead): void {
    this.status = head.status;
  }

  upgrade(head: ResponseHead): void {
    this.status = head.status;
  }

  write(bytes: Buffer, start: number, end: number): boolean {
    this.body += bytes.toString('latin1', start, end);
    return true;
  }

  end(): void {
    this.isEnded = true;
  }

  cut(error: ExchangeError): void {
    this.cutBy = error;
  }

  closeAfter(): void {}

  flush(): void {}
}
