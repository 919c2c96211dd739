import type { Buffer } from 'node:buffer';
import { formatWireNotation, parseWireNotation } from './wire-notation.ts';

/**
 * A frame as people write it, on one line: its name, `key=value` for numbers, words for flags and error codes, and its content in
 * wire notation behind them:
 *
 *   DATA stream=1 END_STREAM "hello"
 *   HEADERS stream=3 END_STREAM END_HEADERS pad=4 dep=1 weight=16 exclusive
 *   RST_STREAM stream=1 CANCEL
 *   SETTINGS INITIAL_WINDOW_SIZE=0 0x99=1
 *   GOAWAY last=1 PROTOCOL_ERROR "why"
 *   FRAME type=0xab flags=0x3 stream=0 00 01
 *
 * What is written only makes sense with encodeFrameText, what is read comes from describeFrame.
 */
export interface FrameText {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly words: ReadonlySet<string>;
  readonly content: Buffer | undefined;
}

export function parseFrameText(line: string): FrameText {
  const attributes = new Map<string, string>();
  const words = new Set<string>();
  const [first, ...tokens] = line.matchAll(/\S+/g);
  let content: Buffer | undefined;
  for (const { 0: token, index } of tokens) {
    if (CONTENT_START.test(token)) {
      // Within quotes every space counts.
      content = parseWireNotation(line.slice(index).trimEnd());
      break;
    }
    const [, key, value] = /^([A-Za-z0-9_]+)=(\S+)$/.exec(token) ?? [];
    if (key !== undefined) attributes.set(key, value!);
    else if (/^[A-Za-z0-9_]{3,}$/.test(token)) words.add(token);
    else throw new Error(`${line}: what is ${token}?`);
  }
  return { name: first![0], attributes, words, content };
}

export function formatFrameText({ name, attributes, words, content }: FrameText): string {
  const parts = [name, ...[...attributes].map(([key, value]) => `${key}=${value}`), ...words];
  if (content !== undefined && content.length > 0) parts.push(formatWireNotation(content));
  return parts.join(' ');
}

/** Whether a frame has everything that a text asks of it; it may have more. */
export function matchesFrameText(frame: FrameText, wanted: FrameText): boolean {
  return (
    frame.name === wanted.name &&
    [...wanted.attributes].every(([key, value]) => frame.attributes.get(key) === value) &&
    [...wanted.words].every((word) => frame.words.has(word)) &&
    (wanted.content === undefined || frame.content?.equals(wanted.content) === true)
  );
}

const CONTENT_START = /^(?:(?:\d+\*)?"|(?:\d+\*)?[0-9a-f]{2}$|\[[123]$)/;
