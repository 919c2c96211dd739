import { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { isIdempotent } from '../../protocols/http/method.ts';
import { UNSHARED } from '../../protocols/http/output.ts';
import type { ClusterSettings } from '../core/settings.ts';
import type { UpstreamStream } from '../core/upstream.ts';

/**
 * What of a request's body was sent so far, kept while it is small: so that a request which its instance has certainly not looked at,
 * a call of gRPC for one, can be sent again although its body had begun. A larger one passes through once, as it comes.
 */
export class BodyCopy {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #isWhole = true;
  /** Set when the end was sent too. */
  #trailers: HeaderList | undefined = undefined;

  /** Everything that was sent is here. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The end of the body is here too. */
  get hasEnded(): boolean {
    return this.#trailers !== undefined;
  }

  /** A piece that is sent. */
  keep(bytes: Buffer, start: number, end: number): void {
    if (!this.#isWhole) return;
    if (this.#bytes + end - start > MAX_COPIED_BYTES) this.forget();
    else this.hold(bytes, start, end);
  }

  /** A piece that cannot be sent now, whatever its size: there is no connection, and its source is held back behind it. */
  hold(bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  end(trailers: HeaderList): void {
    this.#trailers = trailers;
  }

  /** The request will not be sent again. */
  forget(): void {
    this.#isWhole = false;
    this.#pieces = [];
  }

  /** Sends all of it. True: more may follow at once. */
  sendTo(stream: UpstreamStream): boolean {
    let mayGoOn = true;
    for (const piece of this.#pieces) mayGoOn = stream.sendData(piece, 0, piece.length, UNSHARED);
    if (this.#trailers !== undefined) stream.sendEnd(this.#trailers);
    if (this.#bytes > MAX_COPIED_BYTES) this.forget();
    return mayGoOn && this.#trailers === undefined;
  }
}

/** Whether a request to a cluster may have to be sent again when its body has begun. */
export function isCopyNeeded({ protocol, retry }: ClusterSettings, method: string): boolean {
  // Instances that speak HTTP/2 say what they have not looked at.
  if (protocol === 'h2' || protocol === 'h2c') return true;
  // Without a connection nothing of it was sent.
  const isAfterSending = retry.on.some((reason) => reason !== 'connect-failure');
  return isAfterSending && (retry.unsafe || isIdempotent(method));
}

/** Holds the message of most calls; for as long as there is no answer, of each request with a body. */
const MAX_COPIED_BYTES = 16_384;
