import { Buffer } from 'node:buffer';
import { printFrame } from './http2-describe-frame.ts';
import { Http2FrameReader } from './http2-frame-reader.ts';
import { type Field, HpackDecoder } from './http2-hpack-decoder.ts';
import { FLAGS, FRAME_TYPES } from './http2-names.ts';
import type { WireFrame } from './http2-wire.ts';

/** A frame that came, with the fields of the block that it completes. */
export interface ReceivedFrame extends WireFrame {
  readonly fields: readonly Field[] | undefined;
}

/** Everything that one side of a connection has sent, frame by frame, with field blocks decoded. */
export class Http2FrameLog {
  readonly frames: ReceivedFrame[] = [];
  /** Set it to false to decode what comes without keeping it. */
  keeps = true;
  readonly #reader: Http2FrameReader = new Http2FrameReader();
  readonly #decoder: HpackDecoder;
  /** Fragments of a block that is not complete. */
  #fragments: Buffer[] = [];

  /** `tableSize` is the HEADER_TABLE_SIZE that the reader of this log has announced. */
  constructor(tableSize = 4096) {
    this.#decoder = new HpackDecoder(tableSize);
  }

  /** Takes octets in, and returns the frames that they completed. */
  receive(bytes: Buffer): readonly ReceivedFrame[] {
    const arrived = this.#reader.read(bytes).map((frame) => ({ ...frame, fields: this.#fieldsOf(frame) }));
    if (this.keeps) for (const frame of arrived) this.frames.push(frame);
    return arrived;
  }

  /** All of it in the notation of transcripts, for messages of failures. */
  toString(): string {
    return this.frames.map(printReceived).join('\n');
  }

  #fieldsOf({ type, flags, payload }: WireFrame): readonly Field[] | undefined {
    if (type !== FRAME_TYPES.HEADERS && type !== FRAME_TYPES.CONTINUATION) return undefined;
    let start = 0;
    let end = payload.length;
    if (type === FRAME_TYPES.HEADERS) {
      if (flags & FLAGS.PADDED) {
        start = 1;
        end -= payload[0] ?? 0;
      }
      if (flags & FLAGS.PRIORITY) start += 5;
    }
    this.#fragments.push(payload.subarray(start, end));
    if (!(flags & FLAGS.END_HEADERS)) return undefined;
    return this.#decoder.decode(Buffer.concat(this.#fragments.splice(0)));
  }
}

/** The notation of a frame, its fields in words where they are known. */
export function printReceived(frame: ReceivedFrame): string {
  if (frame.fields === undefined) return printFrame(frame);
  const head = printFrame({
    ...frame,
    flags: frame.flags & ~(FLAGS.PADDED | FLAGS.PRIORITY),
    payload: Buffer.alloc(0),
  });
  return [head, ...frame.fields.map(([name, value]) => `  ${name}: ${value}`)].join('\n');
}
