import type { ServerEngine } from '../../protocols/http2/server-engine.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Front } from './front.ts';
import type { Http2Exchange } from './http2-exchange.ts';

/**
 * How long each exchange of an HTTP/2 connection waits for its client: to send more of the request, to open a window for more of the
 * response. One client may well be slow on one stream and not on another, so none of this ends the connection.
 */
export class Http2Waits {
  readonly #engine: ServerEngine;
  readonly #front: Front;
  readonly #arm: (ms: number) => number;

  /** `arm` gives the time `ms` from now, and has the connection look again by then. */
  constructor(engine: ServerEngine, front: Front, arm: (ms: number) => number) {
    this.#engine = engine;
    this.#front = front;
    this.#arm = arm;
  }

  /** The client is to send more of the body. */
  awaitBody(exchange: Http2Exchange): void {
    // What a tunnel carries comes when it comes, and so do the messages of a call; their cluster's `idle` watches them, once there is
    // an answer. Before that it is for us to see that a call ends whose client has vanished.
    const { isCall, isTunnel, hasResponded, clusterIdleMs } = exchange;
    if (exchange.stream.remoteEnded || isTunnel || (isCall && hasResponded)) return;
    const ms = exchange.clientTimeouts.clientBodyMs ?? this.#front.timeouts.clientBodyMs;
    exchange.bodyDueAt = this.#arm(isCall ? Math.max(ms, clusterIdleMs) : ms);
  }

  /** The client is to take more of the response. */
  awaitWindow(exchange: Http2Exchange): void {
    if (exchange.stream.queuedBytes === 0 || exchange.writeDueAt !== Number.POSITIVE_INFINITY) return;
    const ms = exchange.clientTimeouts.clientWriteMs ?? this.#front.timeouts.clientWriteMs;
    exchange.queuedBefore = exchange.stream.queuedBytes;
    exchange.sentBefore = this.#engine.sentBytes;
    exchange.writeDueAt = this.#arm(ms);
  }

  /** What an exchange has waited for in vain; undefined: it goes on. */
  judge(exchange: Http2Exchange, now: number): ExchangeError | undefined {
    if (exchange.bodyDueAt <= now) {
      if (this.#engine.receiveWindow > 0)
        return exchangeError('request-timeout', 'the request body came too slowly');
      // Its neighbours have used up what the client may send, and were not read yet.
      this.awaitBody(exchange);
    } else if (exchange.writeDueAt <= now) {
      exchange.writeDueAt = Number.POSITIVE_INFINITY;
      if (this.#isStalled(exchange))
        return exchangeError('client-too-slow', 'the client does not take the response');
      this.awaitWindow(exchange);
    }
    return undefined;
  }

  /** Only the client's windows hold it up: what waits for the socket or for its neighbours is not its fault. */
  #isStalled({ stream, queuedBefore, sentBefore }: Http2Exchange): boolean {
    if (stream.queuedBytes < queuedBefore) return false;
    const { sendWindow, sentBytes } = this.#engine;
    return stream.sendWindow.available <= 0 || (sendWindow <= 0 && sentBytes === sentBefore);
  }
}
