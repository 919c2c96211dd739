import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../http/header-list.ts';
import { type BytesOwner, UNSHARED } from '../http/output.ts';
import { ReceiveWindow } from './flow-window.ts';
import { HeldBody } from './held-body.ts';
import type { EndpointLimits } from './limits.ts';
import type { Http2Stream } from './stream.ts';

/**
 * What comes in on the streams of one connection: bodies are shown to whoever wants them and held until then. The peer is
 * granted anew what was used up, and only that: what a paused reader has not passed on stays counted.
 */
export class Receiver {
  readonly #limits: EndpointLimits;
  readonly #release: (stream: Http2Stream, bytes: number) => void;

  /** `release` is told what was used up, to grant it anew on both levels. */
  constructor(limits: EndpointLimits, release: (stream: Http2Stream, bytes: number) => void) {
    this.#limits = limits;
    this.#release = release;
  }

  windowOf(stream: Http2Stream): ReceiveWindow {
    const { streamWindowBytes } = this.#limits;
    stream.receiveWindow ??= new ReceiveWindow(streamWindowBytes, streamWindowBytes);
    return stream.receiveWindow;
  }

  /** Some of the body; not more than is owed. */
  take(stream: Http2Stream, bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    if (stream.owed >= 0) stream.owed -= end - start;
    stream.unreleased += end - start;
    if (!stream.isReading || stream.isPaused || stream.held !== undefined) {
      stream.continueDue = false;
      stream.held ??= new HeldBody();
      stream.held.push(bytes, start, end);
    } else if (stream.sink.bodyData(bytes, start, end, owner)) this.#used(stream);
    else stream.isPaused = true;
  }

  /** The body is complete. */
  end(stream: Http2Stream, trailers: HeaderList): void {
    if (stream.isReading && !stream.isPaused && stream.held === undefined) {
      stream.sink.bodyEnd(trailers);
      return;
    }
    stream.held ??= new HeldBody();
    stream.held.trailers = trailers;
  }

  read(stream: Http2Stream): void {
    stream.isReading = true;
    this.#showHeld(stream);
  }

  resume(stream: Http2Stream): void {
    stream.isPaused = false;
    this.#showHeld(stream);
  }

  /** The stream is closed. Gives the bytes that were never used up: they are the connection's. */
  forget(stream: Http2Stream): number {
    const { unreleased } = stream;
    stream.unreleased = 0;
    stream.held = undefined;
    return unreleased;
  }

  #showHeld(stream: Http2Stream): void {
    const { held } = stream;
    while (held !== undefined && !stream.isPaused) {
      const piece = held.shift();
      if (piece === undefined) break;
      stream.isPaused = !stream.sink.bodyData(piece, 0, piece.length, UNSHARED);
      // Given up by the one who was shown it.
      if (stream.held === undefined) return;
    }
    if (stream.isPaused) return;
    stream.held = undefined;
    this.#used(stream);
    if (held?.trailers !== undefined) stream.sink.bodyEnd(held.trailers);
  }

  #used(stream: Http2Stream): void {
    const { unreleased } = stream;
    if (unreleased === 0) return;
    stream.unreleased = 0;
    this.#release(stream, unreleased);
  }
}
