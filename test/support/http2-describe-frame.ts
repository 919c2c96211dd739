import type { Buffer } from 'node:buffer';
import { type FrameText, formatFrameText } from './http2-frame-text.ts';
import {
  ERROR_CODES,
  FLAGS,
  FLAGS_OF,
  FRAME_TYPES,
  type FrameName,
  nameOf,
  SETTINGS,
} from './http2-names.ts';
import type { WireFrame } from './http2-wire.ts';

/** The notation of a frame; one whose payload does not have the form of its type is shown octet by octet, as FRAME. */
export function printFrame(frame: WireFrame): string {
  return formatFrameText(describeFrame(frame));
}

export function describeFrame(frame: WireFrame): FrameText {
  const name = nameOf(FRAME_TYPES, frame.type);
  if (!Object.hasOwn(FRAME_TYPES, name)) return rawFrame(frame);
  const words = new Set<string>(namedFlags(name as FrameName, frame.flags));
  const attributes = new Map<string, string>();
  if (HAS_STREAM.has(name) || frame.streamId !== 0) attributes.set('stream', `${frame.streamId}`);
  const described = describePayload(name as FrameName, frame, attributes, words);
  if (described === undefined) return rawFrame(frame);
  const known = FLAGS_OF[name as FrameName].reduce((sum, flag) => sum | FLAGS[flag], 0);
  if ((frame.flags & ~known) !== 0) attributes.set('flags', `0x${(frame.flags & ~known).toString(16)}`);
  return { name, attributes, words, content: described.content };
}

/** Adds what the payload says; undefined when it has another form than its type. */
function describePayload(
  name: FrameName,
  frame: WireFrame,
  attributes: Map<string, string>,
  words: Set<string>,
): { readonly content: Buffer | undefined } | undefined {
  const { payload } = frame;
  switch (name) {
    case 'DATA':
    case 'PUSH_PROMISE':
    case 'HEADERS':
      return describePadded(name, frame, attributes, words);
    case 'CONTINUATION':
    case 'PING':
      return { content: payload };
    case 'PRIORITY':
      if (payload.length !== 5) return undefined;
      describePriority(payload, attributes, words);
      return { content: undefined };
    case 'RST_STREAM':
      if (payload.length !== 4) return undefined;
      words.add(nameOf(ERROR_CODES, payload.readUInt32BE(0)));
      return { content: undefined };
    case 'SETTINGS':
      return describeSettings(payload, attributes);
    case 'GOAWAY':
      if (payload.length < 8) return undefined;
      attributes.set('last', `${payload.readUInt32BE(0)}`);
      words.add(nameOf(ERROR_CODES, payload.readUInt32BE(4)));
      return { content: payload.subarray(8) };
    case 'WINDOW_UPDATE':
      if (payload.length !== 4) return undefined;
      attributes.set('increment', `${payload.readUInt32BE(0)}`);
      return { content: undefined };
    case 'PRIORITY_UPDATE':
      if (payload.length < 4) return undefined;
      attributes.set('for', `${payload.readUInt32BE(0)}`);
      return { content: payload.subarray(4) };
  }
}

function describePadded(
  name: 'DATA' | 'HEADERS' | 'PUSH_PROMISE',
  { flags, payload }: WireFrame,
  attributes: Map<string, string>,
  words: Set<string>,
): { readonly content: Buffer } | undefined {
  let start = 0;
  let end = payload.length;
  if (flags & FLAGS.PADDED) {
    const pad = payload[0];
    if (pad === undefined || 1 + pad > payload.length) return undefined;
    // The notation has no place for what padding says.
    if (payload.subarray(payload.length - pad).some((octet) => octet !== 0)) return undefined;
    attributes.set('pad', `${pad}`);
    start = 1;
    end -= pad;
  }
  if (name === 'HEADERS' && flags & FLAGS.PRIORITY) {
    if (end - start < 5) return undefined;
    describePriority(payload.subarray(start, start + 5), attributes, words);
    start += 5;
  } else if (name === 'PUSH_PROMISE') {
    if (end - start < 4) return undefined;
    attributes.set('promised', `${payload.readUInt32BE(start)}`);
    start += 4;
  }
  return { content: payload.subarray(start, end) };
}

function describePriority(fields: Buffer, attributes: Map<string, string>, words: Set<string>): void {
  attributes.set('dep', `${fields.readUInt32BE(0) & 0x7fffffff}`);
  attributes.set('weight', `${fields.readUInt8(4) + 1}`);
  if (fields.readUInt8(0) & 0x80) words.add('exclusive');
}

function describeSettings(
  payload: Buffer,
  attributes: Map<string, string>,
): { readonly content: undefined } | undefined {
  if (payload.length % 6 !== 0) return undefined;
  for (let at = 0; at < payload.length; at += 6) {
    const name = nameOf(SETTINGS, payload.readUInt16BE(at));
    // One that comes twice has no place on the line.
    if (attributes.has(name)) return undefined;
    attributes.set(name, `${payload.readUInt32BE(at + 2)}`);
  }
  return { content: undefined };
}

/** Padding and priority fields are shown by what they hold. */
function namedFlags(name: FrameName, flags: number): readonly string[] {
  return FLAGS_OF[name].filter((flag) => flag !== 'PADDED' && flag !== 'PRIORITY' && flags & FLAGS[flag]);
}

function rawFrame({ type, flags, streamId, payload }: WireFrame): FrameText {
  const attributes = new Map([
    ['type', `0x${type.toString(16)}`],
    ['flags', `0x${flags.toString(16)}`],
    ['stream', `${streamId}`],
  ]);
  return { name: 'FRAME', attributes, words: new Set(), content: payload };
}

const HAS_STREAM: ReadonlySet<string> = new Set([
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'PUSH_PROMISE',
  'WINDOW_UPDATE',
  'CONTINUATION',
]);
