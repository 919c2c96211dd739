import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import { UNSHARED } from '../../protocols/http/output.ts';
import { ResponseMemory } from '../../protocols/http1/response-memory.ts';
import type { AddressSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { UpstreamSink, UpstreamStream } from '../core/upstream.ts';
import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';
import type { ConnectionOwner, Connector, Opening, PooledConnection } from './connector.ts';
import type { ProbeOwner } from './probe-owner.ts';
import type { ProbeQuestion } from './probe-question.ts';

/**
 * One question to an instance and its answer; without a question, the connection is the answer. It uses a connection of its own,
 * so that it sees what a new request would.
 */
export class RequestProbe implements ConnectionOwner, UpstreamSink, Expiring {
  readonly address: AddressSettings;
  readonly deadlines: Deadlines;
  readonly responses: ResponseMemory = new ResponseMemory();
  readonly internalError: (error: unknown) => void;
  readonly #question: ProbeQuestion | undefined;
  readonly #timeouts: UpstreamTimeouts;
  readonly #deadline: Deadline;
  readonly #onResult: (ok: boolean) => void;
  readonly #opening: Opening;
  #connection: PooledConnection | undefined = undefined;
  #stream: UpstreamStream | undefined = undefined;
  #over = false;

  constructor(owner: ProbeOwner, connector: Connector, question: ProbeQuestion | undefined) {
    const { limitMs } = owner;
    this.address = owner.address;
    this.deadlines = owner.deadlines;
    this.internalError = owner.internalError;
    this.#onResult = owner.onResult;
    this.#question = question;
    this.#timeouts = { connectMs: limitMs, responseHeaderMs: limitMs, idleMs: limitMs };
    this.#deadline = new Deadline(this.deadlines, this);
    this.#deadline.set(this.deadlines.after(limitMs));
    this.#opening = connector.open(this, this.#timeouts);
  }

  /** Nobody wants to know any more. */
  cancel(): void {
    this.#over = true;
    this.#deadline.cancel();
    this.#stream?.abort();
    this.#opening.cancel();
    this.#connection?.retire();
  }

  expire(): void {
    this.#finish(false);
  }

  connected(connection: PooledConnection): void {
    this.#connection = connection;
    if (this.#question === undefined) {
      this.#finish(true);
      return;
    }
    const { request, body } = this.#question;
    const stream = connection.send(request, '', this.#timeouts, this);
    this.#stream = stream;
    if (body !== undefined) {
      stream.sendData(body, 0, body.length, UNSHARED);
      stream.sendEnd([]);
    }
    stream.flush();
  }

  connectFailed(): void {
    this.#finish(false);
  }

  free(): void {}

  closed(): void {
    this.#finish(false);
  }

  interim(): void {}

  response(head: ResponseHead): void {
    const isWell = this.#question!.head(head);
    if (isWell !== undefined) this.#finish(isWell);
  }

  responseData(bytes: Buffer, start: number, end: number): boolean {
    if (!this.#question!.data(bytes, start, end)) this.#finish(false);
    return true;
  }

  responseEnd(trailers: HeaderList): void {
    this.#stream = undefined;
    this.#finish(this.#question!.end(trailers));
  }

  upstreamWritable(): void {}

  upstreamFailed(): void {
    this.#stream = undefined;
    this.#finish(false);
  }

  responseBatchEnd(): void {}

  #finish(ok: boolean): void {
    if (this.#over) return;
    this.cancel();
    this.#onResult(ok);
  }
}
