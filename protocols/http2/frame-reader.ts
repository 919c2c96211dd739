import { Buffer } from 'node:buffer';
import type { BytesOwner } from '../http/output.ts';
import type { Http2Rule } from './errors.ts';
import { FLAG, FRAME_HEADER_BYTES, FRAME_TYPE, readUint31 } from './frame/frame-header.ts';
import { MAX_FRAME_BYTES } from './limits.ts';

/** What a frame reader reports, within `receive`. */
export interface FrameSink {
  /** Any frame but DATA; its payload is bytes[start, end). */
  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
  /** DATA begins; `length` is what flow control counts: `dataLength`, padding and the length of that. */
  dataBegin(flags: number, streamId: number, length: number, dataLength: number): void;
  /** Some of its data. */
  dataBytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void;
  dataEnd(flags: number, streamId: number): void;
  fault(rule: Http2Rule): void;
}

/**
 * Cuts a connection into frames (RFC 9113, section 4.1). DATA passes through as it comes; other frames are shown whole, in
 * place when one read brought all of it.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** Nothing is read any more. */
  #stopped = false;

  /** The beginning of a frame that is not DATA, header included; `#partialLength` bytes of it are there. */
  #partial: Buffer | undefined = undefined;
  readonly #header: Buffer = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES);
  #partialLength = 0;

  /** Of the DATA frame under way. */
  #inData = false;
  #dataFlags = 0;
  #dataStream = 0;
  #dataLeft = 0;
  #paddingLeft = 0;
  #paddingLengthDue = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  stop(): void {
    this.#stopped = true;
    this.#partial = undefined;
  }

  /** Takes bytes[start, end). */
  receive(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    let position = start;
    while (position < end && !this.#stopped) {
      if (this.#inData) position = this.#takeData(bytes, position, end, owner);
      else if (this.#partial !== undefined) position = this.#continue(bytes, position, end);
      else position = this.#begin(bytes, position, end);
    }
  }

  /** At the beginning of a frame. */
  #begin(bytes: Buffer, start: number, end: number): number {
    if (end - start < FRAME_HEADER_BYTES) {
      bytes.copy(this.#header, 0, start, end);
      this.#partial = this.#header;
      this.#partialLength = end - start;
      return end;
    }
    const length = this.#checkLength(bytes, start);
    if (length < 0) return end;
    const type = bytes[start + 3]!;
    const payload = start + FRAME_HEADER_BYTES;
    if (type === FRAME_TYPE.DATA) {
      this.#beginData(bytes, start, length);
      return payload;
    }
    if (end - payload < length) {
      this.#partial = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
      bytes.copy(this.#partial, 0, start, end);
      this.#partialLength = end - start;
      return end;
    }
    this.#sink.frame(type, bytes[start + 4]!, readUint31(bytes, start + 5), bytes, payload, payload + length);
    return payload + length;
  }

  /** Goes on with a frame that an earlier read began. */
  #continue(bytes: Buffer, start: number, end: number): number {
    const partial = this.#partial!;
    const taken = Math.min(end - start, partial.length - this.#partialLength);
    bytes.copy(partial, this.#partialLength, start, start + taken);
    this.#partialLength += taken;
    if (this.#partialLength < partial.length) return end;
    this.#partial = undefined;
    if (partial !== this.#header) {
      this.#whole(partial);
      return start + taken;
    }
    const length = this.#checkLength(partial, 0);
    if (length < 0) return end;
    if (partial[3] === FRAME_TYPE.DATA) this.#beginData(partial, 0, length);
    else if (length === 0) this.#whole(partial);
    else {
      this.#partial = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
      partial.copy(this.#partial, 0, 0, FRAME_HEADER_BYTES);
      this.#partialLength = FRAME_HEADER_BYTES;
    }
    return start + taken;
  }

  #whole(frame: Buffer): void {
    const streamId = readUint31(frame, 5);
    this.#sink.frame(frame[3]!, frame[4]!, streamId, frame, FRAME_HEADER_BYTES, frame.length);
  }

  #checkLength(bytes: Buffer, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length <= MAX_FRAME_BYTES) return length;
    this.#sink.fault('frame-too-large');
    return -1;
  }

  #beginData(bytes: Buffer, at: number, length: number): void {
    this.#inData = true;
    this.#dataFlags = bytes[at + 4]!;
    this.#dataStream = readUint31(bytes, at + 5);
    this.#dataLeft = length;
    this.#paddingLeft = 0;
    this.#paddingLengthDue = (this.#dataFlags & FLAG.PADDED) !== 0;
    if (!this.#paddingLengthDue) this.#sink.dataBegin(this.#dataFlags, this.#dataStream, length, length);
    else if (length === 0) this.#sink.fault('bad-frame-size');
    if (length === 0) this.#endData();
  }

  /** Only now is it known how much of the frame is data. */
  #takePaddingLength(padding: number): void {
    const length = this.#dataLeft;
    this.#paddingLengthDue = false;
    this.#dataLeft = length - 1 - padding;
    this.#paddingLeft = padding;
    if (this.#dataLeft < 0) this.#sink.fault('bad-padding');
    else this.#sink.dataBegin(this.#dataFlags, this.#dataStream, length, this.#dataLeft);
  }

  #takeData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): number {
    let position = start;
    if (this.#paddingLengthDue) {
      this.#takePaddingLength(bytes[position]!);
      if (this.#stopped) return end;
      position += 1;
    }
    const data = Math.min(end - position, this.#dataLeft);
    if (data > 0) {
      this.#dataLeft -= data;
      this.#sink.dataBytes(bytes, position, position + data, owner);
      position += data;
    }
    if (this.#dataLeft > 0) return position;
    const padding = Math.min(end - position, this.#paddingLeft);
    this.#paddingLeft -= padding;
    if (this.#paddingLeft === 0) this.#endData();
    return position + padding;
  }

  #endData(): void {
    this.#inData = false;
    if (!this.#stopped) this.#sink.dataEnd(this.#dataFlags, this.#dataStream);
  }
}
