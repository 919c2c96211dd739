import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import { ResponseMemory } from '../../protocols/http1/response-memory.ts';
import type { AddressSettings, UpstreamTimeouts } from '../core/settings.ts';
import { ForwardRequest, type UpstreamSink, type UpstreamStream } from '../core/upstream.ts';
import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';
import type { ConnectionOwner, Connector, Opening, PooledConnection } from './connector.ts';

/** What a probe needs of whoever sends it. */
export interface ProbeOwner {
  readonly address: AddressSettings;
  readonly deadlines: Deadlines;
  readonly internalError: (error: unknown) => void;
}

/**
 * One question to an instance and its answer: with a path a GET, to which 200 to 399 is well, without one a connect. It uses a
 * connection of its own, so that it sees what a new request would.
 */
export class Probe implements ConnectionOwner, UpstreamSink, Expiring {
  readonly address: AddressSettings;
  readonly deadlines: Deadlines;
  readonly responses: ResponseMemory = new ResponseMemory();
  readonly internalError: (error: unknown) => void;
  readonly #request: ForwardRequest | undefined;
  readonly #timeouts: UpstreamTimeouts;
  readonly #deadline: Deadline;
  readonly #onResult: (ok: boolean) => void;
  readonly #opening: Opening;
  #connection: PooledConnection | undefined = undefined;
  #stream: UpstreamStream | undefined = undefined;
  #over = false;

  constructor(
    owner: ProbeOwner,
    connector: Connector,
    path: string | undefined,
    limitMs: number,
    onResult: (ok: boolean) => void,
  ) {
    this.address = owner.address;
    this.deadlines = owner.deadlines;
    this.internalError = owner.internalError;
    this.#onResult = onResult;
    this.#request =
      path === undefined ? undefined : probeRequest(path, this.address.text, connector.onlyRequestFields);
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
    if (this.#request === undefined) {
      this.#finish(true);
      return;
    }
    this.#stream = connection.send(this.#request, '', this.#timeouts, this);
    this.#stream.flush();
  }

  connectFailed(): void {
    this.#finish(false);
  }

  free(): void {}

  closed(): void {
    this.#finish(false);
  }

  interim(): void {}

  /** The status says it all; the body is not waited for. */
  response(head: ResponseHead): void {
    this.#finish(head.status < 400);
  }

  responseData(): boolean {
    return true;
  }

  responseEnd(): void {}

  upstreamWritable(): void {}

  upstreamFailed(): void {
    this.#finish(false);
  }

  responseBatchEnd(): void {}

  #finish(ok: boolean): void {
    if (this.#over) return;
    this.cancel();
    this.#onResult(ok);
  }
}

function probeRequest(path: string, authority: string, fields: HeaderList): ForwardRequest {
  const headers = ['user-agent', 'portico-health', ...fields];
  return new ForwardRequest('GET', path, authority, headers, 0, '', undefined, false);
}
