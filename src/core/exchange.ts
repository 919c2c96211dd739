import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { RequestHead, ResponseHead } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { ExchangeSink } from './body.ts';
import type { ExchangeError } from './errors.ts';
import type { HeldBody } from './held-body.ts';
import type { RequestFacts } from './request-facts.ts';
import type { Session } from './session.ts';
import type { ClusterSettings } from './settings.ts';

/**
 * One request with its response, whatever protocol carries it: the one currency between the protocol drivers below and
 * everything above. A driver subclasses it with the methods that move bytes; the pipeline fills in the facts.
 *
 *   attach(sink) ─► bodyData* bodyEnd            the request's body, pushed (receiveBody starts it)
 *   inform* ─► respond ─► write* ─► end          the response, in this order; flush() after each batch
 *            └► upgrade ─► write* ─► end         101: both directions are raw bytes from here on
 *   cut(error)                                   at any time: never completes falsely
 */
export abstract class Exchange {
  readonly session: Session;
  readonly head: RequestHead;
  /** Goes to the backend, into local answers and the log as x-request-id. */
  id: string;
  /** Clock.now() when the head was complete. */
  readonly receivedAt: number;

  /** What will be forwarded; modules replace (never mutate) these before `forward`. */
  requestHeaders: HeaderList;
  path: string;
  /** Final response head as it will be sent; modules may replace it at `readResponse`. */
  response: ResponseHead | undefined = undefined;

  /** A body that was read before it was known where it goes: drivers ask it first. */
  heldBody: HeldBody | undefined = undefined;

  /** What the pure functions of modules see; undefined before the tenant was looked for. */
  facts: RequestFacts | undefined = undefined;
  tenant: TenantFacts | undefined = undefined;
  /** Text of the route that matched, for logs; '' before. */
  route = '';
  cluster: ClusterFacts | undefined = undefined;
  /** What the cluster has in place of the server's timeouts. */
  clientTimeouts: ClusterSettings['clientTimeouts'] = NO_TIMEOUTS;
  /** How long its cluster lets nothing happen, in milliseconds; 0: it has none. */
  clusterIdleMs = 0;
  instance: InstanceFacts | undefined = undefined;
  /** Backends tried, the first included. */
  attempts = 0;
  /** Status sent to the client; 0 while none was. */
  status = 0;
  /** Body bytes from and to the client. */
  bytesIn = 0;
  bytesOut = 0;
  /** Milliseconds in which all instances were full, and it waited for one. */
  waitedMs = 0;
  /** Clock.now() at the ends of the phases; 0: not reached. */
  connectedAt = 0;
  /** Of a request with a body; one without is sent with its head. */
  requestSentAt = 0;
  respondedAt = 0;
  finishedAt = 0;
  /** Place of the module of the configuration that has answered; '' for any other answer. */
  answeredBy = '';
  /** The first thing that went wrong. */
  error: ExchangeError | undefined = undefined;

  #ended: AbortController | undefined = undefined;

  constructor(session: Session, head: RequestHead, id: string, receivedAt: number) {
    this.session = session;
    this.head = head;
    this.id = id;
    this.receivedAt = receivedAt;
    this.requestHeaders = head.headers;
    this.path = head.path;
  }

  /** Aborted when the exchange is over, however it ends: whatever was begun for it is in vain. Made when it is asked for. */
  get signal(): AbortSignal {
    if (this.#ended === undefined) {
      this.#ended = new AbortController();
      if (this.finishedAt !== 0) this.#ended.abort();
    }
    return this.#ended.signal;
  }

  /** After `finishedAt` is set. */
  over(): void {
    this.#ended?.abort();
  }

  /** Names the consumer; must be called before anything else. Once more, as long as the body was not asked for: another
   * takes it over; and again after `heldBody` was set. */
  abstract attach(sink: ExchangeSink): void;
  /** Lets the request body flow to the sink; asks the client for it with 100 (Continue) if it waits for that. */
  abstract receiveBody(): void;
  /** After a sink's `bodyData` said false. */
  abstract resumeBody(): void;
  /** Sends an interim response (100–199 but 101). */
  abstract inform(head: ResponseHead): void;
  /** Sends the final head. The body follows by write/end unless the head says that there is none. */
  abstract respond(head: ResponseHead): void;
  /** Sends 101 and turns the exchange into a tunnel. */
  abstract upgrade(head: ResponseHead): void;
  /** A piece of the response body. False: hold back until the sink's `writable()`. The bytes are accepted either way. */
  abstract write(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  /** Ends the response (in a tunnel: this direction). */
  abstract end(trailers: HeaderList): void;
  /** The response cannot be completed: close the connection, or reset the stream. Never another exchange's. */
  abstract cut(error: ExchangeError): void;
  /** The session takes no further exchange after this one (Connection: close, GOAWAY). Before `respond`. */
  abstract closeAfter(): void;
  /** What was written since may go out now; one write for all of it. */
  abstract flush(): void;
}

const NO_TIMEOUTS: ClusterSettings['clientTimeouts'] = Object.freeze({});

/** What logs and metrics may know of a tenant. */
export interface TenantFacts {
  readonly name: string;
}

/** What logs and metrics may know of a cluster. */
export interface ClusterFacts {
  readonly name: string;
}

/** What logs and metrics may know of an instance. */
export interface InstanceFacts {
  readonly address: { readonly text: string };
  /** Absent or '' where the cluster has none. */
  readonly subCluster?: string;
}
