import type { Buffer } from 'node:buffer';
import { type HeaderList, NO_HEADERS } from '../http/header-list.ts';
import type { BytesOwner } from '../http/output.ts';
import type { Http2Fault } from './errors.ts';
import { type ReceiveWindow, SendWindow } from './flow-window.ts';
import type { HeldBody } from './held-body.ts';
import { NO_PRIORITY, type Priority } from './priority.ts';
import type { SendQueue } from './send-queue.ts';
import { STREAM_STATE, type StreamState } from './stream-state.ts';

/** Who has a stream: told all that happens on it. Called from within `receive`, `settle` and `drained` of the engine. */
export interface StreamSink {
  /** The first of a body that nobody wants yet has come: who wants it in this call gets it without a copy. */
  bodyBegins(): void;
  /** A piece of the body. False: no more until `engine.resume(stream)`. */
  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): boolean;
  bodyEnd(trailers: HeaderList): void;
  /** After `sendData` said false. `isAmple`: a read of any size may follow; else a small one, for it will have to wait. */
  writable(isAmple: boolean): void;
  /**
   * The stream is over before its time: the peer reset it, or was at fault, or the connection is lost. No further call. `isOwn`: a fault
   * that costs the connection has come on this stream, which is told before the others.
   */
  reset(fault: Http2Fault, isOwn: boolean): void;
}

/** One stream of a connection, as long as it is open. Written by the engine only; what others may read says so. */
export class Http2Stream {
  /** For everyone to read. */
  readonly id: number;
  state: StreamState = STREAM_STATE.OPEN;
  sink: StreamSink = NOBODY;

  // What we send.
  readonly sendWindow: SendWindow;
  /** Data that waits for a window, for room, or for its turn. */
  queue: SendQueue | undefined = undefined;
  priority: Priority = NO_PRIORITY;
  isScheduled = false;
  /** The end was asked for and waits behind the queue. */
  isEnding = false;
  trailers: HeaderList = NO_HEADERS;
  /** Where the last frame that could carry END_STREAM begins in the output, and in which of its epochs. */
  lastFrameAt = -1;
  lastFrameEpoch = -1;
  /** The sink waits for `writable`. */
  wantsMore = false;
  /** It was told so, and what it reads next has not come yet. */
  isPromised = false;

  // What we receive.
  /** Made with the first data. */
  receiveWindow: ReceiveWindow | undefined = undefined;
  /** Declared length that has not arrived yet; -1: none was declared. */
  owed = -1;
  /** The sink wants the body. */
  isReading = false;
  /** The sink asked for a pause. */
  isPaused = false;
  /** What came before it was wanted. */
  held: HeldBody | undefined = undefined;
  /** Received and not used up yet: held, or delivered to a sink that has paused. */
  unreleased = 0;
  /** What it carries is no body but a tunnel (RFC 8441): each direction ends for itself. */
  isTunnel = false;
  /** 100 (Continue) is due when the body is wanted. */
  continueDue = false;
  /** The final head came in place of 100 (Continue): the body need not come at all. */
  keepsBody = false;
  /** The response is complete, and what is missing of the request has had half its time. */
  isOverdue = false;

  constructor(id: number, sendWindow: number) {
    this.id = id;
    this.sendWindow = new SendWindow(sendWindow);
  }

  /** For everyone: nothing can be sent or received any more. */
  get isClosed(): boolean {
    return this.state === STREAM_STATE.CLOSED;
  }

  /** For everyone: the peer has ended its direction. */
  get remoteEnded(): boolean {
    return this.state === STREAM_STATE.HALF_CLOSED_REMOTE || this.state === STREAM_STATE.CLOSED;
  }

  /** For everyone: we have ended ours. */
  get localEnded(): boolean {
    return this.state === STREAM_STATE.HALF_CLOSED_LOCAL || this.state === STREAM_STATE.CLOSED;
  }

  /** For everyone: bytes that wait for the peer. */
  get queuedBytes(): number {
    return this.queue?.bytes ?? 0;
  }
}

const NOBODY: StreamSink = Object.freeze({
  bodyBegins() {},
  bodyData: () => true,
  bodyEnd() {},
  writable() {},
  reset() {},
});
