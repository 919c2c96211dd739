import { Buffer } from 'node:buffer';
import type { HeaderList } from '../http/header-list.ts';
import type { BytesOwner } from '../http/output.ts';
import { DEFAULT_WINDOW, SendWindow } from './flow-window.ts';
import { writeData } from './frame/data.ts';
import { FLAG, FLAGS_OFFSET } from './frame/frame-header.ts';
import { writeHeaders } from './frame/headers.ts';
import type { FrameOutput } from './frame-output.ts';
import {
  MAX_FRAME_BYTES,
  MAX_OUTPUT_BYTES,
  MAX_QUEUED_BYTES,
  MIN_USEFUL_BYTES,
  READ_BYTES,
} from './limits.ts';
import type { Priority } from './priority.ts';
import { Scheduler } from './scheduler.ts';
import { SendQueue } from './send-queue.ts';
import type { Http2Stream } from './stream.ts';

/** Who owns the streams: told when what was asked for has been done. */
export interface SenderEvents {
  /** The trailers of a stream as a header block, in `buffer[0, length)`. */
  encodeTrailers(trailers: HeaderList): { readonly buffer: Buffer; readonly length: number };
  /** A frame with data went out, not cut to a crumb by a window: useful work. */
  dataSent(): void;
  /** END_STREAM of ours is on its way. */
  localEnd(stream: Http2Stream): void;
}

/**
 * What goes out on the streams of one connection: data as the windows of both levels, the size of a frame and the room in this
 * process allow; what they do not allow waits, and is bounded by holding its source back.
 */
export class Sender {
  /** Of the connection. */
  readonly window: SendWindow = new SendWindow(DEFAULT_WINDOW);
  readonly #output: FrameOutput;
  readonly #events: SenderEvents;
  readonly #scheduler = new Scheduler();
  /** Data that went out, bytes. */
  sentBytes = 0;
  /** On all streams together. */
  #queuedBytes = 0;
  /** Streams whose source was told to go on and has not brought anything since. */
  #promises = 0;
  /** Streams whose source waits to be told; some may be closed by now. */
  readonly #waiting: Http2Stream[] = [];
  #isGranting = false;

