import { Buffer } from 'node:buffer';
import type { ReceivedFrame } from './http2-frame-log.ts';
import { ERROR_CODES, type ErrorName, FLAGS, FRAME_TYPES, nameOf } from './http2-names.ts';

/** What came on one stream, put together as it comes. Text is latin-1: one char per octet. */
export class Http2Exchange {
  readonly streamId: number;
  /** Of 1xx responses. */
  readonly interim: number[] = [];
  /** 0 until the final response begins. */
  status = 0;
  /** By lower-case name; repeated fields are joined by ", ". */
  headers: ReadonlyMap<string, string> = new Map();
  trailers: ReadonlyMap<string, string> | undefined = undefined;
  /** Octets of content, without padding. */
  bodyBytes = 0;
  /** Set it to false to count content without keeping it. */
  keeps = true;
  /** END_STREAM came. */
  isWhole = false;
  /** The code of RST_STREAM: its name, or its number in hexadecimal. */
  reset: ErrorName | (string & {}) | undefined = undefined;
  readonly #pieces: Buffer[] = [];

  constructor(streamId: number) {
    this.streamId = streamId;
  }

  get body(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  /** Nothing more can come. */
  get isOver(): boolean {
    return this.isWhole || this.reset !== undefined;
  }

  receive(frame: ReceivedFrame): void {
    const { type, flags, payload, fields } = frame;
    if (fields !== undefined) this.#receiveFields(fields);
    if (type === FRAME_TYPES.DATA) this.#receiveData(flags & FLAGS.PADDED ? unpadded(payload) : payload);
    else if (type === FRAME_TYPES.RST_STREAM) this.reset = nameOf(ERROR_CODES, payload.readUInt32BE(0));
    if ((type === FRAME_TYPES.DATA || type === FRAME_TYPES.HEADERS) && flags & FLAGS.END_STREAM)
      this.isWhole = true;
  }

  #receiveFields(fields: readonly (readonly [string, string])[]): void {
    const joined = new Map<string, string>();
    for (const [name, value] of fields) {
      const before = joined.get(name);
      joined.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    const status = Number(joined.get(':status') ?? 0);
    if (status >= 100 && status < 200) this.interim.push(status);
    else if (this.status === 0) {
      this.status = status;
      this.headers = joined;
    } else this.trailers = joined;
  }

  #receiveData(content: Buffer): void {
    this.bodyBytes += content.length;
    if (this.keeps) this.#pieces.push(content);
  }
}

function unpadded(payload: Buffer): Buffer {
  return payload.subarray(1, payload.length - (payload[0] ?? 0));
}
