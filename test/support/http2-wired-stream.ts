import type { Buffer } from 'node:buffer';
import type { Endpoint } from '../../protocols/http2/endpoint.ts';
import type { Http2Stream } from '../../protocols/http2/stream.ts';
import { RecordingSink } from './http2-recording-sink.ts';

/** A stream of an engine, with what was told of it and the ways to use it. */
export abstract class WiredStream extends RecordingSink {
  abstract readonly stream: Http2Stream;
  protected abstract readonly engine: Pick<
    Endpoint,
    'readBody' | 'resume' | 'sendData' | 'sendEnd' | 'reset'
  >;

  read(): this {
    this.engine.readBody(this.stream);
    return this;
  }

  resume(): this {
    this.takes = true;
    this.engine.resume(this.stream);
    return this;
  }

  send(body: Buffer): boolean {
    return this.engine.sendData(this.stream, body, 0, body.length, undefined);
  }

  end(trailers: readonly string[] = []): this {
    this.engine.sendEnd(this.stream, trailers);
    return this;
  }

  giveUp(code: number): this {
    this.isGivenUp = true;
    this.engine.reset(this.stream, code);
    return this;
  }
}
