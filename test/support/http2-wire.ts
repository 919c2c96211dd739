import { Buffer } from 'node:buffer';
import {
  ERROR_CODES,
  type ErrorName,
  FLAGS,
  FRAME_TYPES,
  SETTINGS,
  type SettingName,
} from './http2-names.ts';

/**
 * HTTP/2 frames for tests, good or bad: nothing here looks whether a frame is legal, and nothing is shared with the codec of
 * Portico, which it judges.
 */
export interface WireFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** How to lie in a frame header. */
export interface FrameLies {
  /** Says this length, whatever the payload's is. */
  readonly length?: number;
  /** Sets the reserved bit in front of the stream identifier. */
  readonly reserved?: boolean;
  /** Flags besides those that follow from the arguments. */
  readonly flags?: number;
}

/** What a client sends first (RFC 9113, section 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const FRAME_HEADER_BYTES = 9;

export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer = NOTHING,
  lies: FrameLies = {},
): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(lies.length ?? payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags | (lies.flags ?? 0), 4);
  bytes.writeUInt32BE((streamId | (lies.reserved === true ? 0x80000000 : 0)) >>> 0, 5);
  payload.copy(bytes, FRAME_HEADER_BYTES);
  return bytes;
}

export interface DataOptions extends FrameLies {
  readonly endStream?: boolean;
  /** Octets of padding; the pad length field comes with it. */
  readonly pad?: number;
}

export function data(streamId: number, content: Buffer | string, options: DataOptions = {}): Buffer {
  const flags = endStreamFlag(options) | padFlag(options);
  return frame(FRAME_TYPES.DATA, flags, streamId, padded(octetsOf(content), options), options);
}

/** RFC 9113, section 5.3.2: deprecated, and still to be parsed. */
export interface PriorityFields {
  readonly dependency: number;
  readonly exclusive?: boolean;
  /** 1 to 256. */
  readonly weight?: number;
}

export interface HeadersOptions extends DataOptions {
  /** Ends the field block; true unless told otherwise. */
  readonly endHeaders?: boolean;
  readonly priority?: PriorityFields | undefined;
}

export function headers(streamId: number, block: Buffer, options: HeadersOptions = {}): Buffer {
  const { priority } = options;
  const flags =
    endStreamFlag(options) |
    endHeadersFlag(options) |
    padFlag(options) |
    (priority === undefined ? 0 : FLAGS.PRIORITY);
  const content = priority === undefined ? block : Buffer.concat([priorityPayload(priority), block]);
  return frame(FRAME_TYPES.HEADERS, flags, streamId, padded(content, options), options);
}

export function continuation(
  streamId: number,
  block: Buffer,
  options: Pick<HeadersOptions, 'endHeaders'> & FrameLies = {},
): Buffer {
  return frame(FRAME_TYPES.CONTINUATION, endHeadersFlag(options), streamId, block, options);
}

export function priority(streamId: number, fields: PriorityFields, lies: FrameLies = {}): Buffer {
  return frame(FRAME_TYPES.PRIORITY, 0, streamId, priorityPayload(fields), lies);
}

export function rstStream(streamId: number, code: ErrorName | number, lies: FrameLies = {}): Buffer {
  return frame(FRAME_TYPES.RST_STREAM, 0, streamId, uint32(codeOf(code)), lies);
}

/** Settings in order, repeated ones too. */
export function settings(
  entries: readonly (readonly [SettingName | number, number])[] = [],
  lies: FrameLies & { readonly streamId?: number } = {},
): Buffer {
  const payload = Buffer.alloc(6 * entries.length);
  for (const [i, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(typeof id === 'number' ? id : SETTINGS[id], 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  }
  return frame(FRAME_TYPES.SETTINGS, 0, lies.streamId ?? 0, payload, lies);
}

export function settingsAck(): Buffer {
  return frame(FRAME_TYPES.SETTINGS, FLAGS.ACK, 0);
}

export function pushPromise(
  streamId: number,
  promisedId: number,
  block: Buffer,
  options: Omit<HeadersOptions, 'endStream' | 'priority'> = {},
): Buffer {
  const flags = endHeadersFlag(options) | padFlag(options);
  const content = Buffer.concat([uint32(promisedId), block]);
  return frame(FRAME_TYPES.PUSH_PROMISE, flags, streamId, padded(content, options), options);
}

/** `opaque` is of 8 octets, if it is to be legal. */
export function ping(opaque: Buffer | string, lies: FrameLies & { readonly ack?: boolean } = {}): Buffer {
  return frame(FRAME_TYPES.PING, lies.ack === true ? FLAGS.ACK : 0, 0, octetsOf(opaque), lies);
}

export function goaway(
  lastStreamId: number,
  code: ErrorName | number,
  debug: Buffer | string = NOTHING,
  lies: FrameLies = {},
): Buffer {
  const payload = Buffer.concat([uint32(lastStreamId), uint32(codeOf(code)), octetsOf(debug)]);
  return frame(FRAME_TYPES.GOAWAY, 0, 0, payload, lies);
}

export function windowUpdate(streamId: number, increment: number, lies: FrameLies = {}): Buffer {
  return frame(FRAME_TYPES.WINDOW_UPDATE, 0, streamId, uint32(increment), lies);
}

/** RFC 9218, section 7.1. */
export function priorityUpdate(prioritizedId: number, value: string, lies: FrameLies = {}): Buffer {
  const payload = Buffer.concat([uint32(prioritizedId), octetsOf(value)]);
  return frame(FRAME_TYPES.PRIORITY_UPDATE, 0, 0, payload, lies);
}

function priorityPayload({ dependency, exclusive = false, weight = 16 }: PriorityFields): Buffer {
  return Buffer.concat([uint32((dependency | (exclusive ? 0x80000000 : 0)) >>> 0), Buffer.of(weight - 1)]);
}

const NOTHING = Buffer.alloc(0);

function endStreamFlag({ endStream = false }: DataOptions): number {
  return endStream ? FLAGS.END_STREAM : 0;
}

function endHeadersFlag({ endHeaders = true }: Pick<HeadersOptions, 'endHeaders'>): number {
  return endHeaders ? FLAGS.END_HEADERS : 0;
}

function padFlag({ pad }: DataOptions): number {
  return pad === undefined ? 0 : FLAGS.PADDED;
}

function padded(content: Buffer, { pad }: DataOptions): Buffer {
  return pad === undefined ? content : Buffer.concat([Buffer.of(pad), content, Buffer.alloc(pad)]);
}

function codeOf(code: ErrorName | number): number {
  return typeof code === 'number' ? code : ERROR_CODES[code];
}

function octetsOf(content: Buffer | string): Buffer {
  return typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
