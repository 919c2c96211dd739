import type { UpstreamTimeouts } from '../core/settings.ts';
import type { UpstreamSink, UpstreamStream } from '../core/upstream.ts';
import type { PipelinedConnection } from './pipelined-connection.ts';

/** One request of several on a connection. It has no body, and goes out with the others at the end of the turn. */
export class PipelinedStream implements UpstreamStream {
  readonly timeouts: UpstreamTimeouts;
  /** Undefined: nobody wants the answer any more. */
  sink: UpstreamSink | undefined;
  readonly #connection: PipelinedConnection;

  constructor(connection: PipelinedConnection, timeouts: UpstreamTimeouts, sink: UpstreamSink) {
    this.#connection = connection;
    this.timeouts = timeouts;
    this.sink = sink;
  }

  sendData(): boolean {
    throw new Error('a body on a shared connection');
  }

  sendEnd(): void {}

  flush(): void {}

  resume(): void {
    this.#connection.resume(this);
  }

  abort(): void {
    this.sink = undefined;
    this.#connection.abandoned(this);
  }
}
