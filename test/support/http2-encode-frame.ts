import { Buffer } from 'node:buffer';
import type { FrameText } from './http2-frame-text.ts';
import {
  ERROR_CODES,
  FLAGS,
  FLAGS_OF,
  FRAME_TYPES,
  type FrameName,
  numberOf,
  SETTINGS,
} from './http2-names.ts';
import {
  continuation,
  data,
  type FrameLies,
  frame,
  goaway,
  type HeadersOptions,
  headers,
  ping,
  priority,
  priorityUpdate,
  pushPromise,
  rstStream,
  settings,
  windowUpdate,
} from './http2-wire.ts';

/**
 * The octets of a frame that was written down. Besides what describes it, `length=` lies about its length, `flags=` adds flags,
 * `reserved` sets the reserved bit; content behind a frame of fixed form stands in place of that form.
 */
export function encodeFrameText(text: FrameText): Buffer {
  const { name, content } = text;
  const stream = number(text, 'stream', 0);
  const lies: FrameLies = {
    flags: number(text, 'flags', 0),
    reserved: text.words.has('reserved'),
    ...(text.attributes.has('length') ? { length: number(text, 'length') } : {}),
  };
  if (name === 'FRAME') {
    return frame(number(text, 'type'), 0, stream, content ?? NOTHING, lies);
  }
  if (!Object.hasOwn(FRAME_TYPES, name)) throw new Error(`what is ${name}?`);
  const type = name as FrameName;
  if (content !== undefined && isReplaced(text)) {
    return frame(FRAME_TYPES[type], wordFlags(text), stream, content, lies);
  }
  // The reserved bit aside, a stream identifier where none belongs is a lie as well.
  const bytes = encodeNamed(type, stream, text, lies);
  bytes.writeUInt8(bytes.readUInt8(4) | wordFlags(text), 4);
  if (stream !== 0) bytes.writeUInt32BE((stream | (lies.reserved === true ? 0x80000000 : 0)) >>> 0, 5);
  return bytes;
}

function encodeNamed(name: FrameName, stream: number, text: FrameText, lies: FrameLies): Buffer {
  const content = text.content ?? NOTHING;
  const padding = text.attributes.has('pad') ? { pad: number(text, 'pad') } : {};
  const options: HeadersOptions = { ...lies, ...padding, endHeaders: false };
  switch (name) {
    case 'DATA':
      return data(stream, content, options);
    case 'HEADERS': {
      const fields = text.attributes.has('dep') ? priorityFields(text) : undefined;
      return headers(stream, content, { ...options, priority: fields });
    }
    case 'CONTINUATION':
      return continuation(stream, content, options);
    case 'PUSH_PROMISE':
      return pushPromise(stream, number(text, 'promised'), content, options);
    case 'PRIORITY':
      return priority(stream, priorityFields(text), lies);
    case 'RST_STREAM':
      return rstStream(stream, errorCode(text), lies);
    case 'SETTINGS':
      return settings(settingsOf(text), lies);
    case 'PING':
      return ping(content, lies);
    case 'GOAWAY':
      return goaway(number(text, 'last'), errorCode(text), content, lies);
    case 'WINDOW_UPDATE':
      return windowUpdate(stream, number(text, 'increment'), lies);
    case 'PRIORITY_UPDATE':
      return priorityUpdate(number(text, 'for'), content.toString('latin1'), lies);
  }
}

const NOTHING = Buffer.alloc(0);

/** The content is the whole payload. */
function isReplaced({ name, attributes }: FrameText): boolean {
  if (name === 'GOAWAY') return !attributes.has('last');
  if (name === 'PRIORITY_UPDATE') return !attributes.has('for');
  return ['PRIORITY', 'RST_STREAM', 'SETTINGS', 'WINDOW_UPDATE'].includes(name);
}

function wordFlags({ name, words }: FrameText): number {
  return FLAGS_OF[name as FrameName]
    .filter((flag) => words.has(flag))
    .reduce((sum, flag) => sum | FLAGS[flag], 0);
}

function number({ name, attributes }: FrameText, key: string, otherwise?: number): number {
  const value = attributes.has(key) ? Number(attributes.get(key)) : otherwise;
  if (value === undefined || !Number.isInteger(value)) throw new Error(`${name} lacks ${key}=`);
  return value;
}

function priorityFields(text: FrameText) {
  return {
    dependency: number(text, 'dep'),
    weight: number(text, 'weight', 16),
    exclusive: text.words.has('exclusive'),
  };
}

function errorCode({ name, words }: FrameText): number {
  const codes = [...words].map((word) => numberOf(ERROR_CODES, word)).filter((code) => code !== undefined);
  if (codes.length !== 1) throw new Error(`${name} needs one error code`);
  return codes[0]!;
}

function settingsOf({ attributes }: FrameText): [number, number][] {
  return [...attributes]
    .filter(([key]) => !NOT_SETTINGS.has(key))
    .map(([key, value]) => {
      const id = numberOf(SETTINGS, key);
      if (id === undefined) throw new Error(`what setting is ${key}?`);
      return [id, Number(value)];
    });
}

const NOT_SETTINGS: ReadonlySet<string> = new Set(['stream', 'length', 'flags']);