  constructor(output: FrameOutput, events: SenderEvents) {
    this.#output = output;
    this.#events = events;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Whether sources wait to be told that they may go on. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Sends a header block; `endStream`: nothing follows. */
  sendHeaders(stream: Http2Stream, block: Buffer, length: number, endStream: boolean): void {
    const at = writeHeaders(this.#output, stream.id, block, length, MAX_FRAME_BYTES, endStream);
    // In several frames the one with the flag may be in another piece of the output.
    this.#remember(stream, length <= MAX_FRAME_BYTES ? at : -1);
    if (endStream) this.#events.localEnd(stream);
  }

  /** Sends, or keeps, bytes[start, end). False: the source is to hold back until `writable`. */
  sendData(
    stream: Http2Stream,
    bytes: Buffer,
    start: number,
    end: number,
    owner: BytesOwner | undefined,
  ): boolean {
    this.#keepPromise(stream);
    let from = start;
    if (stream.queuedBytes === 0 && this.#scheduler.isEmpty) {
      while (from < end) {
        const sent = this.#sendFrame(stream, bytes, from, end);
        if (sent === 0) break;
        from += sent;
      }
    }
    if (from < end) {
      stream.queue ??= new SendQueue();
      stream.queue.push(bytes, from, end, owner);
      this.#queuedBytes += end - from;
      if (stream.sendWindow.available > 0) this.#scheduler.add(stream);
    } else if (this.#hasRoomForRead(stream)) return true;
    if (!stream.wantsMore) {
      stream.wantsMore = true;
      this.#waiting.push(stream);
    }
    return false;
  }

  /** Nothing follows on the stream but trailers. */
  sendEnd(stream: Http2Stream, trailers: HeaderList): void {
    this.#keepPromise(stream);
    stream.wantsMore = false;
    if (stream.queuedBytes > 0) {
      stream.isEnding = true;
      stream.trailers = trailers;
    } else this.#finish(stream, trailers);
  }

  /** Windows have grown or room has come: sends what waits, in the order of the scheduler. */
  pump(): void {
    for (;;) {
      const stream = this.#scheduler.next;
      if (stream === undefined) return;
      const { bytes, start, end } = stream.queue!.first;
      const sent = this.#sendFrame(stream, bytes, start, end);
      if (sent === 0) {
        if (stream.sendWindow.available > 0) return;
        this.#scheduler.remove(stream);
        continue;
      }
      stream.queue!.shift(sent);
      this.#queuedBytes -= sent;
      if (stream.queuedBytes > 0) this.#scheduler.yield(stream);
      else {
        this.#scheduler.remove(stream);
        if (stream.isEnding) this.#finish(stream, stream.trailers);
      }
    }
  }

  /** The stream's window has grown. */
  unblock(stream: Http2Stream): void {
    if (stream.queuedBytes > 0 && stream.sendWindow.available > 0) this.#scheduler.add(stream);
  }

  /** The stream's place among the others has changed. */
  prioritize(stream: Http2Stream, priority: Priority): void {
    const { isScheduled } = stream;
    this.#scheduler.remove(stream);
    stream.priority = priority;
    if (isScheduled) this.#scheduler.add(stream);
  }

  /** The stream is closed: nothing of it is sent any more. */
  forget(stream: Http2Stream): void {
    this.#keepPromise(stream);
    this.#scheduler.remove(stream);
    stream.wantsMore = false;
    if (stream.queue === undefined) return;
    this.#queuedBytes -= stream.queue.bytes;
    stream.queue.clear();
  }

  /**
   * Lets sources go on that wait and have nothing waiting. The next read of one may bring READ_BYTES, none of which the windows need
   * to have room for; as many as the bound on what may wait allows are promised that much. The others, as soon as their windows are
   * open at all, may bring a small read: a promise may be kept for hours by a source that has nothing to bring.
   */
  grant(): void {
    // A sink that is told may have its driver settle; what that would look at is looked at here.
    if (this.#isGranting) return;
    this.#isGranting = true;
    let kept = 0;
    for (let i = 0; i < this.#waiting.length; i++) {
      const stream = this.#waiting[i]!;
      if (!stream.wantsMore) continue;
      const isAmple = this.#queuedBytes + (this.#promises + 1) * READ_BYTES <= MAX_QUEUED_BYTES;
      if (!this.#isTurnOf(stream, isAmple)) {
        this.#waiting[kept++] = stream;
        continue;
      }
      stream.wantsMore = false;
      stream.isPromised = isAmple;
      if (isAmple) this.#promises += 1;
      stream.sink.writable(isAmple);
    }
    // What a sink has added while it was told is behind all that was looked at, and was looked at too.
    this.#waiting.length = kept;
    this.#isGranting = false;
  }

  #isTurnOf(stream: Http2Stream, isAmple: boolean): boolean {
    if (stream.queuedBytes > 0 || this.#output.pendingBytes >= MAX_OUTPUT_BYTES) return false;
    return isAmple || Math.min(stream.sendWindow.available, this.window.available) > 0;
  }

  /** Sends at most one frame; gives the bytes sent, 0 when there is no window or no room. */
  #sendFrame(stream: Http2Stream, bytes: Buffer, start: number, end: number): number {
    const length = Math.min(end - start, MAX_FRAME_BYTES, stream.sendWindow.available, this.window.available);
    if (length <= 0 || this.#output.pendingBytes >= MAX_OUTPUT_BYTES) return 0;
    this.#remember(stream, writeData(this.#output, stream.id, bytes, start, start + length, false));
    stream.sendWindow.take(length);
    this.window.take(length);
    this.sentBytes += length;
    // Crumbs that the peer's windows make of a response are no work that pays for the updates (CVE-2019-9511).
    if (length === end - start || length >= MIN_USEFUL_BYTES) this.#events.dataSent();
    return length;
  }

  #finish(stream: Http2Stream, trailers: HeaderList): void {
    stream.isEnding = false;
    if (trailers.length > 0) {
      const { buffer, length } = this.#events.encodeTrailers(trailers);
      writeHeaders(this.#output, stream.id, buffer, length, MAX_FRAME_BYTES, true);
    } else if (stream.lastFrameAt >= 0 && stream.lastFrameEpoch === this.#output.epoch)
      this.#output.buffer[stream.lastFrameAt + FLAGS_OFFSET]! |= FLAG.END_STREAM;
    else writeData(this.#output, stream.id, NOTHING, 0, 0, true);
    this.#events.localEnd(stream);
  }

  #remember(stream: Http2Stream, at: number): void {
    stream.lastFrameAt = at;
    stream.lastFrameEpoch = this.#output.epoch;
  }

  #hasRoomForRead(stream: Http2Stream): boolean {
    return (
      Math.min(stream.sendWindow.available, this.window.available) >= READ_BYTES &&
      this.#output.pendingBytes < MAX_OUTPUT_BYTES
    );
  }

  #keepPromise(stream: Http2Stream): void {
    if (!stream.isPromised) return;
    stream.isPromised = false;
    this.#promises -= 1;
  }
}

const NOTHING = Buffer.alloc(0);
